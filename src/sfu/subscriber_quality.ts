import type { BandwidthEstimator } from "../congestion/bandwidth_estimator.ts";
import { allocationWords, type SupplyName } from "./allocation_words.ts";
import { type AllocatedTrack, type Allocation, Allocator, type Supply } from "./allocator.ts";
import type { Layer } from "./layer_ladder.ts";
import { ALL_WANTED, type QualityReport, type WantedQuality } from "./quality.ts";
import { type ConsumerLike, describeTrack, isNews, type TrackFacts } from "./quality_report.ts";
import { SendRate } from "./send_rate.ts";
import type { TrackId } from "./types.ts";

/** All is looked at this often, ... */
export const LOOK_MS = 500;
/** ... and sooner where the estimate changes by more than these parts, but no sooner than this. */
const FALL = 0.95;
const RISE = 1.1;
const MIN_LOOK_MS = 100;
/** A subscriber is told of changes so often at most. */
const REPORT_MS = 1_000;
/** What the first feedback tells is not relied on for so long: an estimate that begins low is not one that fell. */
const START_MS = 3_000;
/** Where no more than this is lost of what is sent, and no queue has made the round trip longer than this, all is carried. */
const LOW_LOSS = 0.02;
const SHORT_QUEUE_MS = 40;
/** The shortest round trip counts for less and less: the way may be another one. Of what it is, at each look. */
const ROUND_TRIP_GROWTH = 1.005;
/** What is carried counts for so much more: rates tremble. */
const SENT_MARGIN = 1.1;
/** What an allocation takes on top of the layers themselves, so that they begin. */
const BEGIN_MARGIN = 1.1 / 0.95;

/** `BandwidthEstimator`, as far as it is asked here. */
export type Estimate = Pick<
  BandwidthEstimator,
  "bitsPerSecond" | "throughput" | "lossFraction" | "limitedBy" | "roundTripMs" | "setWanted"
>;

export interface SubscriberQualityOptions {
  /** What the subscriber wants of tracks, received or not. */
  readonly wanted: ReadonlyMap<TrackId, WantedQuality>;
  /** What the network carries to it. */
  readonly bandwidth: Estimate;
  /** Bits per second that the server sends it at most; undefined for any. */
  readonly maxBitsPerSecond: number | undefined;
  /** Milliseconds to it and back; undefined where that is not known. */
  readonly roundTripMs: () => number | undefined;
  /** What it gets, and why; undefined where nobody listens. */
  readonly report: ((report: QualityReport) => void) | undefined;
}

/** One track on its way to the subscriber. */
interface Entry<C> extends TrackFacts {
  readonly consumer: C;
  readonly rate: SendRate;
  isPaused: boolean;
  hasBegun: boolean;
}

/**
 * What one subscriber is sent of all tracks that it receives: looks at what the network carries from time to time, has it
 * split, and has each consumer send what came out (rules B330 to B342). Packets do not pass here.
 */
export class SubscriberQuality<C extends ConsumerLike> {
  readonly #options: SubscriberQualityOptions;
  readonly #allocator = new Allocator();
  readonly #entries = new Map<C, Entry<C>>();
  #nextMs = Infinity;
  #lookedMs = -Infinity;
  #estimate = 0;
  #feedbackMs = Infinity;
  #leastRoundTripMs = Infinity;
  #reportedMs = -Infinity;
  #reported: QualityReport | undefined;

  constructor(options: SubscriberQualityOptions) {
    this.#options = options;
  }

  /** Something else is wanted of a track, which may be none that is received. */
  handleWanted(trackId: TrackId, nowMs: number): void {
    for (const { producer } of this.#entries.keys()) if (producer.id === trackId) return this.#look(nowMs);
  }

  /** Takes a consumer that sends nothing yet, and has it begin where there is room. */
  add(consumer: C, nowMs: number): void {
    const rate = new SendRate();
    this.#entries.set(consumer, {
      consumer,
      rate,
      isPaused: true,
      hasBegun: false,
      reason: "",
      wanted: ALL_WANTED,
    });
    this.#look(nowMs);
  }

  remove(consumer: C): void {
    this.#entries.delete(consumer);
    if (this.#entries.size === 0) this.#nextMs = Infinity;
  }

  /** Another way, of which nothing is known. */
  handleRouteChange(): void {
    this.#feedbackMs = Infinity;
    this.#leastRoundTripMs = Infinity;
    this.#allocator.forgetWaits();
  }

  /** The subscriber has told what arrived. */
  handleFeedback(nowMs: number): void {
    const { bandwidth } = this.#options;
    if (this.#feedbackMs === Infinity && bandwidth.throughput > 0) this.#feedbackMs = nowMs;
    if (this.#entries.size === 0 || nowMs - this.#lookedMs < MIN_LOOK_MS) return;
    const { bitsPerSecond } = bandwidth;
    if (bitsPerSecond < this.#estimate * FALL || bitsPerSecond > this.#estimate * RISE) this.#look(nowMs);
  }

  nextTimeout(): number {
    return this.#nextMs;
  }

  handleTimeout(nowMs: number): void {
    if (nowMs >= this.#nextMs) this.#look(nowMs);
  }

  #look(nowMs: number): void {
    const { bandwidth, roundTripMs, report } = this.#options;
    this.#lookedMs = nowMs;
    // At the same times for all subscribers, who are then looked at in one sweep.
    this.#nextMs = (Math.floor(nowMs / LOOK_MS) + 1) * LOOK_MS;
    this.#estimate = bandwidth.bitsPerSecond;
    const videos: AllocatedTrack[] = [];
    let sound = 0;
    let sent = 0;
    for (const entry of this.#entries.values()) {
      const { consumer, rate } = entry;
      rate.update(consumer.bytesSent, nowMs);
      sent += rate.bitsPerSecond;
      entry.wanted = this.#options.wanted.get(consumer.producer.id) ?? ALL_WANTED;
      if (consumer.producer.kind === "video") videos.push(this.#trackOf(entry, nowMs));
      else sound += this.#forwardSound(entry, nowMs);
    }
    const { supply, name } = this.#supply(videos, sound, sent, nowMs);
    const allocations = new Map(this.#allocator.allocate(videos, supply, nowMs).map((each) => [each.id, each]));
    bandwidth.setWanted(this.#allocator.wantedBitsPerSecond, nowMs);
    for (const entry of this.#entries.values()) {
      const allocation = allocations.get(entry.consumer.mid);
      if (allocation !== undefined) this.#forwardVideo(entry, allocation, supply, name, nowMs);
    }
    if (report === undefined || nowMs - this.#reportedMs < REPORT_MS) return;
    const news: QualityReport = {
      bitrate: Math.round(supply.bitsPerSecond),
      loss: Math.round(bandwidth.lossFraction * 1000) / 1000,
      ...roundTripOf(roundTripMs()),
      limitedBy: name === "estimate" ? bandwidth.limitedBy : "server",
      tracks: [...this.#entries.values()].map((entry) =>
        describeTrack(entry.consumer, entry.rate.bitsPerSecond, entry)
      ),
    };
    if (!isNews(news, this.#reported)) return;
    this.#reported = news;
    this.#reportedMs = nowMs;
    report(news);
  }

  #trackOf({ consumer: { producer, mid }, wanted }: Entry<C>, nowMs: number): AllocatedTrack {
    return { id: mid, layers: producer.layers.at(nowMs), wanted, prefersSize: producer.source === "screen" };
  }

  /** Sound is sent as long as it is wanted. Returns what it takes. */
  #forwardSound(entry: Entry<C>, nowMs: number): number {
    if (entry.wanted.off) this.#pause(entry);
    else this.#send(entry, nowMs);
    entry.reason = entry.isPaused ? "off, as wanted" : "sound always has room";
    return entry.rate.bitsPerSecond;
  }

  #forwardVideo(entry: Entry<C>, allocation: Allocation, supply: Supply, name: SupplyName, nowMs: number): void {
    const { layer, rule } = allocation;
    entry.reason = allocationWords(allocation, supply, name, entry.wanted);
    const { consumer } = entry;
    if (layer !== undefined) {
      // Where all layers of an encoding are sent packets need no look at theirs.
      const { spatial, temporal } = topOf(consumer.producer.layers.at(nowMs), layer.encoding);
      consumer.setTarget(
        layer.encoding,
        layer.spatial < spatial ? layer.spatial : Infinity,
        layer.temporal < temporal ? layer.temporal : Infinity,
        nowMs,
      );
    } else if (rule === "nothing") {
      // What begins to come is at its lowest until it is looked at.
      consumer.setTarget(0, Infinity, Infinity, nowMs);
    } else return this.#pause(entry);
    this.#send(entry, nowMs);
  }

  #pause(entry: Entry<C>): void {
    if (entry.isPaused) return;
    entry.isPaused = true;
    entry.consumer.pause();
  }

  #send(entry: Entry<C>, nowMs: number): void {
    if (!entry.isPaused) return;
    entry.isPaused = false;
    if (entry.hasBegun) return entry.consumer.resume(nowMs);
    entry.hasBegun = true;
    entry.consumer.begin();
  }

  /** What there is: as estimated, unless nothing is known yet, and no more than the server allows. */
  #supply(videos: readonly AllocatedTrack[], sound: number, sent: number, nowMs: number) {
    const least = this.#leastOf(videos, sound, sent, nowMs);
    const carried = Math.max(this.#estimate, least);
    const max = this.#options.maxBitsPerSecond ?? Infinity;
    const name: SupplyName = max < carried ? "limit of the server" : "estimate";
    return { supply: { bitsPerSecond: Math.min(carried, max), soundBitsPerSecond: sound }, name };
  }

  /**
   * What is sent whatever the estimate says. A subscriber that tells which packets came is soon known: until then the first
   * layer of one video is sent. Of one that tells losses alone less is known, so the first layers of all are. Of both what
   * is sent counts as carried where it arrives, whatever is estimated of what is more. 0 where the estimate alone counts.
   */
  #leastOf(videos: readonly AllocatedTrack[], sound: number, sent: number, nowMs: number): number {
    const { bandwidth } = this.#options;
    const firsts = videos.flatMap(({ layers, wanted }) =>
      layers.length > 0 && !wanted.off ? [layers[0].bitsPerSecond] : []
    );
    let tells = false;
    for (const { numbersPackets } of this.#entries.keys()) tells ||= numbersPackets;
    const arriving = this.#arrives() ? sent * SENT_MARGIN : 0;
    if (tells) {
      const isKnown = nowMs - this.#feedbackMs >= START_MS || firsts.length === 0;
      return isKnown ? arriving : Math.max(arriving, sound + firsts[0] * BEGIN_MARGIN);
    }
    if (bandwidth.limitedBy === "remb") return 0;
    return Math.max(arriving, sound + firsts.reduce((sum, one) => sum + one, 0) * BEGIN_MARGIN);
  }

  /** Whether what is sent arrives: nearly all of it, and without waiting anywhere. */
  #arrives(): boolean {
    const { roundTripMs, lossFraction, limitedBy } = this.#options.bandwidth;
    const leastMs = this.#leastRoundTripMs * ROUND_TRIP_GROWTH;
    if (roundTripMs > 0) this.#leastRoundTripMs = Math.min(roundTripMs, leastMs);
    if (limitedBy === "silence" || limitedBy === "queue") return false;
    return lossFraction <= LOW_LOSS && !(roundTripMs > this.#leastRoundTripMs + SHORT_QUEUE_MS);
  }
}

function topOf(layers: readonly Layer[], encoding: number): { spatial: number; temporal: number } {
  const own = layers.filter((layer) => layer.encoding === encoding);
  const top = (of: (layer: Layer) => number) => own.reduce((most, layer) => Math.max(most, of(layer)), 0);
  return { spatial: top(({ spatial }) => spatial), temporal: top(({ temporal }) => temporal) };
}

function roundTripOf(ms: number | undefined): { roundTrip?: number } {
  return ms === undefined ? {} : { roundTrip: Math.round(ms) };
}
