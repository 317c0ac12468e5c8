import { ApplicationLimit } from "./application_limit.ts";
import { DelayBasedEstimate } from "./delay_based_estimate.ts";
import type { EstimateLimit } from "./estimate_limit.ts";
import { FeedbackSilence } from "./feedback_silence.ts";
import { LossBasedEstimate } from "./loss_based_estimate.ts";
import { ProbeBitrate } from "./probe_bitrate.ts";
import { ProbeController, type ProbeSituation } from "./probe_controller.ts";
import { ProbeSender } from "./probe_sender.ts";
import { QueueLimit } from "./queue_limit.ts";
import { ReportLossEstimate } from "./report_loss_estimate.ts";
import { RoundTrip } from "./round_trip.ts";
import { type PacketNumbering, SendHistory } from "./send_history.ts";
import { ThroughputEstimator } from "./throughput_estimator.ts";

export type { EstimateLimit } from "./estimate_limit.ts";
export type { PacketNumbering } from "./send_history.ts";

export interface EstimatorOptions {
  readonly startBitsPerSecond?: number;
  readonly minBitsPerSecond?: number;
  readonly maxBitsPerSecond?: number;
  readonly nowMs: number;
}

const START = 300_000;
const MIN = 30_000;
const MAX = 50_000_000;
/** Feedback that is due comes within this, else time is what moves the estimate, this often. */
const FEEDBACK_MS = 250;
const TICK_MS = 100;
/** The same where there never was transport-wide feedback. */
const SLOW_TICK_MS = 1000;
/** A sent rate is over this. */
const RATE_MS = 500;
/** REMB says where to start as long as this. */
const START_MS = 2000;
/** A probe that found less than it was sent at is named as the reason for so long. */
const PROBED_MS = 6000;
const FOUND_LESS = 0.9;
/** What is said of longer ones is no measurement. */
const MAX_ROUND_TRIP_MS = 60_000;

/** What was read ahead: it would not be read if nobody kept it. */
const fetched = { sum: 0 };
/** What one update tells the probes, of whichever subscriber: one of its own would be memory to touch for each of them. */
const situation: ProbeSituation = {
  estimate: 0,
  sentRate: 0,
  isLossLimited: false,
  isApplicationLimited: false,
  applicationLimitEndedMs: -Infinity,
  decreasedMs: -Infinity,
  hasRecovered: false,
  isBeyondKnown: false,
};

/**
 * Estimates what one subscriber's way carries, from what it reports of the packets that were sent to it (Google congestion
 * control). Bytes are those of RTP packets with their headers, as on the wire without UDP and IP; rates are in bits per
 * second of those.
 */
export class BandwidthEstimator {
  readonly #probeSender = new ProbeSender();
  readonly #history = new SendHistory(this.#probeSender);
  readonly #delay: DelayBasedEstimate;
  readonly #loss = new LossBasedEstimate();
  readonly #throughput = new ThroughputEstimator();
  readonly #reports: ReportLossEstimate;
  readonly #application = new ApplicationLimit();
  readonly #queue = new QueueLimit();
  readonly #roundTrip = new RoundTrip();
  readonly #probeBitrate = new ProbeBitrate();
  readonly #probes: ProbeController;
  readonly #silence: FeedbackSilence;

  readonly #start: number;
  readonly #min: number;
  readonly #max: number;
  readonly #startedMs: number;
  #remb = Infinity;
  /** What the parts allow, and what of that is given. */
  #estimate = 0;
  #target = 0;

  /** When the last transport-wide feedback came that told of packets, and any report; -Infinity: never. */
  #feedbackMs = -Infinity;
  #reportMs = -Infinity;
  #tickMs = 0;
  #probedMs = -Infinity;
  #wasUnder = false;
  #hasReportedRoundTrip = false;
  /** When something was heard, or looked at, last. */
  #nowMs = 0;
  // Of the feedback that is being handled.
  #hasNews = false;
  #hasProbed = false;
  #newestUs = 0;
  // Of the sent rate.
  #sentRate = 0;
  #rateBytes = 0;
  #rateMs = 0;
  #budgetBytes = 0;

  constructor(options: EstimatorOptions) {
    this.#min = options.minBitsPerSecond ?? MIN;
    this.#max = Math.max(options.maxBitsPerSecond ?? MAX, this.#min);
    this.#start = this.#clamp(options.startBitsPerSecond ?? START);
    this.#startedMs = options.nowMs;
    this.#silence = new FeedbackSilence(options.nowMs);
    this.#tickMs = options.nowMs;
    this.#rateMs = options.nowMs;
    this.#estimate = this.#start;
    this.#target = this.#start;
    this.#delay = new DelayBasedEstimate(this.#start, this.#min, this.#max);
    this.#reports = new ReportLossEstimate(this.#start);
    this.#probes = new ProbeController(this.#probeSender, this.#probeBitrate, this.#max);
  }

  /** What may be sent. */
  get bitsPerSecond(): number {
    return this.#target;
  }

  /** Of the packets of the last second or two: 0 to 1. */
  get lossFraction(): number {
    return this.#hasFeedback ? this.#loss.lossFraction : this.#reports.lossFraction;
  }

  /** Feedback on more packets than this speaks of some that are not known, or were never sent. */
  get packetsKnown(): number {
    return this.#history.capacity;
  }

  /** What arrives, in bits per second; 0 where not known. */
  get throughput(): number {
    return this.#throughput.bitsPerSecond;
  }

  /** Smoothed, in milliseconds, as transport-wide feedback tells it, the time until that included; 0 before there was any. */
  get roundTripMs(): number {
    return this.#roundTrip.smoothedMs;
  }

  /** Why `bitsPerSecond` is no more. */
  get limitedBy(): EstimateLimit {
    if (this.#silence.isSilent) return "silence";
    if (this.#queue.isLimiting) return "queue";
    if (this.#target >= this.#max) return "maximum";
    if (this.#estimate === this.#remb) return "remb";
    if (this.#target <= this.#min) return "minimum";
    if (!this.#hasFeedback) return this.#reportMs === -Infinity ? "start" : "loss";
    if (this.#loss.bitsPerSecond <= this.#estimate) return "loss";
    if (!this.#delay.isMeasured) return "start";
    if (this.#delay.isCompeting(this.#nowMs)) return "others";
    if (this.#probedMs > this.#delay.decreasedMs && this.#nowMs - this.#probedMs < PROBED_MS) return "probe";
    return this.#application.isLimited ? "application" : "delay";
  }

  /** Numbers what goes out, which is told to it alone: a packet need not touch the estimator. */
  get numbering(): PacketNumbering {
    return this.#history;
  }

  /** A transport-wide feedback packet begins: its results follow, in the order of sequence numbers, all at its time. */
  beginFeedback(nowMs: number): void {
    this.#nowMs = nowMs;
    this.#hasNews = false;
    this.#hasProbed = false;
    fetched.sum = this.#readAhead();
    this.#history.purge(nowMs);
    this.#delay.beginFeedback(nowMs);
  }

  /**
   * A packet was received. `arrivalTicks` is the receiver's time in units of 250 microseconds, as feedback packets have
   * it, modulo 2^32, as a signed number: small integers cost no allocation.
   */
  handleReceived(sequenceNumber: number, arrivalTicks: number): void {
    const history = this.#history;
    if (!history.takeReceived(sequenceNumber)) return;
    const { sentUs, bytes, probe } = history;
    if (history.wasMissing) this.#loss.handleRecovered(bytes, sentUs);
    else this.#loss.handlePacket(bytes, sentUs, false);
    this.#throughput.handlePacket(bytes, sentUs, arrivalTicks);
    this.#delay.handlePacket(sentUs, arrivalTicks);
    if (probe !== 0) this.#handleProbePacket(probe, bytes, sentUs, arrivalTicks);
    if (!this.#hasNews || ((sentUs - this.#newestUs) | 0) > 0) this.#newestUs = sentUs;
    this.#hasNews = true;
  }

  /** A packet was not received, or not yet. */
  handleMissing(sequenceNumber: number): void {
    const history = this.#history;
    if (!history.takeMissing(sequenceNumber)) return;
    this.#loss.handlePacket(history.bytes, history.sentUs, true);
    this.#delay.handleLost();
  }

  endFeedback(nowMs: number): void {
    if (!this.#hasNews) return;
    this.#feedbackMs = nowMs;
    if (this.#silence.end()) this.#probes.handleRaised(nowMs);
    this.#tickMs = nowMs + FEEDBACK_MS;
    this.#measureRoundTrip(nowMs);
    const probe = this.#hasProbed ? this.#probeBitrate.take() : 0;
    if (probe > 0) this.#handleProbe(probe, nowMs);
    this.#throughput.update();
    this.#delay.update(this.#throughput, probe, nowMs);
    this.#updateLoss(nowMs);
    this.#update(nowMs);
  }

  /** A block of a receiver report about `packets` packets; counts where there is no transport-wide feedback. */
  handleReportBlock(fractionLost256: number, packets: number, nowMs: number): void {
    this.#nowMs = nowMs;
    this.#reportMs = nowMs;
    if (this.#hasFeedback) return;
    this.#silence.end();
    this.#reports.handleReport(fractionLost256, packets, nowMs);
    this.#update(nowMs);
  }

  handleRemb(bitsPerSecond: number, nowMs: number): void {
    if (!(bitsPerSecond >= 0)) return;
    this.#nowMs = nowMs;
    if (bitsPerSecond > this.#remb) this.#probes.handleRaised(nowMs);
    this.#remb = bitsPerSecond;
    if (!this.#hasFeedback && nowMs - this.#startedMs < START_MS && this.#reports.lossFraction === 0) {
      this.#reports.setRate(Math.max(this.#reports.bitsPerSecond, this.#clamp(bitsPerSecond)));
    }
    this.#update(nowMs);
  }

  handleRoundTrip(ms: number): void {
    if (!(ms >= 0 && ms <= MAX_ROUND_TRIP_MS)) return;
    this.#hasReportedRoundTrip = true;
    this.#reports.handleRoundTrip(ms);
    this.#delay.handleRoundTrip(ms);
  }

  /** Another address was selected: nothing is known of the way there. A high estimate begins anew, a low one stays. */
  handleRouteChange(nowMs: number): void {
    this.#nowMs = nowMs;
    this.#history.clear();
    this.#throughput.reset();
    this.#roundTrip.reset();
    this.#queue.reset();
    this.#loss.reset(nowMs);
    this.#reports.reset();
    this.#delay.restart(Math.min(this.#delay.bitsPerSecond, this.#start));
    this.#reports.setRate(Math.min(this.#reports.bitsPerSecond, this.#start));
    this.#remb = Infinity;
    this.#silence.end();
    this.#compute();
    if (this.#probes.hasBegun) this.#probes.begin(this.#estimate, nowMs);
    this.#history.noteProbe();
  }

  /** What all tracks together could use at the most; probes do not go far beyond it. Infinity at first; 0: no probes. */
  setWanted(bitsPerSecond: number, nowMs: number): void {
    if (bitsPerSecond >= 0) this.#probes.setWanted(bitsPerSecond, nowMs);
  }

  /** When `handleTimeout`, or `probeBytesDue`, is to be asked next at the latest; Infinity: never. `isDue`: soon. */
  nextTimeout(): number {
    if (!this.#probes.hasBegun) return this.#history.isEmpty ? Infinity : this.#startedMs;
    const probesMs = Math.min(this.#probeSender.nextTimeout(), this.#probes.nextTimeout());
    return this.#history.outstandingPackets > 0 ? Math.min(probesMs, this.#tickMs) : probesMs;
  }

  isDue(nowMs: number, aheadMs: number): boolean {
    return this.nextTimeout() <= nowMs + aheadMs;
  }

  handleTimeout(nowMs: number): void {
    this.#nowMs = nowMs;
    if (!this.#probes.hasBegun) {
      if (this.#history.isEmpty) return;
      this.#probes.begin(this.#estimate, nowMs);
    }
    if (nowMs < this.#tickMs && nowMs < this.#probes.nextTimeout()) return;
    this.#tickMs = nowMs + (this.#hasFeedback ? TICK_MS : SLOW_TICK_MS);
    this.#history.purge(nowMs);
    this.#noteSilence(nowMs);
    this.#update(nowMs);
  }

  /** Bytes that a probe lacks at this moment; 0 for none. What is sent for it is told as all else. */
  probeBytesDue(nowMs: number): number {
    const bytes = this.#probeSender.bytesDue(nowMs);
    this.#history.noteProbe();
    return bytes;
  }

  /** Reads a little of all that a report needs, so that what is out of the cache comes at once and not part after part. */
  #readAhead(): number {
    const parts = this.#history.readAheadOfReport() + this.#throughput.readAhead() + this.#loss.readAhead() +
      this.#delay.readAhead() + this.#probes.readAhead();
    const own = this.#roundTrip.leastMs + this.#application.endedMs + this.#queue.apply(0) + this.#probeSender.id +
      this.#sentRate + this.#rateMs + Number(this.#silence.isSilent);
    return (parts + own) | 0;
  }

  #handleProbePacket(probe: number, bytes: number, sentUs: number, arrivalTicks: number): void {
    this.#hasProbed = true;
    this.#probeBitrate.handlePacket(probe, bytes, sentUs, arrivalTicks);
  }

  get #hasFeedback(): boolean {
    return this.#feedbackMs !== -Infinity;
  }

  /** Beside somebody who fills the queue losses are part of that: the estimate by delay answers them. */
  #updateLoss(nowMs: number): void {
    if (this.#delay.isCompeting(nowMs)) this.#loss.release();
    else if (this.#delay.decreasedMs === nowMs) this.#loss.handleDecrease(nowMs);
    const isOfOthers = this.#loss.update(this.#delay.bitsPerSecond, this.#delay.queueMs, nowMs);
    if (isOfOthers) this.#delay.handleOthers(nowMs);
  }

  #handleProbe(bitsPerSecond: number, nowMs: number): void {
    if (bitsPerSecond < FOUND_LESS * this.#probeSender.lastBitsPerSecond) this.#probedMs = nowMs;
    this.#probes.handleResult();
    this.#loss.handleProbe(bitsPerSecond);
  }

  #measureRoundTrip(nowMs: number): void {
    const ms = (((nowMs * 1000) | 0) - this.#newestUs | 0) / 1000;
    if (ms < 0) return;
    this.#roundTrip.handle(ms, nowMs);
    if (!this.#hasReportedRoundTrip) this.#delay.handleRoundTrip(this.#roundTrip.smoothedMs);
  }

  #noteSilence(nowMs: number): void {
    if (this.#history.outstandingPackets === 0) return;
    const heardMs = Math.max(this.#feedbackMs, this.#reportMs);
    // Without transport-wide feedback nothing tells what is under way.
    const waitingMs = this.#hasFeedback ? this.#oldestOutstandingMs(nowMs) : Infinity;
    if (!this.#silence.isDecreaseDue(heardMs, waitingMs, nowMs)) return;
    this.#delay.setRate(this.#delay.bitsPerSecond / 2, nowMs);
    this.#reports.setRate(this.#clamp(this.#reports.bitsPerSecond / 2));
  }

  #oldestOutstandingMs(nowMs: number): number {
    return (((nowMs * 1000) | 0) - this.#history.oldestOutstandingUs | 0) / 1000;
  }

  #update(nowMs: number): void {
    this.#measureSentRate(nowMs);
    this.#compute();
    if (this.#hasFeedback) this.#limitQueue(nowMs);
    this.#considerProbes(nowMs);
  }

  #measureSentRate(nowMs: number): void {
    const sentBytes = this.#history.sentBytes;
    this.#application.update((sentBytes - this.#budgetBytes) | 0, this.#estimate, nowMs);
    this.#budgetBytes = sentBytes;
    const elapsedMs = nowMs - this.#rateMs;
    if (elapsedMs < RATE_MS) return;
    this.#sentRate = 8000 * ((sentBytes - this.#rateBytes) | 0) / elapsedMs;
    this.#rateBytes = sentBytes;
    this.#rateMs = nowMs;
  }

  #compute(): void {
    const measured = this.#hasFeedback
      ? Math.min(this.#delay.bitsPerSecond, this.#loss.bitsPerSecond)
      : this.#reports.bitsPerSecond;
    this.#estimate = this.#clamp(Math.min(measured, this.#remb));
    this.#target = Math.max(this.#queue.apply(this.#estimate), this.#min);
  }

  #limitQueue(nowMs: number): void {
    const leastMs = Math.min(this.#roundTrip.leastMs, 10_000);
    const windowBytes = QueueLimit.windowBytes(this.#estimate, leastMs);
    const arriving = nowMs - this.#feedbackMs < FEEDBACK_MS ? this.#throughput.bitsPerSecond : 0;
    this.#queue.update(this.#history.outstandingBytes, windowBytes, this.#estimate, arriving);
    this.#target = Math.max(this.#queue.apply(this.#estimate), this.#min);
  }

  #considerProbes(nowMs: number): void {
    if (!this.#probes.hasBegun) return;
    situation.estimate = this.#estimate;
    situation.sentRate = this.#sentRate;
    situation.isLossLimited = this.#loss.bitsPerSecond <= this.#estimate;
    situation.isApplicationLimited = this.#application.isLimited;
    situation.applicationLimitEndedMs = this.#application.endedMs;
    situation.decreasedMs = this.#delay.decreasedMs;
    situation.isBeyondKnown = this.#delay.isBeyondKnown;
    situation.hasRecovered = this.#wasUnder && this.#delay.usage === "normal";
    this.#wasUnder = this.#delay.usage === "under";
    this.#probes.update(situation, nowMs);
  }

  #clamp(bitsPerSecond: number): number {
    return Math.min(Math.max(bitsPerSecond, this.#min), this.#max);
  }
}
