import { ADDRESS_WORDS, type SocketAddress } from "./socket_address.ts";

/** Addresses by their bytes, found without an allocation. Whoever adds one takes it out again: so it stays bounded. */
export class AddressTable {
  /** When what is handled now was received, in milliseconds. Where all addresses are one owner's nobody asks. */
  nowMs = 0;
  readonly #rows: (SocketAddress | undefined)[];
  readonly #mask: number;
  /** Strangers choose their addresses: without a secret they could choose a single row. */
  readonly #seed: number;
  #size = 0;

  /** `rows` is a power of two: about as many as there are addresses. */
  constructor(rows: number, seed: number) {
    this.#rows = new Array<SocketAddress | undefined>(rows).fill(undefined);
    this.#mask = rows - 1;
    this.#seed = seed;
  }

  get size(): number {
    return this.#size;
  }

  /** The address that is `words[offset, offset + ADDRESS_WORDS)`. */
  find(words: Uint32Array, offset: number): SocketAddress | undefined {
    let address = this.#rows[this.#row(words, offset)];
    while (address !== undefined && !address.matches(words, offset)) address = address.next;
    return address;
  }

  /** Adds an address that is not in the table. */
  add(address: SocketAddress): void {
    const row = this.#row(address.words, 0);
    address.next = this.#rows[row];
    this.#rows[row] = address;
    this.#size++;
  }

  delete(address: SocketAddress): void {
    const row = this.#row(address.words, 0);
    let before: SocketAddress | undefined;
    let at = this.#rows[row];
    while (at !== undefined && at !== address) {
      before = at;
      at = at.next;
    }
    if (at === undefined) return;
    if (before === undefined) this.#rows[row] = at.next;
    else before.next = at.next;
    at.next = undefined;
    this.#size--;
  }

  /** A multiplicative hash, one step a word. */
  #row(words: Uint32Array, offset: number): number {
    let hash = this.#seed;
    for (let i = 0; i < ADDRESS_WORDS; i++) {
      hash = Math.imul(hash ^ words[offset + i], 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    return hash & this.#mask;
  }
}
