/** Limits a rate: `burst` at once, `perSecond` in the long run. Time is an argument, in ms. */
export class TokenBucket {
  readonly #burst: number;
  readonly #perSecond: number;
  #tokens = 0;
  #filledMs = 0;

  constructor(burst: number, perSecond: number, nowMs: number) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#tokens = burst;
    this.#filledMs = nowMs;
  }

  /** Takes `tokens`; false, with none taken, where there are fewer. */
  take(nowMs: number, tokens = 1): boolean {
    const gained = ((nowMs - this.#filledMs) * this.#perSecond) / 1000;
    this.#tokens = Math.min(this.#burst, this.#tokens + gained);
    this.#filledMs = nowMs;
    if (this.#tokens < tokens) return false;
    this.#tokens -= tokens;
    return true;
  }

  /** Milliseconds from the last `take` on until there are so many tokens; Infinity where there never are. */
  waitMs(tokens = 1): number {
    if (tokens > this.#burst) return Infinity;
    return Math.max(0, (tokens - this.#tokens) * 1000 / this.#perSecond);
  }
}
