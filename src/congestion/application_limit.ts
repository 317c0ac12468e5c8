/** The budget is of this part of the estimate, over this time. */
const USAGE = 0.65;
const WINDOW_MS = 500;
/** What is left of the budget where the application is the limit, and where it is none any more. */
const BEGIN_LEFT = 0.8;
const END_LEFT = 0.5;

/**
 * Tells whether less is sent than could be: then nothing that arrives says what the way carries. A budget grows with the
 * estimate and shrinks by what is sent; a short burst does not end it.
 */
export class ApplicationLimit {
  isLimited = false;
  /** When that ended last; -Infinity: never. */
  endedMs = -Infinity;
  /** In bytes: from minus the budget of the window to plus that. */
  #left = 0;
  #updatedMs = -1;

  /** Takes the bytes that were sent since the last time, at an estimate in bits per second. */
  update(sentBytes: number, bitsPerSecond: number, nowMs: number): void {
    const bytesPerMs = USAGE * bitsPerSecond / 8000;
    const window = bytesPerMs * WINDOW_MS;
    const elapsedMs = this.#updatedMs < 0 ? 0 : nowMs - this.#updatedMs;
    this.#updatedMs = nowMs;
    const left = this.#left - sentBytes + bytesPerMs * elapsedMs;
    this.#left = Math.min(Math.max(left, -window), window);
    if (!this.isLimited && this.#left > BEGIN_LEFT * window) this.isLimited = true;
    else if (this.isLimited && this.#left < END_LEFT * window) {
      this.isLimited = false;
      this.endedMs = nowMs;
    }
  }
}
