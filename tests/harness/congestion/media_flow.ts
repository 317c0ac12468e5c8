import { BandwidthEstimator, type EstimatorOptions } from "../../../src/congestion/bandwidth_estimator.ts";
import type { RandomSource } from "../../../src/sfu/random.ts";
import { FeedbackReceiver } from "./feedback_receiver.ts";
import type { Link } from "./link.ts";
import type { Simulation } from "./simulation.ts";

const PACKET_BYTES = 1200;
const MIN_PROBE_BYTES = 200;
const FEEDBACK_BYTES = 80;
/** A timer is no finer than this. */
const TIMER_MS = 1;

export interface MediaFlowOptions extends Partial<EstimatorOptions> {
  /** When it begins, from now. */
  readonly startMs?: number;
  /** What the source has at the most, whatever the estimate; in bits per second. */
  readonly maxMediaBitsPerSecond?: number;
  /** The rates of layers, in ascending order: the highest that fits the estimate is sent, the lowest always. */
  readonly layers?: readonly number[];
  readonly framesPerSecond?: number;
  /** Of a key frame, in multiples of others; and how often. */
  readonly keyFrame?: { readonly size: number; readonly everyMs: number };
  /** How much faster than the mean rate packets of a frame follow each other; Infinity: all at once. */
  readonly burst?: number;
  /** The way back, one way: without a limit; or a link, which the feedback shares with others. */
  readonly backDelayMs?: number;
  readonly backLink?: Link;
  readonly feedbackMs?: number;
  /** Part of the feedback that is lost. */
  readonly feedbackLoss?: number;
  /** Delay of its own, one way, in front of the link. */
  readonly ownDelayMs?: number;
  /** Receiver reports each second, instead of transport-wide feedback. */
  readonly reportsOnly?: boolean;
}

/**
 * A server that sends video to one subscriber over a link, as its estimate allows, and the subscriber that reports. Probes
 * are sent as the estimator asks for them.
 */
export class MediaFlow {
  readonly estimator: BandwidthEstimator;
  readonly receiver = new FeedbackReceiver();
  link: Link;
  readonly #options: MediaFlowOptions;
  readonly #startMs: number;
  readonly #simulation: Simulation;
  readonly #random: RandomSource;
  #sent = 0;
  #frames = 0;
  #keyFrameMs = 0;
  #timerMs = Infinity;
  /** Nothing is sent, and nothing reported. */
  isPaused = false;
  hasFeedback = true;
  maxMediaBitsPerSecond: number;

  // Totals; delays in milliseconds.
  sentBytes = 0;
  receivedBytes = 0;
  sentPackets = 0;
  receivedPackets = 0;
  probeBytes = 0;
  delaySum = 0;
  maxDelayMs = 0;

  constructor(simulation: Simulation, random: RandomSource, link: Link, options: MediaFlowOptions = {}) {
    this.#simulation = simulation;
    this.#random = random;
    this.#options = options;
    this.link = link;
    this.maxMediaBitsPerSecond = options.maxMediaBitsPerSecond ?? Infinity;
    const startMs = simulation.nowMs + (options.startMs ?? 0);
    this.#startMs = startMs;
    this.estimator = new BandwidthEstimator({ ...options, nowMs: startMs });
    this.#keyFrameMs = startMs;
    simulation.at(startMs, () => this.#start());
  }

  /** Whether its rate goes by steps, and not where the estimate goes. */
  get isLayered(): boolean {
    return this.#options.layers !== undefined;
  }

  /** Whether it has begun, and is not paused. */
  get isActive(): boolean {
    return !this.isPaused && this.#simulation.nowMs > this.#startMs;
  }

  /** What the source sends at present, in bits per second. */
  get mediaBitsPerSecond(): number {
    const { bitsPerSecond } = this.estimator;
    const { layers } = this.#options;
    const rate = layers === undefined ? bitsPerSecond : layers.findLast((layer) => layer <= bitsPerSecond) ?? layers[0];
    return Math.min(rate, this.maxMediaBitsPerSecond);
  }

  #start(): void {
    const { framesPerSecond = 30, feedbackMs = 100, reportsOnly = false } = this.#options;
    this.#sendFrame();
    this.#simulation.every(1000 / framesPerSecond, () => this.#sendFrame());
    // Receivers are not in step with each other.
    this.#simulation.after(feedbackMs * this.#random.uint32() / 2 ** 32, () => {
      if (reportsOnly) this.#simulation.every(1000, () => this.#sendReport());
      else this.#simulation.every(feedbackMs, () => this.#sendFeedback());
    });
  }

  #sendFrame(): void {
    if (this.isPaused) return;
    const { framesPerSecond = 30, burst = 2.5, keyFrame } = this.#options;
    const rate = this.mediaBitsPerSecond;
    const chance = this.#random.uint32() / 2 ** 32;
    let bytes = rate / 8 / framesPerSecond * (0.8 + 0.4 * chance);
    if (keyFrame !== undefined) {
      const isKeyFrame = this.#simulation.nowMs >= this.#keyFrameMs;
      if (isKeyFrame) this.#keyFrameMs += keyFrame.everyMs;
      const framesOfOne = keyFrame.everyMs * framesPerSecond / 1000;
      bytes *= (isKeyFrame ? keyFrame.size : 1) * framesOfOne / (framesOfOne - 1 + keyFrame.size);
    }
    this.#frames++;
    this.#sendPackets(Math.max(bytes, 100), 8000 / (burst * rate));
  }

  /** The packets of a frame, about equally long. */
  #sendPackets(bytes: number, msPerByte: number): void {
    const packets = Math.ceil(bytes / PACKET_BYTES);
    const size = Math.round(bytes / packets);
    for (let index = 0; index < packets; index++) {
      this.#simulation.after(index * size * msPerByte, () => {
        this.#send(size, false);
        this.#armTimer();
      });
    }
  }

  #send(bytes: number, isProbe: boolean): void {
    const sentMs = this.#simulation.nowMs;
    const index = this.#sent++;
    this.estimator.numbering.handleSent(bytes, sentMs);
    this.sentBytes += bytes;
    this.sentPackets++;
    if (isProbe) this.probeBytes += bytes;
    const { ownDelayMs = 0 } = this.#options;
    const enter = () => this.link.send(bytes, () => this.#handleArrival(index, bytes, sentMs));
    if (ownDelayMs > 0) this.#simulation.after(ownDelayMs, enter);
    else enter();
  }

  #handleArrival(index: number, bytes: number, sentMs: number): void {
    const delayMs = this.#simulation.nowMs - sentMs;
    this.receivedBytes += bytes;
    this.receivedPackets++;
    this.delaySum += delayMs;
    this.maxDelayMs = Math.max(this.maxDelayMs, delayMs);
    this.receiver.handleArrival(index, this.#simulation.nowMs);
  }

  #sendFeedback(): void {
    const feedback = this.receiver.feedback();
    if (feedback === undefined || !this.hasFeedback || this.#isFeedbackLost()) return;
    const arrive = () => {
      feedback(this.estimator, this.#simulation.nowMs);
      this.#armTimer();
    };
    const { backLink } = this.#options;
    if (backLink === undefined) this.#simulation.after(this.#backDelayMs, arrive);
    else backLink.send(FEEDBACK_BYTES, arrive);
  }

  #sendReport(): void {
    const { fractionLost256, packets } = this.receiver.reportBlock();
    if (packets === 0 || !this.hasFeedback) return;
    this.#simulation.after(this.#backDelayMs, () => {
      const { nowMs } = this.#simulation;
      this.estimator.handleRoundTrip(this.link.queueMs + this.link.delayMs + this.#backDelayMs);
      this.estimator.handleReportBlock(fractionLost256, packets, nowMs);
      this.#armTimer();
    });
  }

  get #backDelayMs(): number {
    return this.#options.backDelayMs ?? this.link.delayMs + (this.#options.ownDelayMs ?? 0);
  }

  #isFeedbackLost(): boolean {
    const { feedbackLoss = 0 } = this.#options;
    return feedbackLoss > 0 && this.#random.uint32() / 2 ** 32 < feedbackLoss;
  }

  #armTimer(): void {
    const dueMs = Math.max(this.estimator.nextTimeout(), this.#simulation.nowMs + TIMER_MS);
    if (dueMs >= this.#timerMs || dueMs === Infinity) return;
    this.#timerMs = dueMs;
    this.#simulation.at(dueMs, () => this.#handleTimer(dueMs));
  }

  #handleTimer(dueMs: number): void {
    if (dueMs !== this.#timerMs) return;
    this.#timerMs = Infinity;
    const { nowMs } = this.#simulation;
    this.estimator.handleTimeout(nowMs);
    if (!this.isPaused) this.#sendProbe(nowMs);
    this.#armTimer();
  }

  #sendProbe(nowMs: number): void {
    for (let due = this.estimator.probeBytesDue(nowMs); due > 0;) {
      const bytes = Math.min(Math.max(due, MIN_PROBE_BYTES), PACKET_BYTES);
      this.#send(bytes, true);
      due -= bytes;
    }
  }
}
