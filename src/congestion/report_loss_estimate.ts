/** Below the one the rate grows, above the other it falls; fractions of packets. */
const LOW_LOSS = 0.02;
const HIGH_LOSS = 0.1;
const GROWTH = 1.08;
const GROWTH_EXTRA = 1000;
const MAX_GROWTH_STEP_S = 1;
/** A decrease shows in reports after this and a round trip. */
const DECREASE_MS = 300;
/** Weight of the newest report: of some dozens of packets it says little. */
const SMOOTHING = 0.5;
/** Fewer packets than these say nothing. */
const MIN_PACKETS = 20;
/** A round trip that is longer than the shortest by this is a queue: the rate does not grow, or falls. */
const QUEUE_MS = 150;
const LONG_QUEUE_MS = 300;
const QUEUE_BACK_OFF = 0.85;

/**
 * The estimate for a subscriber without transport-wide feedback, from the loss and the round trips of its receiver
 * reports (RFC 3550 section 6.4): grows below 2%, falls above 10% (draft-ietf-rmcat-gcc-02 section 6).
 */
export class ReportLossEstimate {
  /** What was lost of late, smoothed: 0 to 1. */
  lossFraction = 0;
  #rate = 0;
  #packets = 0;
  #lost = 0;
  #grownMs = -1;
  #decreasedMs = -Infinity;
  #roundTripMs = 0;
  #leastRoundTripMs = Infinity;

  constructor(startBitsPerSecond: number) {
    this.#rate = startBitsPerSecond;
  }

  get bitsPerSecond(): number {
    return this.#rate;
  }

  handleRoundTrip(ms: number): void {
    this.#roundTripMs = ms;
    this.#leastRoundTripMs = Math.min(this.#leastRoundTripMs, ms);
  }

  /** Takes a report block: 256ths that were lost of `packets`. */
  handleReport(fractionLost256: number, packets: number, nowMs: number): void {
    this.#packets += packets;
    this.#lost += packets * fractionLost256 / 256;
    if (this.#packets < MIN_PACKETS) return;
    const loss = this.#lost / this.#packets;
    this.lossFraction = this.#grownMs < 0 ? loss : this.lossFraction + SMOOTHING * (loss - this.lossFraction);
    this.#packets = 0;
    this.#lost = 0;
    this.#change(nowMs);
  }

  /** Sets what it goes on from. */
  setRate(bitsPerSecond: number): void {
    this.#rate = bitsPerSecond;
  }

  /** Forgets the round trips: another way. */
  reset(): void {
    this.#roundTripMs = 0;
    this.#leastRoundTripMs = Infinity;
  }

  #change(nowMs: number): void {
    const seconds = this.#grownMs < 0 ? MAX_GROWTH_STEP_S : (nowMs - this.#grownMs) / 1000;
    this.#grownMs = nowMs;
    const queueMs = this.#roundTripMs === 0 ? 0 : this.#roundTripMs - this.#leastRoundTripMs;
    if (this.lossFraction > HIGH_LOSS) this.#decrease(1 - this.lossFraction / 2, nowMs);
    else if (queueMs > LONG_QUEUE_MS) this.#decrease(QUEUE_BACK_OFF, nowMs);
    else if (this.lossFraction <= LOW_LOSS && queueMs < QUEUE_MS) {
      const step = Math.min(seconds, MAX_GROWTH_STEP_S);
      this.#rate = this.#rate * Math.pow(GROWTH, step) + GROWTH_EXTRA * step;
    }
  }

  #decrease(factor: number, nowMs: number): void {
    if (nowMs - this.#decreasedMs < DECREASE_MS + this.#roundTripMs) return;
    this.#decreasedMs = nowMs;
    this.#rate *= factor;
  }
}
