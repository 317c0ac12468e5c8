/** What a queue on the way may hold beyond what is under way anyway. */
const ACCEPTED_QUEUE_MS = 350;
/** Two packets may always be under way. */
const MIN_WINDOW_BYTES = 3000;
/** Of what arrives so much is sent on while the queue drains. */
const DRAINING = 0.5;
/** Never less because of the queue. */
const FLOOR = 30_000;

/**
 * Gives less than the estimate while more bytes are under way than the way and an accepted queue hold: so a link that
 * stands still is not filled, long before feedback could tell.
 */
export class QueueLimit {
  /** Part of the estimate that is given: 0 to 1. */
  #share = 1;

  get isLimiting(): boolean {
    return this.#share < 1;
  }

  /** What is given of an estimate in bits per second. */
  apply(bitsPerSecond: number): number {
    return Math.max(bitsPerSecond * this.#share, Math.min(bitsPerSecond, FLOOR));
  }

  /** Bytes that may be under way at an estimate, in bits per second, over a round trip without a queue. */
  static windowBytes(bitsPerSecond: number, roundTripMs: number): number {
    return Math.max(bitsPerSecond * (roundTripMs + ACCEPTED_QUEUE_MS) / 8000, MIN_WINDOW_BYTES);
  }

  /**
   * To be called at each feedback, and about as often without; with the estimate and with what arrives, in bits per second,
   * 0 where nothing does.
   */
  update(outstandingBytes: number, windowBytes: number, bitsPerSecond: number, throughput: number): void {
    const fill = outstandingBytes / windowBytes;
    const least = Math.min(Math.max(FLOOR, DRAINING * throughput) / bitsPerSecond, 1);
    if (fill > 1.5) this.#share = Math.max(this.#share * 0.9, least);
    else if (fill > 1) this.#share = Math.max(this.#share * 0.95, least);
    else if (fill < 0.1) this.#share = 1;
    else this.#share = Math.min(this.#share * 1.05, 1);
  }

  reset(): void {
    this.#share = 1;
  }
}
