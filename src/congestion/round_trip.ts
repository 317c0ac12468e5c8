/** The least round trip is that of the last 5 to 10 s. */
const WINDOW_MS = 5000;
/** Weight of one measurement. */
const SMOOTHING = 0.1;
/** What is assumed before anything was measured. */
export const FIRST_ROUND_TRIP_MS = 200;

/** The round trip to one subscriber: as it is now, and without a queue. */
export class RoundTrip {
  /** In milliseconds; 0 before anything was measured. */
  smoothedMs = 0;
  #isKnown = false;
  #leastMs = Infinity;
  #leastBeforeMs = Infinity;
  #windowEndMs = -Infinity;

  /** Infinity before anything was measured. */
  get leastMs(): number {
    return Math.min(this.#leastMs, this.#leastBeforeMs);
  }

  handle(ms: number, nowMs: number): void {
    if (nowMs >= this.#windowEndMs) {
      this.#leastBeforeMs = nowMs >= this.#windowEndMs + WINDOW_MS ? Infinity : this.#leastMs;
      this.#leastMs = Infinity;
      this.#windowEndMs = nowMs + WINDOW_MS;
    }
    this.#leastMs = Math.min(this.#leastMs, ms);
    this.smoothedMs = this.#isKnown ? this.smoothedMs + SMOOTHING * (ms - this.smoothedMs) : ms;
    this.#isKnown = true;
  }

  reset(): void {
    this.smoothedMs = 0;
    this.#isKnown = false;
    this.#leastMs = Infinity;
    this.#leastBeforeMs = Infinity;
  }
}
