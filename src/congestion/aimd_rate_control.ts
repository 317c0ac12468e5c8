import { LinkCapacity } from "./link_capacity.ts";
import type { Usage } from "./overuse_detector.ts";
import { FIRST_ROUND_TRIP_MS } from "./round_trip.ts";

/** What is kept of what arrived while the queue grew. */
export const BACK_OFF = 0.85;
/** Growth in each second far from the capacity of the link. */
const GROWTH = 1.08;
const MIN_GROWTH = 1000;
/** Near it: one packet for each response time, in bits per second for each second at the least. */
const MIN_NEAR_GROWTH = 4000;
const PACKET_BITS = 1200 * 8;
const FRAMES_PER_SECOND = 30;
/** What it takes, beyond the round trip, to see that the queue grew. */
const DETECTION_MS = 100;
/** The estimate goes beyond what arrives by this: nobody knows whether more would. */
const CEILING = 1.5;
const CEILING_EXTRA = 10_000;
/** Round trips count for it within these, so that flows of long ones are not starved by others. */
const MIN_GROWTH_MS = 100;
const MAX_GROWTH_MS = 200;
const MAX_GROWTH_STEP_S = 1;
/** Time between two decreases: a round trip, within these. */
const MIN_DECREASE_MS = 10;
const MAX_DECREASE_MS = 200;
/** Beside TCP: packets more for each round trip; a round trip is this at the least; losses of so much time are one. */
const COMPETING_PACKETS = 0.75;
const MIN_COMPETING_ROUND_TRIP_MS = 50;
const MIN_LOSS_MS = 300;
/** Where so many times of the estimate arrive it is too low, by more than media that follows it is above it at times. */
const FAR_BELOW = 1.2;
/** But so long after a fall what arrives may still come out of the queue. */
const DRAINED_MS = 3000;
/** Without overuse the first measurement takes so long. */
const START_MS = 5000;

/**
 * Additive increase, multiplicative decrease of the estimate by delay (draft-ietf-rmcat-gcc-02 section 5.5): grows by 8%
 * a second while nothing is known of the link, by a packet a response time near its capacity, and falls to 0.85 of
 * what arrived where the queue grew. Rates are in bits per second; a throughput of 0 is not known.
 */
export class AimdRateControl {
  readonly #capacity = new LinkCapacity();
  readonly #min: number;
  readonly #max: number;
  #rate = 0;
  #isMeasured = false;
  #isHolding = true;
  #firstThroughputMs = -1;
  #changedMs = -1;
  /** When it last fell. */
  #decreasedMs = -Infinity;
  #roundTripMs = FIRST_ROUND_TRIP_MS;
  #throughput = 0;

  constructor(startBitsPerSecond: number, minBitsPerSecond: number, maxBitsPerSecond: number) {
    this.#min = minBitsPerSecond;
    this.#max = maxBitsPerSecond;
    this.#rate = startBitsPerSecond;
  }

  get bitsPerSecond(): number {
    return this.#rate;
  }

  /** Whether it rests on a measurement, not on where it started. */
  get isMeasured(): boolean {
    return this.#isMeasured;
  }

  /** Whether it grows beyond all that was known to be too much. */
  get isBeyondKnown(): boolean {
    return this.#isMeasured && this.#capacity.isBelow(this.#rate);
  }

  get decreasedMs(): number {
    return this.#decreasedMs;
  }

  /** Reads what a report needs of it: see `BandwidthEstimator`. */
  readAhead(): number {
    return (this.#rate + this.#changedMs + this.#decreasedMs + this.#throughput + this.#capacity.bitsPerSecond) | 0;
  }

  handleRoundTrip(ms: number): void {
    this.#roundTripMs = ms;
  }

  /** Growth near the capacity of the link, in bits per second for each second. */
  get nearGrowth(): number {
    const frameBits = this.#rate / FRAMES_PER_SECOND;
    const packetBits = frameBits / Math.ceil(frameBits / PACKET_BITS);
    const roundTripMs = Math.min(Math.max(this.#roundTripMs, MIN_GROWTH_MS), MAX_GROWTH_MS);
    return Math.max(MIN_NEAR_GROWTH, 1000 * packetBits / (2 * (roundTripMs + DETECTION_MS)));
  }

  /** Whether a further decrease is due: the one before has had time to show, or was by far too little. */
  canDecrease(throughput: number, nowMs: number): boolean {
    const intervalMs = Math.min(Math.max(this.#roundTripMs, MIN_DECREASE_MS), MAX_DECREASE_MS);
    if (nowMs - this.#changedMs >= intervalMs) return true;
    return this.#isMeasured && throughput > 0 && throughput < this.#rate / 2;
  }

  /** Changes the estimate by what the detector says; `throughput` is what arrives. */
  update(usage: Usage, throughput: number, nowMs: number): void {
    if (throughput > 0) this.#throughput = throughput;
    this.#start(throughput, nowMs);
    if (!this.#isMeasured && usage !== "over") return;
    if (usage === "over") return this.#decrease(nowMs);
    if (usage === "under") {
      this.#isHolding = true;
      return;
    }
    if (this.#isHolding) {
      this.#isHolding = false;
      this.#changedMs = nowMs;
    }
    this.#increase(nowMs);
  }

  /**
   * Changes the estimate beside somebody who fills the queue whatever is sent here: as TCP does, by a part of a packet each
   * round trip, down where a packet was lost. `throughput` is what arrives.
   */
  compete(throughput: number, hasLost: boolean, nowMs: number): void {
    this.#throughput = throughput;
    this.#isHolding = false;
    if (hasLost) {
      if (nowMs - this.#decreasedMs < Math.max(this.#roundTripMs, MIN_LOSS_MS)) return;
      this.#rate = this.#clamp(BACK_OFF * this.#rate);
      this.#decreasedMs = nowMs;
    } else {
      const seconds = Math.min(Math.max(0, nowMs - this.#changedMs) / 1000, MAX_GROWTH_STEP_S);
      const roundTripS = Math.max(this.#roundTripMs, MIN_COMPETING_ROUND_TRIP_MS) / 1000;
      const growth = COMPETING_PACKETS * PACKET_BITS / roundTripS / roundTripS * seconds;
      this.#rate = this.#clamp(Math.min(this.#rate + growth, CEILING * throughput + CEILING_EXTRA));
    }
    this.#changedMs = nowMs;
  }

  /** Takes over a rate that something else has found. */
  setRate(bitsPerSecond: number, nowMs: number): void {
    if (bitsPerSecond < this.#rate) this.#decreasedMs = nowMs;
    this.#isMeasured = true;
    this.#rate = this.#clamp(bitsPerSecond);
    this.#changedMs = nowMs;
  }

  /** A probe found so much. Less than the estimate says little: a few packets are delayed by many things. */
  handleProbe(bitsPerSecond: number, nowMs: number): void {
    if (this.#isMeasured && bitsPerSecond <= this.#rate) return;
    if (this.#capacity.isKnown) this.#capacity.handleProbe(bitsPerSecond);
    this.#isMeasured = true;
    this.#rate = this.#clamp(bitsPerSecond);
    this.#changedMs = nowMs;
  }

  #start(throughput: number, nowMs: number): void {
    if (this.#isMeasured || throughput === 0) return;
    if (this.#firstThroughputMs < 0) this.#firstThroughputMs = nowMs;
    else if (nowMs - this.#firstThroughputMs > START_MS) {
      // That no more was sent is no reason to take the way for narrower than it was taken for: no queue grew.
      this.#isMeasured = true;
      this.#rate = this.#clamp(Math.max(this.#rate, throughput));
    }
  }

  #increase(nowMs: number): void {
    if (this.#throughput > this.#capacity.upperBound) this.#capacity.reset();
    const isDrained = nowMs - this.#decreasedMs >= DRAINED_MS;
    if (isDrained && this.#throughput > FAR_BELOW * this.#rate) this.#rate = this.#clamp(this.#throughput);
    const ceiling = CEILING * this.#throughput + CEILING_EXTRA;
    if (this.#rate < ceiling) {
      const seconds = Math.max(0, nowMs - this.#changedMs) / 1000;
      const growth = this.#capacity.isKnown ? this.nearGrowth * seconds : this.#farGrowth(seconds);
      this.#rate = this.#clamp(Math.min(this.#rate + growth, ceiling));
    }
    this.#changedMs = nowMs;
  }

  #farGrowth(seconds: number): number {
    const factor = Math.pow(GROWTH, Math.min(seconds, MAX_GROWTH_STEP_S));
    return Math.max(this.#rate * (factor - 1), MIN_GROWTH * Math.min(seconds, MAX_GROWTH_STEP_S));
  }

  #decrease(nowMs: number): void {
    let decreased = BACK_OFF * this.#throughput;
    if (decreased > this.#rate && this.#capacity.isKnown) decreased = BACK_OFF * this.#capacity.bitsPerSecond;
    if (decreased < this.#rate) this.#rate = this.#clamp(decreased);
    if (this.#throughput < this.#capacity.lowerBound) this.#capacity.reset();
    this.#capacity.handleOveruse(this.#throughput);
    this.#isMeasured = true;
    this.#isHolding = true;
    this.#changedMs = nowMs;
    this.#decreasedMs = nowMs;
  }

  #clamp(bitsPerSecond: number): number {
    return Math.min(Math.max(bitsPerSecond, this.#min), this.#max);
  }
}
