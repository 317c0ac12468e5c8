import type { ProbeBitrate } from "./probe_bitrate.ts";
import type { ProbeSender } from "./probe_sender.ts";

/** The first probes, in multiples of the estimate. */
const FIRST = 3;
const SECOND = 6;
/** A probe that found so much of its rate is followed by one of so many times what was found. */
const SUCCESS = 0.7;
const FURTHER = 2;
/** And where packets are lost, or all of the estimate is used: */
const FURTHER_CAREFUL = 1.5;
/** What a probe found is known after so long, or never; the first ones are repeated then, so often. */
const RESULT_MS = 1000;
const FIRST_REPEATS = 3;
const INTERVAL_MS = 5000;
/** A probe is of no more than so many times what is wanted. */
const BEYOND_WANTED = 2;
/** So long after the queue grew nothing is tried. */
const CALM_MS = 3000;
/** A fall by this, so short ago, with little sent not long ago, is worth another look. */
const LARGE_DROP = 0.66;
const DROP_MS = 5000;
const LITTLE_SENT_MS = 3000;
const AFTER_DROP = 0.85;
const UNCERTAINTY = 0.05;
/** Below this part of the estimate what is sent does not raise it. */
const PART_USED = 0.9;

/** What the estimator knows when it asks for probes. */
export interface ProbeSituation {
  /** In bits per second. */
  estimate: number;
  sentRate: number;
  /** Whether loss holds it down. */
  isLossLimited: boolean;
  isApplicationLimited: boolean;
  /** When that ended; -Infinity: never. */
  applicationLimitEndedMs: number;
  /** When the queue made it fall last; -Infinity: never. */
  decreasedMs: number;
  /** Whether the queue has just drained. */
  hasRecovered: boolean;
  /** Whether it is above, or without, all that was too much before. */
  isBeyondKnown: boolean;
}

/**
 * Decides when to probe, and at which rates: at the start, further while a probe succeeds, periodically while less is
 * sent than would be wanted, after a large drop, and when more is wanted than before.
 */
export class ProbeController {
  readonly #sender: ProbeSender;
  readonly #bitrate: ProbeBitrate;
  readonly #max: number;
  #wanted = Infinity;
  #hasBegun = false;
  /** How often the first probes may be repeated, and what they were multiples of. */
  #repeats = 0;
  #firstEstimate = 0;
  #requestedMs = -Infinity;
  /** A result above this is followed by another probe; Infinity: none is waited for. */
  #furtherAbove = Infinity;
  #estimate = 0;
  /** Since when less is sent than could be; Infinity where that is not so. */
  #partUsedMs = Infinity;
  #decreasedMs = -Infinity;
  /** Whether more is wanted than was when the last probe was asked for. */
  #isRaised = false;
  #dropMs = -Infinity;
  #beforeDrop = 0;

  constructor(sender: ProbeSender, bitrate: ProbeBitrate, maxBitsPerSecond: number) {
    this.#sender = sender;
    this.#bitrate = bitrate;
    this.#max = maxBitsPerSecond;
  }

  /** Reads what a report needs of it: see `BandwidthEstimator`. */
  readAhead(): number {
    return (this.#wanted + this.#requestedMs + this.#furtherAbove + this.#dropMs + this.#beforeDrop) | 0;
  }

  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** The first probes, of a new way. */
  begin(estimate: number, nowMs: number): void {
    this.#hasBegun = true;
    this.#estimate = estimate;
    this.#dropMs = -Infinity;
    this.#repeats = FIRST_REPEATS;
    this.#firstEstimate = estimate;
    this.#requestFirst(estimate, nowMs);
  }

  /** A probe found something. */
  handleResult(): void {
    this.#repeats = 0;
  }

  #requestFirst(estimate: number, nowMs: number): void {
    this.#sender.clear();
    if (this.#request(FIRST * estimate, true, nowMs)) this.#request(SECOND * estimate, true, nowMs);
  }

  /** More than before is looked into at once, not at the next period. */
  setWanted(bitsPerSecond: number, nowMs: number): void {
    const isMore = bitsPerSecond > this.#wanted && bitsPerSecond > this.#estimate;
    this.#wanted = bitsPerSecond;
    if (isMore) this.handleRaised(nowMs);
  }

  /** More is allowed, or wanted, than before. */
  handleRaised(nowMs: number): void {
    if (nowMs - this.#requestedMs <= RESULT_MS) return;
    this.#isRaised = true;
    this.#partUsedMs = nowMs - INTERVAL_MS;
    this.#requestedMs = nowMs - INTERVAL_MS;
  }

  /** To be called after each change of the estimate, and at times without. */
  update(situation: Readonly<ProbeSituation>, nowMs: number): void {
    const { estimate } = situation;
    if (estimate < LARGE_DROP * this.#estimate) {
      this.#dropMs = nowMs;
      this.#beforeDrop = this.#estimate;
    }
    this.#estimate = estimate;
    this.#decreasedMs = situation.decreasedMs;
    this.#notePartUsed(situation, nowMs);
    if (nowMs - this.#requestedMs > RESULT_MS) {
      this.#furtherAbove = Infinity;
      if (this.#repeats > 0) return this.#repeatFirst(nowMs);
    }
    if (estimate > this.#furtherAbove) {
      this.#furtherAbove = Infinity;
      this.#request((situation.isLossLimited ? FURTHER_CAREFUL : FURTHER) * estimate, true, nowMs);
    } else if (situation.hasRecovered && this.#isWorthAnotherLook(situation, nowMs)) {
      this.#request(AFTER_DROP * this.#beforeDrop, false, nowMs);
    } else if (nowMs >= this.nextTimeout()) {
      const isCareful = situation.isLossLimited || !this.#isPartUsed(situation);
      this.#request((isCareful ? FURTHER_CAREFUL : FURTHER) * estimate, true, nowMs);
    }
  }

  /** When `update` is due next; Infinity for never. */
  nextTimeout(): number {
    if (!this.#hasBegun || this.#wanted === 0 || this.#partUsedMs === Infinity) return Infinity;
    return Math.max(this.#partUsedMs + INTERVAL_MS, this.#requestedMs + INTERVAL_MS, this.#decreasedMs + CALM_MS);
  }

  /** Not one of the first probes arrived well enough to tell anything. */
  #repeatFirst(nowMs: number): void {
    this.#repeats--;
    this.#requestFirst(this.#firstEstimate, nowMs);
  }

  #notePartUsed(situation: Readonly<ProbeSituation>, nowMs: number): void {
    const { estimate, isApplicationLimited, isBeyondKnown } = situation;
    const isMoreWanted = (this.#isPartUsed(situation) || isBeyondKnown) && this.#wanted > estimate;
    if (!(isApplicationLimited || isMoreWanted) || estimate >= this.#limit()) this.#partUsedMs = Infinity;
    else if (this.#partUsedMs === Infinity) this.#partUsedMs = nowMs;
  }

  /** Whether less is sent than could be, or will be. */
  #isPartUsed({ estimate, sentRate, isApplicationLimited }: Readonly<ProbeSituation>): boolean {
    return isApplicationLimited || this.#isRaised || sentRate < PART_USED * estimate;
  }

  #isWorthAnotherLook(situation: Readonly<ProbeSituation>, nowMs: number): boolean {
    const { estimate, isApplicationLimited, applicationLimitEndedMs } = situation;
    if (!isApplicationLimited && nowMs - applicationLimitEndedMs >= LITTLE_SENT_MS) return false;
    if (nowMs - this.#dropMs >= DROP_MS || nowMs - this.#requestedMs <= DROP_MS) return false;
    return (1 - UNCERTAINTY) * AFTER_DROP * this.#beforeDrop > estimate;
  }

  /** The highest rate that is worth a probe. */
  #limit(): number {
    return Math.min(this.#max, BEYOND_WANTED * this.#wanted);
  }

  /** Asks for a probe, at the limit where it would be above; whether it was below, so that a further one makes sense. */
  #request(bitsPerSecond: number, isFurther: boolean, nowMs: number): boolean {
    const limit = this.#limit();
    const rate = Math.min(bitsPerSecond, limit);
    if (rate <= this.#estimate) return false;
    const probe = this.#sender.request(rate, nowMs);
    this.#bitrate.begin(probe.id, probe.bytes);
    this.#requestedMs = nowMs;
    this.#isRaised = false;
    this.#furtherAbove = isFurther && bitsPerSecond < limit ? SUCCESS * rate : Infinity;
    return bitsPerSecond < limit;
  }
}
