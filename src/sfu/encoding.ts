import type { CodecFormat } from "../rtp/codecs/codec.ts";
import type { LayerReader } from "../rtp/codecs/format.ts";
import { equalizeLengths } from "../rtp/equal_length.ts";
import type { RtpPacket, RtpRun } from "../rtp/packet.ts";
import type { ReportBlock } from "../rtp/rtcp/receiver_report.ts";
import { SenderReport } from "../rtp/rtcp/sender_report.ts";
import { unwrapRtx } from "../rtp/rtx.ts";
import { Activity } from "../stream/activity.ts";
import { LayerRates } from "../stream/layer_rates.ts";
import { PacketCache, VIDEO_CACHE_BYTES, VIDEO_CACHE_SLOTS } from "../stream/packet_cache.ts";
import { ReceiveLog } from "../stream/receive_log.ts";
import { ReceiveStatistics } from "../stream/receive_statistics.ts";
import type { AudioConsumer, AudioTrack } from "./audio_track.ts";
import { type KeyFrameFeedback, KeyFrameRequests } from "./key_frame_requests.ts";
import { SourceSsrcs } from "./source_ssrcs.ts";
import type { TrackCounters } from "./track_counters.ts";
import type { Codec, EncodingFacts, EncodingParameters, Kind } from "./types.ts";

/** Sequence numbers of one NACK: what fits a datagram. */
const MAX_NACKED = 256;
/** A request is repeated once the usual time for an answer, and a fifth more, has passed. */
const ANSWER_MARGIN = 1.2;
/** A sender report waits so long for packets that it can leave with: three frames of slow video. */
const REPORT_WAIT_MS = 100;

/** What an encoding hands its packets to: a `Consumer`, which knows its producer and not the other way round. */
export interface RtpConsumer extends AudioConsumer {
  /** Whether it is sent audio with redundancy (RED). */
  readonly takesRed: boolean;
  handleRtp(run: RtpRun, from: number, to: number, nowMs: number): void;
  sendSenderReport(report: SenderReport, nowMs: number): void;
  /** The publisher has said BYE of the stream. Who makes streams of his own of it need not know. */
  sendBye?(ssrc: number): void;
}

/** Asks the publisher of a stream for something. */
export interface FeedbackSender extends KeyFrameFeedback {
  /** Asks for `sequenceNumbers[0, count)` once more. */
  sendNack(mediaSsrc: number, sequenceNumbers: Uint16Array, count: number): void;
}

/** What the encodings of one track have in common. */
export interface EncodedTrack {
  readonly kind: Kind;
  readonly codec: Codec;
  readonly format: CodecFormat;
  readonly feedback: FeedbackSender;
  /** Whether packets are padded to equal lengths before they are forwarded (rule B161). */
  readonly equalizesLengths: boolean;
  /** Of what is received. */
  readonly counters: TrackCounters;
  /** Undefined of video. */
  readonly audio: AudioTrack<RtpConsumer> | undefined;
  /** Of the dependency descriptor; 0 where it was not negotiated. */
  readonly descriptorId: number;
  readonly encodings: readonly Encoding[];
  /** That all encodings have ended. */
  frames: number;
  /** An encoding begins or stops, or is reported for the first time. */
  encodingsChanged(nowMs: number): void;
  /** A key frame shows other sizes than before. */
  encodingResized(): void;
}

/**
 * One encoding of a published track, and the only one where there is no simulcast: takes its packets, has lost ones
 * repaired, and hands all to each of its consumers.
 */
export class Encoding {
  /** RFC 8851; undefined where the offer names none. */
  readonly rid: string | undefined;
  /** What the offer announces: those of the media, then those of its retransmissions. */
  readonly announcedSsrcs: readonly number[];
  /** The newest packets, for subscribers that ask again; undefined where none can. */
  readonly cache: PacketCache | undefined;
  readonly #track: EncodedTrack;
  readonly #consumers: RtpConsumer[] = [];
  readonly #keyFrames: KeyFrameRequests;
  readonly #log: ReceiveLog | undefined;
  readonly #nacked = new Uint16Array(MAX_NACKED);
  readonly #ssrcs: SourceSsrcs;
  readonly #announcesRtx: boolean;
  /** The publisher's newest. */
  readonly #report = new SenderReport();
  /** When subscribers get it at the latest; Infinity where they have. */
  #reportDueMs = Infinity;
  #hasReport = false;
  #statistics: ReceiveStatistics;
  /** The publisher has said BYE of the stream and has not sent since. */
  #silent = false;
  readonly #activity = new Activity();
  readonly #rates: LayerRates | undefined;
  /** Of the present SSRC; undefined where the codec has no layers. */
  #layers: LayerReader | undefined;
  /** Of the lowest spatial layer, in the newest key frame. */
  #lowestWidth = 0;
  #facts: EncodingFacts | undefined;

  constructor(track: EncodedTrack, { rid, ssrcs, fidGroups = [] }: EncodingParameters) {
    this.#track = track;
    this.rid = rid;
    this.announcedSsrcs = [...ssrcs, ...fidGroups.map(({ rtxSsrc }) => rtxSsrc)];
    this.#ssrcs = new SourceSsrcs(ssrcs, fidGroups);
    this.#announcesRtx = fidGroups.length > 0;
    this.#keyFrames = new KeyFrameRequests(track);
    this.#statistics = new ReceiveStatistics(track.codec.clockRate);
    if (track.kind === "video") {
      this.cache = new PacketCache(VIDEO_CACHE_BYTES, VIDEO_CACHE_SLOTS);
      this.#rates = new LayerRates();
    }
    this.#layers = track.format.layerReader?.(track.descriptorId);
    if (track.codec.nack) this.#log = new ReceiveLog();
  }

  /** The SSRC that the publisher sends at present; undefined before its first packet. */
  get ssrc(): number | undefined {
    return this.#ssrcs.current;
  }

  /** Whether packets of it come, as far as can be told (rule B304). */
  get active(): boolean {
    return this.#activity.isActive || this.#facts?.isActive === true;
  }

  /** The publisher's newest report of the present SSRC; undefined before the first one. */
  get senderReport(): SenderReport | undefined {
    return this.#report.ssrc === this.ssrc && this.#hasReport ? this.#report : undefined;
  }

  /** Layers that were seen since the last key frame, 1 at least. */
  get spatialLayers(): number {
    return this.#layers?.spatialLayers ?? 1;
  }

  get temporalLayers(): number {
    return this.#layers?.temporalLayers ?? 1;
  }

  /**
   * What is sent of the layers up to these, Infinity for all: over the last second, or, of an encoding that is not active,
   * when it was last.
   */
  layerBitsPerSecond(spatial: number, temporal: number, nowMs: number): number {
    return this.#rates?.bitsPerSecond(spatial, temporal, nowMs) || this.#facts?.bitsPerSecond || 0;
  }

  /** Pictures of the temporal layers up to this one, over the same time. */
  framesPerSecond(temporal: number, nowMs: number): number {
    return this.#rates?.framesPerSecond(temporal, nowMs) ?? 0;
  }

  /** Pixels of the highest spatial layer, by the newest key frame; 0 where they are not known. */
  get width(): number {
    return this.widthOf(this.spatialLayers - 1);
  }

  get height(): number {
    return this.heightOf(this.spatialLayers - 1);
  }

  /** Pixels of a spatial layer; 0 where they are not known. */
  widthOf(spatial: number): number {
    return this.#layers?.widthOf(spatial) || this.#facts?.width || 0;
  }

  heightOf(spatial: number): number {
    return this.#layers?.heightOf(spatial) || this.#facts?.height || 0;
  }

  /** Counts as long as nothing is known here by packets. */
  assume(facts: EncodingFacts): void {
    this.#facts = facts;
  }

  /** Reads the layers of a packet from the cache, which were known when it came. */
  readLayers(packet: RtpPacket): void {
    this.#layers?.read(packet);
  }

  /** Fills in a report block on the stream; false where there is nothing to report. */
  report(block: ReportBlock, nowMs: number): boolean {
    if (this.ssrc === undefined || this.#silent) return false;
    block.ssrc = this.ssrc;
    const before = this.#statistics.reportedLost;
    const reports = this.#statistics.report(block, nowMs);
    this.#track.counters.lostUpstream += this.#statistics.reportedLost - before;
    return reports;
  }

  /** Whether an SSRC that nothing but its payload type tells may be this encoding's: not in place of one that was announced. */
  acceptsByPayloadType(payloadType: number): boolean {
    return payloadType === this.#track.codec.rtxPayloadType ? !this.#announcesRtx : !this.#ssrcs.isAnnounced;
  }

  get consumers(): readonly RtpConsumer[] {
    return this.#consumers;
  }

  addConsumer(consumer: RtpConsumer): void {
    this.#consumers.push(consumer);
  }

  removeConsumer(consumer: RtpConsumer): void {
    const index = this.#consumers.indexOf(consumer);
    if (index >= 0) this.#consumers.splice(index, 1);
    if (this.#consumers.length === 0) this.#stopRequests();
  }

  /** The publisher sends this SSRC, as is known before its first packet. */
  handleSource(ssrc: number, nowMs: number): void {
    this.#acceptSsrc(ssrc, nowMs);
  }

  /** Forwards `run.packets[from, to)`, which are of one SSRC, to every consumer: all of them to one before the next. */
  handleRtp(run: RtpRun, from: number, to: number, nowMs: number): void {
    if (run.packets[from].payloadType === this.#track.codec.rtxPayloadType) {
      return this.#handleRtx(run, from, to, nowMs);
    }
    if (!this.#acceptSsrc(run.packets[from].ssrc, nowMs)) return;
    this.#silent = false;
    if (this.#activity.handlePackets(this.#track.frames, nowMs)) this.#track.encodingsChanged(nowMs);
    let start = from;
    for (let i = from; i < to; i++) {
      if (this.#receive(run.packets[i], nowMs)) continue;
      this.#forward(run, start, i, nowMs);
      start = i + 1;
    }
    this.#forward(run, start, to, nowMs);
    this.#requestMissing(nowMs);
  }

  /**
   * Keeps lip sync: each consumer gets the report in its own SSRC and timestamps (RFC 3550 section 6.4.1), right behind its
   * next packets. There it ends their run of datagrams, and costs no message of its own.
   */
  handleSenderReport(report: SenderReport, nowMs: number): void {
    if (report.ssrc !== this.ssrc) return;
    this.#statistics.handleSenderReport(report.ntpSeconds, report.ntpFraction, nowMs);
    this.#report.copy(report);
    const isFirst = !this.#hasReport;
    this.#hasReport = true;
    if (isFirst) this.#track.encodingsChanged(nowMs);
    this.#reportDueMs = Math.min(this.#reportDueMs, nowMs + REPORT_WAIT_MS);
  }

  /**
   * The publisher says that a stream is over (RFC 3550 section 6.6): nothing is reported or asked of it until it sends
   * again, as an encoder does that was only stopped.
   */
  handleBye(ssrc: number, nowMs: number): void {
    if (ssrc !== this.ssrc) return;
    this.#silent = true;
    for (const consumer of this.#consumers) consumer.sendBye?.(ssrc);
    this.#ssrcs.handleBye();
    this.#stopRequests();
    if (this.#activity.stop()) this.#stopped(nowMs);
  }

  /** A subscriber needs a key frame: asked for at once, or with the next request that the gate lets through. */
  requestKeyFrame(nowMs: number): void {
    if (this.ssrc !== undefined && !this.#silent) this.#keyFrames.request(this.ssrc, nowMs);
  }

  nextTimeout(): number {
    const activity = this.#track.encodings.length > 1 ? this.#activity.nextTimeout() : Infinity;
    return Math.min(this.#keyFrames.nextTimeout(), this.#log?.nextTimeout() ?? Infinity, this.#reportDueMs, activity);
  }

  handleTimeout(nowMs: number): void {
    if (this.ssrc === undefined) return;
    this.#requestMissing(nowMs);
    this.#keyFrames.handleTimeout(this.ssrc, nowMs);
    if (this.#track.encodings.length > 1) this.#checkActivity(nowMs);
    if (this.#reportDueMs > nowMs) return;
    this.#reportDueMs = Infinity;
    for (const consumer of this.#consumers) consumer.sendSenderReport(this.#report, nowMs);
  }

  #checkActivity(nowMs: number): void {
    const { frames, encodings } = this.#track;
    const others = encodings.reduce((count, each) => each !== this && each.active ? count + 1 : count, 0);
    if (this.#activity.handleTimeout(frames, others, nowMs)) this.#stopped(nowMs);
  }

  /** Nothing of it comes any more: what it took is remembered. */
  #stopped(nowMs: number): void {
    this.#rates?.hold();
    this.#track.encodingsChanged(nowMs);
  }

  #forward(run: RtpRun, from: number, to: number, nowMs: number): void {
    if (from === to || this.#consumers.length === 0) return;
    const { audio, equalizesLengths } = this.#track;
    const consumers = audio === undefined ? this.#consumers : audio.receivers(this.#consumers, run.packets[from]);
    if (consumers.length === 0) return;
    if (equalizesLengths) equalizeLengths(run, from, to);
    const plain = audio === undefined ? run : audio.begin(run, from, to);
    const reports = this.#reportDueMs < Infinity && consumers.length === this.#consumers.length;
    if (reports) this.#reportDueMs = Infinity;
    for (let c = 0; c < consumers.length; c++) {
      const sent = audio !== undefined && consumers[c].takesRed ? audio.red(run, from, to) : plain;
      consumers[c].handleRtp(sent, from, to, nowMs);
      if (reports) consumers[c].sendSenderReport(this.#report, nowMs);
    }
  }

  /** False for a packet that came before, by RTX for instance. */
  #receive(packet: RtpPacket, nowMs: number): boolean {
    this.#track.counters.packetsReceived++;
    this.#track.counters.bytesReceived += packet.payloadLength;
    this.#statistics.handlePacket(packet.sequenceNumber, packet.timestamp, nowMs);
    if (packet.marker) this.#track.frames++;
    if (this.#isLogged() && !this.#log?.handlePacket(packet.sequenceNumber, nowMs)) return false;
    this.#track.audio?.handlePacket(packet, nowMs);
    this.#keep(packet, nowMs);
    return true;
  }

  /** A repaired packet goes on as if it had come late (RFC 4588); padding alone is a probe, and dropped. */
  #handleRtx(run: RtpRun, from: number, to: number, nowMs: number): void {
    const { ssrc } = this;
    if (ssrc === undefined || !this.#ssrcs.isRepairedBy(run.packets[from].ssrc) || !this.#isLogged()) return;
    for (let i = from; i < to; i++) {
      const packet = run.packets[i];
      if (!unwrapRtx(packet, ssrc, this.#track.codec.payloadType)) continue;
      if (!this.#log?.handleRecovered(packet.sequenceNumber, nowMs)) continue;
      this.#track.counters.recoveredUpstream++;
      this.#keep(packet, nowMs);
      this.#forward(run, i, i + 1, nowMs);
    }
    this.#requestMissing(nowMs);
  }

  #keep(packet: RtpPacket, nowMs: number): void {
    if (this.#track.kind !== "video") return;
    this.cache?.store(packet, nowMs);
    this.#measure(packet, nowMs);
    const { format } = this.#track;
    if (!format.isKeyFrameStart(packet.bytes, packet.headerLength, packet.payloadLength)) return;
    this.#keyFrames.handleKeyFrame();
    this.#log?.handleKeyFrame(packet.sequenceNumber);
    const width = this.widthOf(0);
    if (width === this.#lowestWidth) return;
    this.#lowestWidth = width;
    this.#track.encodingResized();
  }

  #measure(packet: RtpPacket, nowMs: number): void {
    const reader = this.#layers;
    if (reader === undefined) return this.#rates?.handlePacket(0, 0, packet.length, packet.marker, nowMs);
    reader.read(packet);
    this.#rates?.handlePacket(packet.layers.spatial, packet.layers.temporal, packet.length, packet.marker, nowMs);
  }

  /** What nobody receives is not repaired. */
  #isLogged(): boolean {
    return this.#log !== undefined && this.#consumers.length > 0;
  }

  #requestMissing(nowMs: number): void {
    const log = this.#log;
    if (log === undefined || this.ssrc === undefined) return;
    while (log.nextTimeout() <= nowMs) {
      const count = log.collect(nowMs, log.answerMs * ANSWER_MARGIN, this.#nacked);
      if (count === 0) continue;
      this.#track.counters.nacksUpstream++;
      this.#track.feedback.sendNack(this.ssrc, this.#nacked, count);
    }
    if (!log.gaveUp) return;
    log.gaveUp = false;
    this.requestKeyFrame(nowMs);
  }

  /** Nobody receives what would come, or nobody is there to send it. */
  #stopRequests(): void {
    this.#keyFrames.cancel();
    this.#log?.clear();
  }

  /** False where packets of the SSRC are not those of the present stream. */
  #acceptSsrc(ssrc: number, nowMs: number): boolean {
    const before = this.ssrc;
    if (!this.#ssrcs.accept(ssrc, nowMs)) return false;
    if (ssrc === before) return true;
    const { codec, format, descriptorId } = this.#track;
    this.#statistics = new ReceiveStatistics(codec.clockRate);
    this.#hasReport = false;
    this.#layers = format.layerReader?.(descriptorId);
    this.#log?.clear();
    return true;
  }
}
