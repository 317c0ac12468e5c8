import { AimdRateControl } from "./aimd_rate_control.ts";
import { Competition } from "./competition.ts";
import { InterArrival } from "./inter_arrival.ts";
import { OveruseDetector, type Usage } from "./overuse_detector.ts";
import { FIRST_ROUND_TRIP_MS } from "./round_trip.ts";
import { Trendline } from "./trendline.ts";

/** After so long without a packet that arrived nothing is known of the queue. */
const STREAM_TIMEOUT_MS = 2000;
/** Overuse before anything was measured halves the rate, so often. */
const BLIND_DECREASE_MS = 200;

/** So long after a probe it counts what arrives at present: over the last second was less. */
const PROBED_MS = 1500;
/** So it does with a queue that has become so long: over the last second was more. */
const LONG_QUEUE_MS = 100;

/** What arrives, in bits per second, or 0: over the last second or so, and of late; and which part of what is sent that is. */
export interface Throughput {
  bitsPerSecond: number;
  recentBitsPerSecond: number;
  arriving: number;
}

/** The estimate by delay: the rate at which the queue of the narrowest link does not grow. */
export class DelayBasedEstimate {
  readonly #interArrival = new InterArrival();
  readonly #trendline = new Trendline();
  readonly #detector = new OveruseDetector();
  readonly #competition = new Competition();
  readonly #min: number;
  readonly #max: number;
  #control: AimdRateControl;
  #feedbackMs = 0;
  #arrivedMs = 0;
  #roundTripMs = FIRST_ROUND_TRIP_MS;
  /** Whether packets were lost since the last update. */
  #hasLost = false;
  #probedMs = -Infinity;

  constructor(startBitsPerSecond: number, minBitsPerSecond: number, maxBitsPerSecond: number) {
    this.#min = minBitsPerSecond;
    this.#max = maxBitsPerSecond;
    this.#control = new AimdRateControl(startBitsPerSecond, minBitsPerSecond, maxBitsPerSecond);
  }

  get bitsPerSecond(): number {
    return this.#control.bitsPerSecond;
  }

  /** Whether it rests on a measurement, not on where it started. */
  get isMeasured(): boolean {
    return this.#control.isMeasured;
  }

  /** Whether it grows beyond all that was known to be too much. */
  get isBeyondKnown(): boolean {
    return this.#control.isBeyondKnown;
  }

  /** When it last fell; -Infinity: never. */
  get decreasedMs(): number {
    return this.#control.decreasedMs;
  }

  get usage(): Usage {
    return this.#detector.usage;
  }

  /** Whether somebody else fills the queue. */
  isCompeting(nowMs: number): boolean {
    return this.#competition.isCompeting(nowMs);
  }

  /** What the queue holds beyond the least that was seen of late, in milliseconds. */
  get queueMs(): number {
    return this.#competition.queueMs;
  }

  /** Reads what a report needs of it: see `BandwidthEstimator`. */
  readAhead(): number {
    const parts = this.#interArrival.readAhead() + this.#trendline.readAhead() + this.#detector.readAhead() +
      this.#competition.readAhead() + this.#control.readAhead();
    return (parts + this.#arrivedMs + this.#probedMs) | 0;
  }

  handleRoundTrip(ms: number): void {
    this.#roundTripMs = ms;
    this.#control.handleRoundTrip(ms);
  }

  /** What packets are told of from now on, until the next time, is told at `nowMs`. */
  beginFeedback(nowMs: number): void {
    this.#feedbackMs = nowMs;
    this.#interArrival.beginFeedback(nowMs);
    this.#detector.beginFeedback(nowMs);
  }

  /**
   * A packet arrived; times are modulo 2^32, in microseconds and ticks of 250 of them. There are more packets than anything
   * else: what one is handed on as is 32 bits, which cost no allocation, whatever V8 inlines.
   */
  handlePacket(sentUs: number, arrivalTicks: number): void {
    if (this.#feedbackMs !== this.#arrivedMs) this.#noteArrival();
    this.#competition.handlePacket(sentUs, arrivalTicks);
    if (this.#interArrival.handlePacket(sentUs, arrivalTicks)) this.#handleGroup();
  }

  #handleGroup(): void {
    this.#trendline.add(this.#interArrival);
    this.#detector.handleTrend(this.#trendline, this.#interArrival);
  }

  #noteArrival(): void {
    if (this.#feedbackMs - this.#arrivedMs > STREAM_TIMEOUT_MS) this.resetDelay();
    this.#arrivedMs = this.#feedbackMs;
  }

  /** Somebody else fills the queue, as losses tell. */
  handleOthers(nowMs: number): void {
    this.#competition.handleOthers(nowMs);
  }

  /** A packet was lost. */
  handleLost(): void {
    this.#hasLost = true;
  }

  /**
   * Changes the estimate by what came since the last time, and by what a probe found, in bits per second, or 0.
   */
  update(arrivals: Readonly<Throughput>, probe: number, nowMs: number): void {
    const control = this.#control;
    if (probe > 0) this.#probedMs = nowMs;
    this.#competition.update(arrivals.arriving, nowMs);
    const throughput = this.#throughput(arrivals, nowMs);
    if (this.#hasLost) this.#competition.handleLost(nowMs);
    if (this.isCompeting(nowMs) && throughput > 0) control.compete(throughput, this.#hasLost, nowMs);
    else if (this.#detector.usage !== "over") {
      if (probe > 0) control.handleProbe(probe, nowMs);
      else control.update(this.#detector.usage, throughput, nowMs);
    } else if (throughput === 0) {
      const isDue = nowMs - control.decreasedMs >= BLIND_DECREASE_MS;
      if (control.isMeasured && isDue) control.setRate(control.bitsPerSecond / 2, nowMs);
    } else if (control.canDecrease(throughput, nowMs)) {
      control.update("over", throughput, nowMs);
      this.#competition.handleDecrease(control.bitsPerSecond / throughput, this.#roundTripMs, nowMs);
    }
    this.#hasLost = false;
  }

  /** What arrived of late is looked for only where it counts. */
  #throughput(arrivals: Readonly<Throughput>, nowMs: number): number {
    const { bitsPerSecond } = arrivals;
    const isProbed = nowMs - this.#probedMs < PROBED_MS;
    if (!isProbed && this.#competition.latestQueueMs <= LONG_QUEUE_MS) return bitsPerSecond;
    const recent = arrivals.recentBitsPerSecond;
    if (recent === 0) return bitsPerSecond;
    return isProbed ? Math.max(bitsPerSecond, recent) : Math.min(bitsPerSecond, recent);
  }

  /** Lowers, or sets, the estimate by what something else than delay says. */
  setRate(bitsPerSecond: number, nowMs: number): void {
    this.#control.setRate(bitsPerSecond, nowMs);
  }

  /** Begins anew at a rate: another way. */
  restart(bitsPerSecond: number): void {
    this.#control = new AimdRateControl(bitsPerSecond, this.#min, this.#max);
    this.resetDelay();
  }

  /** Forgets what is known of the queue, and keeps the rate. */
  resetDelay(): void {
    this.#interArrival.reset();
    this.#trendline.reset();
    this.#detector.reset();
    this.#competition.reset();
  }
}
