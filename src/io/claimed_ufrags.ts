/** ICE generations of a peer that requests may still be for. */
const MAX_UFRAGS = 4;

/** A table of peers by ufrag. */
export interface UfragEntries<T> {
  set(ufrag: string, value: T): unknown;
  delete(ufrag: string): unknown;
}

/** The ufrags by which one peer is found in a table. */
export class ClaimedUfrags<T> {
  readonly #table: UfragEntries<T>;
  readonly #value: T;
  /** Newest first. */
  readonly #ufrags: string[] = [];

  constructor(table: UfragEntries<T>, value: T) {
    this.#table = table;
    this.#value = value;
  }

  /** The peer is found by this one as well; the oldest of five is given up. */
  claim(ufrag: string): void {
    if (this.#ufrags.includes(ufrag)) return;
    this.#ufrags.unshift(ufrag);
    this.#table.set(ufrag, this.#value);
    if (this.#ufrags.length > MAX_UFRAGS) this.#table.delete(this.#ufrags.pop() ?? "");
  }

  /** Gives them all up. */
  clear(): void {
    for (const ufrag of this.#ufrags.splice(0)) this.#table.delete(ufrag);
  }
}
