/** An array of which parts are copied to others without a view for each: those of its beginning are made once. */
export class ArrayParts {
  readonly bytes: Uint8Array;
  /** By their length. */
  readonly #beginnings: (Uint8Array | undefined)[];

  /** `longest` is the length of the longest part. */
  constructor(bytes: Uint8Array, longest = bytes.length) {
    this.bytes = bytes;
    this.#beginnings = new Array<undefined>(longest + 1).fill(undefined);
  }

  /**
   * Copies `bytes[from, from + count)` to `out` from `at` on. A part that is not the beginning is moved there first: what
   * stands in front of its end is lost, what is behind it stays.
   */
  copy(from: number, count: number, out: Uint8Array, at: number): void {
    if (from > 0) this.bytes.copyWithin(0, from, from + count);
    out.set(this.#beginnings[count] ??= this.bytes.subarray(0, count), at);
  }
}
