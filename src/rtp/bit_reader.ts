/** Reads numbers of any number of bits, the highest bit first; behind the end there are zeros, and `overrun` is set. */
export class BitReader {
  /** Bits beyond the end were asked for. */
  overrun = false;
  /** Bits from the start of the array to the next one. */
  position = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #end = 0;

  /** Begins with `bytes[offset, end)`. */
  start(bytes: Uint8Array, offset: number, end: number): void {
    this.#bytes = bytes;
    this.position = offset * 8;
    this.#end = end * 8;
    this.overrun = false;
  }

  get left(): number {
    return this.#end - this.position;
  }

  flag(): boolean {
    return this.bits(1) === 1;
  }

  /** The next `count` bits, 31 at most. */
  bits(count: number): number {
    if (count > this.left) {
      this.overrun = true;
      this.position = this.#end;
      return 0;
    }
    let value = 0;
    for (let left = count; left > 0;) {
      const into = this.position & 7;
      const taken = Math.min(left, 8 - into);
      value = (value << taken) | ((this.#bytes[this.position >> 3] >> (8 - into - taken)) & ((1 << taken) - 1));
      this.position += taken;
      left -= taken;
    }
    return value;
  }

  /** ns(limit): a number below `limit`, the lower ones in one bit less (AV1 specification, section 4.10.7). */
  nonSymmetric(limit: number): number {
    const width = 32 - Math.clz32(limit);
    const short = 2 ** width - limit;
    const value = this.bits(width - 1);
    if (value < short) return value;
    return (value << 1) - short + this.bits(1);
  }

  /** ue(v), up to 2^30 (ITU-T H.264 section 9.1). */
  exponentialGolomb(): number {
    let zeros = 0;
    while (!this.overrun && !this.flag()) {
      if (++zeros > 30) this.overrun = true;
    }
    return this.overrun ? 0 : (1 << zeros) - 1 + this.bits(zeros);
  }

  /** se(v) (ITU-T H.264 section 9.1.1). */
  signedExponentialGolomb(): number {
    const value = this.exponentialGolomb();
    return (value & 1) === 1 ? (value + 1) >> 1 : 0 - (value >> 1);
  }
}
