/**
 * Tells whether this process has stood still, be it stopped or starved, or with its machine. What others said meanwhile
 * waits to be heard: nobody is silent for that.
 */
export class Standstill {
  readonly #longestMs: number;
  #lookedMs: number;

  /** Who goes on looks at the time every `longestMs`, or more often. */
  constructor(longestMs: number, nowMs: number) {
    this.#longestMs = longestMs;
    this.#lookedMs = nowMs;
  }

  /** To be called at each look, and nowhere else: true where the one before is longer ago than that. */
  endsAt(nowMs: number): boolean {
    const sinceMs = nowMs - this.#lookedMs;
    this.#lookedMs = nowMs;
    return sinceMs > this.#longestMs;
  }
}
