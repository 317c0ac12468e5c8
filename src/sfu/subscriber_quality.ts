import type { BandwidthEstimator } from "../congestion/bandwidth_estimator.ts";
import { allocationWords, type SupplyName } from "./allocation_words.ts";
import { type AllocatedTrack, type Allocation, Allocator, type Supply } from "./allocator.ts";
import type { Layer } from "./layer_ladder.ts";
import { ALL_WANTED, type QualityReport, type TrackQuality, type WantedQuality } from "./quality.ts";
import { QualityFingerprint } from "./quality_fingerprint.ts";
import { bitrateStep, lossStep, QualityNews } from "./quality_news.ts";
import { type ConsumerLike, describeTrack, type TrackFacts } from "./quality_report.ts";
import { SendRate } from "./send_rate.ts";
import type { TrackId } from "./types.ts";

/** All is looked at this often, ... */
export const LOOK_MS = 500;
/** ..., less often where all is sent that is wanted and more would fit, ... */
export const CALM_LOOK_MS = 1_000;
/** ..., of different subscribers at so many different times, ... */
const PHASES = 4;
/** ... and sooner where the estimate changes by more than these parts, or something else is wanted, but no sooner than this. */
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
/** So many videos begin with their first layers: who joins sees a few people at once, and what is too much ends by feedback. */
const BEGIN_VIDEOS = 4;

/** What everybody wants of a track that is muted, and why. */
const NOTHING_WANTED: WantedQuality = { off: true };
const MUTED = "muted by whoever runs the server";

const NO_LAYERS: readonly Layer[] = [];

// Of all subscribers: what is in them does not outlive a look.
const fingerprint = new QualityFingerprint();
const supply: NamedSupply = { bitsPerSecond: 0, soundBitsPerSecond: 0, name: "estimate" };

/** `BandwidthEstimator`, as far as it is asked here. */
export type Estimate = Pick<
  BandwidthEstimator,
  "bitsPerSecond" | "throughput" | "lossFraction" | "limitedBy" | "roundTripMs" | "setWanted"
>;

export interface SubscriberQualityOptions {
  /** Any whole number: those with different ones are looked at at different times. */
  readonly phase: number;
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
  /** Whether each report is whole. Default: it has what changed. */
  readonly reportsWhole?: boolean | undefined;
}

/** One track on its way to the subscriber; of video the allocator takes it as it is, so that a look makes no other. */
interface Entry<C extends object> extends TrackFacts, AllocatedTrack {
  /** Another consumer begins anew, on the same m-line and of the same track as well. */
  readonly id: C;
  readonly consumer: C;
  /** As of the last look. */
  layers: readonly Layer[];
  wanted: WantedQuality;
  readonly rate: SendRate;
  isPaused: boolean;
  hasBegun: boolean;
  /** What its layers take that are chosen, in bits per second; 0 where that is not known. */
  chosen: number;
}

/** What there is, and what bounds it. */
interface NamedSupply extends Supply {
  bitsPerSecond: number;
  soundBitsPerSecond: number;
  name: SupplyName;
}

/**
 * What one subscriber is sent of all tracks that it receives: looks at what the network carries from time to time, has it
 * split, and has each consumer send what came out (rules B330 to B342). Packets do not pass here.
 */
export class SubscriberQuality<C extends ConsumerLike> {
  readonly #options: SubscriberQualityOptions;
  /** Of the options: to find it there would be one more object to touch at each feedback. */
  readonly #bandwidth: Estimate;
  readonly #phase: number;
  readonly #allocator = new Allocator();
  readonly #entries: Entry<C>[] = [];
  readonly #videos: Entry<C>[] = [];
  #isOpen = false;
  #nextMs = Infinity;
  #lookedMs = -Infinity;
  #estimate = 0;
  #feedbackMs = Infinity;
  #leastRoundTripMs = Infinity;
  #reportedMs = -Infinity;
  /** Of what was looked through for news last; -1 where it is to be looked through whatever it is. */
  #seen = -1;
  readonly #news: QualityNews;

  constructor(options: SubscriberQualityOptions) {
    this.#options = options;
    this.#bandwidth = options.bandwidth;
    this.#phase = options.phase % PHASES;
    this.#news = new QualityNews(options.reportsWhole);
  }

  /** Something else is wanted of a track, which may be none that is received. */
  handleWanted(trackId: TrackId, nowMs: number): void {
    for (const { consumer } of this.#entries) {
      if (consumer.producer.id === trackId) return this.#lookAt(Math.max(nowMs, this.#lookedMs + MIN_LOOK_MS));
    }
  }

  /**
   * Takes a consumer that sends nothing yet, and has it begin where there is room: with all that come at the same time, as
   * each look is at all that there are.
   */
  add(consumer: C, nowMs: number): void {
    const { producer: { kind, source } } = consumer;
    const entry: Entry<C> = {
      id: consumer,
      consumer,
      rate: new SendRate(),
      isPaused: true,
      hasBegun: false,
      chosen: 0,
      reason: "",
      wanted: ALL_WANTED,
      layers: NO_LAYERS,
      prefersSize: source === "screen",
    };
    this.#entries.push(entry);
    if (kind === "video") this.#videos.push(entry);
    this.#lookAt(nowMs);
  }

  remove(consumer: C): void {
    if (!removeOf(this.#entries, consumer)) return;
    removeOf(this.#videos, consumer);
    this.#seen = -1;
    this.#news.forget(consumer.producer.id);
    if (this.#entries.length === 0) this.#nextMs = Infinity;
  }

  /** Media can go to the subscriber: what begins from now on asks for its picture. What waits for a look begins here. */
  handleOpen(nowMs: number): void {
    this.#isOpen = true;
    this.handleTimeout(nowMs);
  }

  /** What was reported may be lost. */
  tellAgain(): void {
    this.#seen = -1;
    this.#news.forgetAll();
  }

  /** Another way, of which nothing is known. */
  handleRouteChange(): void {
    this.#feedbackMs = Infinity;
    this.#leastRoundTripMs = Infinity;
    this.#allocator.forgetWaits();
  }

  /** The subscriber has told what arrived. */
  handleFeedback(nowMs: number): void {
    const bandwidth = this.#bandwidth;
    if (this.#feedbackMs === Infinity && bandwidth.throughput > 0) this.#feedbackMs = nowMs;
    const { bitsPerSecond } = bandwidth;
    if (bitsPerSecond >= this.#estimate * FALL && bitsPerSecond <= this.#estimate * RISE) return;
    if (this.#entries.length > 0 && nowMs - this.#lookedMs >= MIN_LOOK_MS) this.#look(nowMs);
  }

  nextTimeout(): number {
    return this.#nextMs;
  }

  handleTimeout(nowMs: number): void {
    if (nowMs >= this.#nextMs) this.#look(nowMs);
  }

  #lookAt(ms: number): void {
    this.#nextMs = Math.min(this.#nextMs, ms);
  }

  #look(nowMs: number): void {
    const bandwidth = this.#bandwidth;
    this.#lookedMs = nowMs;
    this.#estimate = bandwidth.bitsPerSecond;
    let sound = 0;
    let carried = 0;
    let isSteady = true;
    for (const entry of this.#entries) {
      const { consumer, rate } = entry;
      rate.update(consumer.bytesSent, nowMs);
      carried += carriedOf(entry);
      isSteady &&= entry.isPaused || rate.isSteady;
      const { id, isMuted } = consumer.producer;
      entry.wanted = isMuted ? NOTHING_WANTED : this.#options.wanted.get(id) ?? ALL_WANTED;
      if (consumer.producer.kind === "video") entry.layers = consumer.producer.layers.at(nowMs);
      else sound += this.#forwardSound(entry, nowMs);
    }
    this.#setSupply(sound, carried, nowMs);
    const allocations = this.#allocator.allocate(this.#videos, supply, nowMs);
    const wanted = this.#allocator.wantedBitsPerSecond;
    bandwidth.setWanted(wanted, nowMs);
    for (let i = 0; i < allocations.length; i++) this.#forwardVideo(this.#videos[i], allocations[i], nowMs);
    this.#planNext(isSteady && wanted <= Math.min(this.#estimate, supply.bitsPerSecond), nowMs);
    if (this.#options.report !== undefined && nowMs - this.#reportedMs >= REPORT_MS) this.#report(allocations, nowMs);
  }

  /** At few times for all subscribers, who are looked at by ticks, but not of a large room all at once. */
  #planNext(isCalm: boolean, nowMs: number): void {
    const intervalMs = isCalm ? CALM_LOOK_MS : LOOK_MS;
    const phaseMs = this.#phase * intervalMs / PHASES;
    this.#nextMs = (Math.floor((nowMs - phaseMs) / intervalMs) + 1) * intervalMs + phaseMs;
  }

  /** Tells what is news. Words are made where there may be any. */
  #report(allocations: readonly Allocation[], nowMs: number): void {
    const { report, roundTripMs } = this.#options;
    const { bitsPerSecond: bitrate, soundBitsPerSecond: sound, name } = supply;
    const loss = this.#bandwidth.lossFraction;
    const limitedBy = name === "estimate" ? this.#bandwidth.limitedBy : "server";
    fingerprint.begin();
    fingerprint.add(bitrateStep(bitrate));
    fingerprint.add(lossStep(loss));
    fingerprint.addText(limitedBy);
    let index = 0;
    for (const { consumer, isPaused, wanted } of this.#entries) {
      fingerprint.addConsumer(consumer, isPaused);
      fingerprint.addWanted(wanted);
      if (consumer.producer.kind === "video") fingerprint.addAllocation(allocations[index++], sound);
    }
    if (fingerprint.value === this.#seen) return;
    this.#seen = fingerprint.value;
    for (const [i, entry] of this.#videos.entries()) {
      const words = allocationWords(allocations[i], supply, name, entry.wanted);
      entry.reason = entry.consumer.producer.isMuted ? MUTED : words;
    }
    const news = this.#news.take({
      bitrate: Math.round(bitrate),
      loss: Math.round(loss * 1000) / 1000,
      ...roundTripOf(roundTripMs()),
      limitedBy,
      tracks: [...this.#describe(nowMs)],
    });
    if (news === undefined) return;
    this.#reportedMs = nowMs;
    report?.(news);
  }

  /** All that a report may have. Of sound there is nothing to say as long as it was never off. */
  *#describe(nowMs: number): Generator<TrackQuality> {
    for (const entry of this.#entries) {
      const { consumer: { producer: { id, kind } }, wanted, rate } = entry;
      if (kind === "audio" && !wanted.off && !this.#options.reportsWhole && !this.#news.hasTold(id)) continue;
      yield describeTrack(entry.consumer, rate.bitsPerSecond, entry, nowMs);
    }
  }

  /** Sound is sent as long as it is wanted. Returns what it takes. */
  #forwardSound(entry: Entry<C>, nowMs: number): number {
    if (entry.wanted.off) this.#pause(entry);
    else this.#send(entry, nowMs);
    entry.reason = entry.isPaused ? offWords(entry) : "sound always has room";
    return entry.rate.bitsPerSecond;
  }

  #forwardVideo(entry: Entry<C>, { layer, rule }: Allocation, nowMs: number): void {
    const { consumer } = entry;
    entry.chosen = layer?.bitsPerSecond ?? 0;
    if (layer !== undefined) {
      const { encoding, spatial, temporal } = layer;
      // Where all layers of an encoding are sent packets need no look at theirs.
      let isTopSpatial = true;
      let isTopTemporal = true;
      for (const other of entry.layers) {
        if (other.encoding !== encoding) continue;
        if (other.spatial > spatial) isTopSpatial = false;
        if (other.temporal > temporal) isTopTemporal = false;
      }
      consumer.setTarget(encoding, isTopSpatial ? Infinity : spatial, isTopTemporal ? Infinity : temporal, nowMs);
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
    if (entry.hasBegun || this.#isOpen) return entry.consumer.resume(nowMs);
    entry.hasBegun = true;
    entry.consumer.begin();
  }

  /** What there is: as estimated, unless nothing is known yet, and no more than the server allows. */
  #setSupply(sound: number, carried: number, nowMs: number): void {
    const least = this.#leastOf(sound, carried, nowMs);
    const most = Math.max(this.#estimate, least);
    const max = this.#options.maxBitsPerSecond ?? Infinity;
    supply.name = max < most ? "limit of the server" : "estimate";
    supply.bitsPerSecond = Math.min(most, max);
    supply.soundBitsPerSecond = sound;
  }

  /**
   * What is sent whatever the estimate says. A subscriber that tells which packets came is soon known: until then the first
   * layers of a few videos are sent, and for a moment after that the one of the first. Of one that tells losses alone less
   * is known, so the first layers of all are. Of both what is sent counts as carried where it arrives, whatever is estimated
   * of what is more. 0 where the estimate alone counts.
   */
  #leastOf(sound: number, carried: number, nowMs: number): number {
    const bandwidth = this.#bandwidth;
    let first: number | undefined;
    let begun = 0;
    let firsts = 0;
    let count = 0;
    for (const { layers, wanted } of this.#videos) {
      if (layers.length === 0 || wanted.off) continue;
      first ??= layers[0].bitsPerSecond;
      firsts += layers[0].bitsPerSecond;
      if (count++ < BEGIN_VIDEOS) begun = firsts;
    }
    let tells = false;
    for (const { consumer } of this.#entries) tells ||= consumer.numbersPackets;
    // What feedback tells contains the wait for it, what reports tell does not.
    const roundTripMs = tells ? bandwidth.roundTripMs : this.#options.roundTripMs() ?? 0;
    const arriving = this.#arrives(roundTripMs) ? carried : 0;
    if (tells) {
      if (first === undefined || nowMs - this.#feedbackMs >= START_MS) return arriving;
      return Math.max(arriving, sound + (this.#feedbackMs === Infinity ? begun : first) * BEGIN_MARGIN);
    }
    if (bandwidth.limitedBy === "remb") return 0;
    return Math.max(arriving, sound + firsts * BEGIN_MARGIN);
  }

  /** Whether what is sent arrives: nearly all of it, and without waiting anywhere. The round trip is 0 where it is not known. */
  #arrives(roundTripMs: number): boolean {
    const { lossFraction, limitedBy } = this.#bandwidth;
    const leastMs = this.#leastRoundTripMs * ROUND_TRIP_GROWTH;
    if (roundTripMs > 0) this.#leastRoundTripMs = Math.min(roundTripMs, leastMs);
    if (limitedBy === "silence" || limitedBy === "queue") return false;
    return lossFraction <= LOW_LOSS && !(roundTripMs > this.#leastRoundTripMs + SHORT_QUEUE_MS);
  }
}

/** Whether it was there. */
function removeOf<C extends object>(entries: Entry<C>[], consumer: C): boolean {
  const index = entries.findIndex((entry) => entry.consumer === consumer);
  if (index >= 0) entries.splice(index, 1);
  return index >= 0;
}

/**
 * What is sent of one, as far as that arrives. Where its publisher sends nothing, or has begun a moment ago, that is no
 * reason to give it less: it counts as what was chosen, and not as more, as nothing shows that more would be carried.
 */
function carriedOf({ isPaused, rate, chosen }: Entry<object>): number {
  if (isPaused) return 0;
  const measured = rate.bitsPerSecond * SENT_MARGIN;
  return rate.isSteady ? measured : Math.max(measured, chosen);
}

/** Why sound is not sent. */
function offWords({ consumer }: Entry<ConsumerLike>): string {
  return consumer.producer.isMuted ? MUTED : "off, as wanted";
}

function roundTripOf(ms: number | undefined): { roundTrip?: number } {
  return ms === undefined ? {} : { roundTrip: Math.round(ms) };
}
