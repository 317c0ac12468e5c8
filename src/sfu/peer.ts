import { BandwidthEstimator } from "../congestion/bandwidth_estimator.ts";
import type { RtpRun } from "../rtp/packet.ts";
import { Consumer } from "./consumer.ts";
import { Demux } from "./demux.ts";
import type { MediaSender, MediaSink } from "./media_sink.ts";
import { OutgoingStream } from "./outgoing_stream.ts";
import { sendProbes } from "./probes.ts";
import { Producer } from "./producer.ts";
import type { RandomSource } from "./random.ts";
import { RtcpResponder } from "./rtcp_responder.ts";
import { ALL_WANTED, isSameWanted, type QualityReport, type WantedQuality } from "./quality.ts";
import type { Router, RouterMember } from "./router.ts";
import { SubscriberQuality } from "./subscriber_quality.ts";
import type { MediaCounters } from "./track_counters.ts";
import { UpstreamFeedback } from "./upstream_feedback.ts";
import type { ConsumerParameters, Kind, PeerId, ProducerParameters, Speakers, StreamSsrcs, TrackId } from "./types.ts";

/** Where a deadline of the estimator is no more than this ahead it is one of a probe. */
export const PROBE_AHEAD_MS = 20;
/** Where no stream can carry a probe it is looked at again after this. */
const NO_PROBE_MS = 500;

/** Who one peer is, and how it is reached. */
export interface PeerOptions {
  readonly id: PeerId;
  /** Where the server's own feedback comes from; no stream that the peer is sent has it. */
  readonly ssrc: number;
  readonly sender: MediaSender;
  readonly random: RandomSource;
  /** Whether what it publishes is padded to equal lengths (rule B161). */
  readonly equalizesLengths: boolean;
  /** What its tracks are counted in. */
  readonly counters: MediaCounters;
  /** Bits per second that it is sent; undefined for any. */
  readonly maxBitrateOut?: number | undefined;
  /** Who speaks in its room has changed; told by one of the room's peers. */
  readonly speakersChanged?: ((speakers: Speakers) => void) | undefined;
  /** What it gets of the tracks that it receives, and why; left out where nobody listens. */
  readonly report?: ((report: QualityReport) => void) | undefined;
  /** Whether each report is whole; else it has what changed. */
  readonly reportsWhole?: boolean | undefined;
  /** Which simulcast encodings of a track of its own are received, by their RIDs. */
  readonly layersWanted?: ((trackId: TrackId, active: readonly string[]) => void) | undefined;
  /** A probe is under way: `handleProbes` is wanted when `nextProbeMs` says, to the millisecond. */
  readonly probing?: (() => void) | undefined;
}

/** The media of one peer: publishes by producers, subscribes by consumers. Its transport delivers into it. */
export class Peer implements MediaSink, RouterMember {
  readonly id: PeerId;
  /** RTP packets of no known track. */
  unknownPackets = 0;
  readonly #router: Router;
  readonly #sender: MediaSender;
  readonly #random: RandomSource;
  readonly #demux = new Demux();
  readonly #producers = new Map<string, Producer>();
  readonly #consumers = new Map<string, Consumer>();
  /** By SSRC as a signed number. */
  readonly #consumersBySsrc = new Map<number, Consumer>();
  /** By MID: streams that stay whichever track they carry, or none. */
  readonly #slots = new Map<string, OutgoingStream>();
  readonly #rtcp: RtcpResponder;
  readonly #upstream: UpstreamFeedback;
  #bandwidth: BandwidthEstimator | undefined;
  #nextProbeMs = -Infinity;
  readonly #equalizesLengths: boolean;
  readonly #counters: MediaCounters;
  /** Whether its transport is ready. */
  #isOpen = false;
  /** Of what it is sent; made with the first track. */
  #quality: SubscriberQuality<Consumer> | undefined;
  /** What it wants of tracks of its room, received or not. */
  readonly #wanted = new Map<TrackId, WantedQuality>();
  readonly #options: PeerOptions;

  constructor(router: Router, options: PeerOptions) {
    const { id, ssrc, sender, random, equalizesLengths, counters } = options;
    this.#options = options;
    this.#counters = counters;
    this.#equalizesLengths = equalizesLengths;
    this.id = id;
    this.#router = router;
    this.#sender = sender;
    this.#random = random;
    this.#rtcp = new RtcpResponder(this.#demux, this.#consumersBySsrc, sender, ssrc, id);
    this.#upstream = new UpstreamFeedback(this.#rtcp);
    router.addMember(this);
  }

  /** By MID of this peer's m-lines. */
  get producers(): ReadonlyMap<string, Producer> {
    return this.#producers;
  }

  /** By MID of this peer's m-lines. */
  get consumers(): ReadonlyMap<string, Consumer> {
    return this.#consumers;
  }

  /** SSRCs that are bound to this peer's producers. */
  get ssrcCount(): number {
    return this.#demux.ssrcCount;
  }

  /** Whether a packet of media has come from this peer, or has gone to it. */
  get hasMedia(): boolean {
    for (const { encodings } of this.#producers.values()) {
      if (encodings.some(({ ssrc }) => ssrc !== undefined)) return true;
    }
    for (const { stream } of this.#consumers.values()) if (stream.packetsSent > 0) return true;
    return false;
  }

  /** The time to the peer and back, as reports show it; undefined while it is not known. */
  get roundTripMs(): number | undefined {
    return this.#rtcp.roundTripMs;
  }

  /** What its way carries; undefined where it was never sent anything. */
  get bandwidth(): BandwidthEstimator | undefined {
    return this.#bandwidth;
  }

  publish(id: TrackId, parameters: ProducerParameters): Producer {
    this.unpublish(parameters.mid);
    const producer = new Producer({
      id,
      peerId: this.id,
      parameters,
      feedback: this.#rtcp,
      equalizesLengths: this.#equalizesLengths,
      counters: this.#counters[parameters.kind],
      encodingsWanted: (rids) => this.#options.layersWanted?.(id, rids),
      roomAudio: this.#router.audio,
    });
    this.#producers.set(parameters.mid, producer);
    this.#upstream.handleExtensions(parameters.headerExtensions);
    this.#demux.add(producer);
    this.#router.addProducer(producer);
    return producer;
  }

  unpublish(mid: string): void {
    const producer = this.#producers.get(mid);
    if (producer === undefined) return;
    this.#producers.delete(mid);
    this.#demux.remove(producer);
    this.#router.removeProducer(producer);
  }

  /** Has nothing of what it publishes on an m-line forwarded, or again what there is. */
  mute(mid: string, isMuted: boolean): void {
    const producer = this.#producers.get(mid);
    if (producer !== undefined) this.#router.mute(producer, isMuted);
  }

  /**
   * Forwards a track to this peer, under `ssrcs`, or those of the slot that is open on the m-line; undefined where there
   * is no such track.
   */
  subscribe(
    trackId: TrackId,
    parameters: ConsumerParameters,
    ssrcs: StreamSsrcs,
    nowMs = 0,
  ): Consumer | undefined {
    const producer = this.#router.producers.get(trackId);
    if (producer === undefined) return undefined;
    this.unsubscribe(parameters.mid);
    const { kind, codec: { clockRate } } = producer;
    const stream = this.#slots.get(parameters.mid) ?? this.#newStream(kind, clockRate, ssrcs);
    const bandwidth = this.#rtcp.bandwidth = this.#bandwidth ??= new BandwidthEstimator({ nowMs });
    this.#quality ??= this.#newQuality(bandwidth, nowMs);
    const consumer = new Consumer(producer, parameters, stream, this.#sender, bandwidth);
    this.#consumers.set(parameters.mid, consumer);
    this.#consumersBySsrc.set(consumer.ssrc | 0, consumer);
    this.#quality.add(consumer, nowMs);
    consumer.pin(this.#wanted.get(trackId)?.pinned === true);
    return consumer;
  }

  /**
   * Makes the one stream that is sent on an m-line until `closeSlot`, whichever track `subscribe` fills it with.
   * `clockRate` in Hz.
   */
  openSlot(mid: string, kind: Kind, clockRate: number, ssrcs: StreamSsrcs): void {
    this.#slots.set(mid, this.#newStream(kind, clockRate, ssrcs));
  }

  /** Ends that stream, and the subscription that fills it. */
  closeSlot(mid: string): void {
    const stream = this.#slots.get(mid);
    if (stream === undefined) return;
    this.unsubscribe(mid);
    this.#slots.delete(mid);
    this.#endStream(stream);
  }

  unsubscribe(mid: string): void {
    const consumer = this.#consumers.get(mid);
    if (consumer === undefined) return;
    this.#removeConsumer(consumer);
    if (!this.#slots.has(mid)) this.#endStream(consumer.stream);
  }

  speakersChanged(speakers: Speakers): void {
    this.#options.speakersChanged?.(speakers);
  }

  /** What it wants of a track; undefined where it never said. */
  wantedOf(trackId: TrackId): WantedQuality | undefined {
    return this.#wanted.get(trackId);
  }

  /** Takes what the peer wants of a track; of one that there is not, or not any more, nothing, and nothing where it is no news. */
  setQuality(trackId: TrackId, wanted: WantedQuality, nowMs: number): void {
    if (!this.#router.producers.has(trackId)) return;
    if (isSameWanted(this.#wanted.get(trackId) ?? ALL_WANTED, wanted)) return;
    this.#wanted.set(trackId, wanted);
    this.#quality?.handleWanted(trackId, nowMs);
    for (const consumer of this.#consumers.values()) {
      if (consumer.producer.id === trackId) consumer.pin(wanted.pinned === true);
    }
  }

  /** What the peer was told last may be lost: it is told again, with the next tick or look. */
  tellAgain(): void {
    for (const producer of this.#producers.values()) producer.tellWantedAgain();
    this.#quality?.tellAgain();
  }

  trackMuted(trackId: TrackId): void {
    this.#quality?.handleWanted(trackId, -Infinity);
  }

  unsubscribeTrack(trackId: TrackId): void {
    this.#wanted.delete(trackId);
    for (const { mid, producer } of this.#consumers.values()) if (producer.id === trackId) return this.unsubscribe(mid);
  }

  /** Asks for a picture on each track of which this peer has none yet: its transport is ready, or tracks were added. */
  requestKeyFrames(nowMs: number): void {
    this.#isOpen = true;
    this.#quality?.handleOpen(nowMs);
    for (const consumer of this.#consumers.values()) if (!consumer.started) consumer.requestKeyFrame(nowMs);
  }

  /** Asks for a picture on every track: what was sent last may not have arrived. */
  refreshPictures(nowMs: number): void {
    for (const consumer of this.#consumers.values()) consumer.requestKeyFrame(nowMs);
  }

  /** Media goes to another address from now on. */
  handleRouteChange(nowMs: number): void {
    this.#bandwidth?.handleRouteChange(nowMs);
    this.#quality?.handleRouteChange();
    // What was on its way to the address before may be lost (rule B62).
    this.refreshPictures(nowMs);
  }

  handleRtp(run: RtpRun, nowMs: number): void {
    this.#upstream.handleRtp(run, nowMs);
    let from = 0;
    while (from < run.count) {
      const first = run.packets[from];
      let to = from + 1;
      while (to < run.count && run.packets[to].ssrc === first.ssrc) to++;
      const encoding = this.#demux.find(first);
      if (encoding === undefined) this.unknownPackets += to - from;
      else encoding.handleRtp(run, from, to, nowMs);
      from = to;
    }
  }

  handleRtcp(bytes: Uint8Array, length: number, nowMs: number): void {
    this.#rtcp.handleRtcp(bytes, length, nowMs);
    this.#quality?.handleFeedback(nowMs);
    this.#noteProbe(nowMs);
  }

  /** When `handleProbes` has something to do. */
  nextProbeMs(): number {
    return this.#bandwidth === undefined ? Infinity : Math.max(this.#bandwidth.nextTimeout(), this.#nextProbeMs);
  }

  /** Sends what is due of a probe. */
  handleProbes(nowMs: number): void {
    const bandwidth = this.#bandwidth;
    if (bandwidth === undefined || this.nextProbeMs() > nowMs) return;
    bandwidth.handleTimeout(nowMs);
    if (!sendProbes(bandwidth, this.#consumers.values(), nowMs)) this.#nextProbeMs = nowMs + NO_PROBE_MS;
  }

  nextTimeout(): number {
    const next = Math.min(this.nextProbeMs(), this.#quality?.nextTimeout() ?? Infinity);
    return this.#onlyReceives ? next : Math.min(next, this.#nextUpstreamMs());
  }

  handleTimeout(nowMs: number): void {
    if (!this.#onlyReceives) this.#handleUpstreamTimeout(nowMs);
    this.#quality?.handleTimeout(nowMs);
    this.handleProbes(nowMs);
    this.#noteProbe(nowMs);
  }

  /** Nothing that it publishes, or has published, has a deadline: of thousands of peers of a large room most are so. */
  get #onlyReceives(): boolean {
    return this.#producers.size === 0 && !this.#upstream.hasNumbers && !this.#looksAtSpeakers;
  }

  #nextUpstreamMs(): number {
    let next = this.#producers.size > 0 ? this.#rtcp.nextReportMs : Infinity;
    for (const producer of this.#producers.values()) next = Math.min(next, producer.nextTimeout());
    if (this.#looksAtSpeakers) next = Math.min(next, this.#router.audio.nextTimeout());
    return Math.min(next, this.#upstream.nextTimeout());
  }

  #handleUpstreamTimeout(nowMs: number): void {
    for (const producer of this.#producers.values()) producer.handleTimeout(nowMs);
    this.#rtcp.handleTimeout(this.#producers.values(), nowMs);
    if (this.#looksAtSpeakers) this.#router.audio.handleTimeout(nowMs);
    this.#upstream.handleTimeout(nowMs);
  }

  /** Those who publish do, as they are looked at often; the others where nobody does any more. */
  get #looksAtSpeakers(): boolean {
    return this.#producers.size > 0 || this.#router.producers.size === 0;
  }

  /** Its tracks end for the others, it receives no more, and is told so. */
  close(): void {
    for (const mid of [...this.#producers.keys()]) this.unpublish(mid);
    const streams = new Set([...this.#consumers.values()].map(({ stream }) => stream)).union(
      new Set(this.#slots.values()),
    );
    this.#rtcp.close([...streams].flatMap(({ usedSsrcs }) => usedSsrcs));
    for (const consumer of [...this.#consumers.values()]) this.#removeConsumer(consumer);
    for (const stream of streams) this.#removeStream(stream);
    this.#router.removeMember(this);
  }

  #noteProbe(nowMs: number): void {
    if (this.#bandwidth === undefined || this.#nextProbeMs > nowMs + PROBE_AHEAD_MS) return;
    if (this.#bandwidth.isDue(nowMs, PROBE_AHEAD_MS)) this.#options.probing?.();
  }

  #newQuality(bandwidth: BandwidthEstimator, nowMs: number): SubscriberQuality<Consumer> {
    const { ssrc: phase, maxBitrateOut: maxBitsPerSecond, report, reportsWhole } = this.#options;
    const roundTripMs = () => this.roundTripMs;
    const quality = new SubscriberQuality<Consumer>({
      phase,
      bandwidth,
      wanted: this.#wanted,
      maxBitsPerSecond,
      roundTripMs,
      report,
      reportsWhole,
    });
    if (this.#isOpen) quality.handleOpen(nowMs);
    return quality;
  }

  #removeConsumer(consumer: Consumer): void {
    this.#consumers.delete(consumer.mid);
    this.#consumersBySsrc.delete(consumer.ssrc | 0);
    this.#quality?.remove(consumer);
    consumer.producer.removeConsumer(consumer);
  }

  #endStream(stream: OutgoingStream): void {
    this.#rtcp.sendBye(stream.usedSsrcs);
    this.#removeStream(stream);
  }

  #removeStream({ ssrcs }: OutgoingStream): void {
    for (const ssrc of ssrcs) this.#sender.removeStream(ssrc);
  }

  #newStream(kind: Kind, clockRate: number, { ssrc, rtxSsrc }: StreamSsrcs): OutgoingStream {
    return new OutgoingStream({ ssrc, rtxSsrc, kind, clockRate, random: this.#random });
  }
}
