import type { RandomSource } from "../sfu/random.ts";

const FIRST_MS = 200;
/** What comes back is to be noticed within 5 s, an attempt that hangs meanwhile included. */
const LONGEST_MS = 2000;

/** How long to wait after each failure: twice as long as after the one before, less up to a half by chance. */
export class BackOff {
  readonly #random: Pick<RandomSource, "uint32">;
  #nextMs = FIRST_MS;

  constructor(random: Pick<RandomSource, "uint32">) {
    this.#random = random;
  }

  /** Milliseconds from this failure to the next attempt. */
  delayMs(): number {
    const longest = this.#nextMs;
    this.#nextMs = Math.min(2 * longest, LONGEST_MS);
    return longest * (1 - this.#random.uint32() / 2 ** 33);
  }

  /** The next failure is the first one again. */
  reset(): void {
    this.#nextMs = FIRST_MS;
  }
}
