const COLON = 0x3a;

interface Entry<T> {
  readonly ufrag: string;
  readonly value: T;
  readonly next: Entry<T> | undefined;
}

/** Values by ufrag, found by the bytes of a USERNAME without making text of them. */
export class UfragTable<T> {
  /** By hash. */
  readonly #entries = new Map<number, Entry<T>>();

  /** Rows in use: as many as ufrags, save the few that share one. */
  get size(): number {
    return this.#entries.size;
  }

  /** A ufrag is random text of the server's own, so hardly two are in one row. */
  set(ufrag: string, value: T): void {
    this.delete(ufrag);
    const hash = hashOfText(ufrag);
    this.#entries.set(hash, { ufrag, value, next: this.#entries.get(hash) });
  }

  delete(ufrag: string): void {
    const hash = hashOfText(ufrag);
    const row = without(this.#entries.get(hash), ufrag);
    if (row === undefined) this.#entries.delete(hash);
    else this.#entries.set(hash, row);
  }

  /** The value for the text in front of the first colon of `bytes[offset, offset + length)` (RFC 8445 section 7.2.2). */
  find(bytes: Uint8Array, offset: number, length: number): T | undefined {
    const end = offset + length;
    let colon = offset;
    let hash = FIRST;
    while (colon < end && bytes[colon] !== COLON) hash = step(hash, bytes[colon++]);
    if (colon === end) return undefined;
    let entry = this.#entries.get(last(hash));
    while (entry !== undefined && !isText(bytes, offset, colon, entry.ufrag)) entry = entry.next;
    return entry?.value;
  }
}

function without<T>(entry: Entry<T> | undefined, ufrag: string): Entry<T> | undefined {
  if (entry === undefined || entry.ufrag === ufrag) return entry?.next;
  return { ...entry, next: without(entry.next, ufrag) };
}

function isText(bytes: Uint8Array, offset: number, end: number, text: string): boolean {
  if (end - offset !== text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[offset + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** FNV-1a, in 30 bits so that it is a small integer. */
const FIRST = 0x811c9dc5 | 0;

function step(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, 0x01000193);
}

function last(hash: number): number {
  return (hash ^ (hash >>> 15)) & 0x3fffffff;
}

function hashOfText(text: string): number {
  let hash = FIRST;
  for (let i = 0; i < text.length; i++) hash = step(hash, text.charCodeAt(i));
  return last(hash);
}
