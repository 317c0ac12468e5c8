import { Buffer } from "node:buffer";

/** A secret, and who may see it. */
interface Secret {
  readonly name: string;
  readonly owner: string | undefined;
  /** What it may look like in a text; none of it has a blank. */
  readonly forms: readonly string[];
}

/** Shorter text is found by chance. */
const MIN_LENGTH = 8;
/** Bytes of a key that are told as decimal numbers, as Deno.inspect does: so many in a row are no chance either. */
const DECIMALS = 6;

/** Looks for secrets in logs, and in what is sent to others: as they are, and in whatever form programs write bytes. */
export class SecretSearch {
  readonly #secrets: Secret[] = [];

  /** `owner` is who may see it; undefined for nobody. */
  addText(name: string, text: string, owner?: string): void {
    if (text.length < MIN_LENGTH) throw new TypeError(`${name} is too short to be searched for: ${text.length}`);
    const bytes = new TextEncoder().encode(text);
    const asIs = [text, encodeURIComponent(text), JSON.stringify(text).slice(1, -1)];
    this.#secrets.push({ name, owner, forms: [...new Set([...asIs.map(dense), ...byteForms(bytes)])] });
  }

  addBytes(name: string, bytes: Uint8Array, owner?: string): void {
    if (bytes.length < MIN_LENGTH) throw new TypeError(`${name} is too short to be searched for: ${bytes.length}`);
    this.#secrets.push({ name, owner, forms: byteForms(bytes) });
  }

  /** How many there are. */
  get size(): number {
    return this.#secrets.length;
  }

  /** The names of the secrets in a text that `reader` may not see; undefined for a text that everybody may read. */
  find(text: string, reader?: string): string[] {
    const searched = dense(text);
    const lower = searched.toLowerCase();
    const isIn = (form: string) => searched.includes(form) || (/^[0-9a-f:]+$/.test(form) && lower.includes(form));
    return this.#secrets
      .filter(({ owner }) => reader === undefined || owner !== reader)
      .filter(({ forms }) => forms.some(isIn))
      .map(({ name }) => name);
  }
}

function dense(text: string): string {
  return text.replace(/\s+/g, "");
}

/** Hex, with colons too, base64 of both alphabets wherever it begins within another one, and decimal numbers. */
function byteForms(bytes: Uint8Array): string[] {
  const hex = Buffer.from(bytes).toString("hex");
  const base64 = [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString("base64").replace(/=+$/, "");
    // The first and the last digit may have bits of neighbours.
    return text.slice(shift === 0 ? 0 : shift + 1, -1);
  });
  return [
    hex,
    hex.replace(/(?<=..)(?=(?:..)+$)/g, (_, offset: number) => offset % 2 === 0 ? ":" : ""),
    ...base64,
    ...base64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_")),
    bytes.slice(0, DECIMALS).join(","),
  ];
}
