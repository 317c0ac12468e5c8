import { type CodecFormat, codecFormat } from "../rtp/codecs/codec.ts";
import type { RtpPacket, RtpRun } from "../rtp/packet.ts";
import type { SenderReport } from "../rtp/rtcp/sender_report.ts";
import { KeyFrameGate } from "../stream/key_frame_gate.ts";
import { ReceiveStatistics } from "../stream/receive_statistics.ts";
import type {
  Codec,
  HeaderExtension,
  Kind,
  PeerId,
  ProducerParameters,
  PublishedTrack,
  Source,
  TrackId,
} from "./types.ts";

/** As many as the demultiplexer binds to one track. */
const MAX_RETIRED_SSRCS = 8;

/** What a producer hands its packets to: a `Consumer`, which knows its producer and not the other way round. */
export interface RtpConsumer {
  handleRtp(run: RtpRun, from: number, to: number, nowMs: number): void;
  sendSenderReport(report: SenderReport): void;
}

/** Asks the publisher of a stream for a key frame. */
export type SendKeyFrameRequest = (mediaSsrc: number) => void;

/** One published track: takes its packets and hands them to each of its consumers. */
export class Producer implements PublishedTrack {
  readonly id: TrackId;
  readonly peerId: PeerId;
  readonly mid: string;
  readonly kind: Kind;
  readonly source: Source;
  readonly codec: Codec;
  readonly headerExtensions: readonly HeaderExtension[];
  readonly #consumers: RtpConsumer[] = [];
  readonly #format: CodecFormat;
  readonly #gate = new KeyFrameGate();
  readonly #sendKeyFrameRequest: SendKeyFrameRequest;
  #statistics: ReceiveStatistics;
  #ssrc: number | undefined;
  /** SSRCs that were current before, the newest last. */
  readonly #retiredSsrcs: number[] = [];

  constructor(id: TrackId, peerId: PeerId, parameters: ProducerParameters, sendKeyFrameRequest: SendKeyFrameRequest) {
    this.id = id;
    this.peerId = peerId;
    this.mid = parameters.mid;
    this.kind = parameters.kind;
    this.source = parameters.source;
    this.codec = parameters.codec;
    this.headerExtensions = parameters.headerExtensions;
    this.#format = codecFormat(parameters.codec.mimeType);
    this.#statistics = new ReceiveStatistics(parameters.codec.clockRate);
    this.#sendKeyFrameRequest = sendKeyFrameRequest;
  }

  /** The SSRC that the publisher sends at present; undefined before its first packet. */
  get ssrc(): number | undefined {
    return this.#ssrc;
  }

  get statistics(): ReceiveStatistics {
    return this.#statistics;
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
    if (this.#consumers.length === 0) this.#gate.cancel();
  }

  /** Forwards `run.packets[from, to)`, which are of one SSRC, to every consumer: all of them to one before the next. */
  handleRtp(run: RtpRun, from: number, to: number, nowMs: number): void {
    if (!this.#acceptSsrc(run.packets[from].ssrc)) return;
    for (let i = from; i < to; i++) this.#receive(run.packets[i], nowMs);
    const consumers = this.#consumers;
    for (let c = 0; c < consumers.length; c++) consumers[c].handleRtp(run, from, to, nowMs);
  }

  /** Keeps lip sync: each consumer gets the report in its own SSRC and timestamps (RFC 3550 section 6.4.1). */
  handleSenderReport(report: SenderReport, nowMs: number): void {
    if (report.ssrc !== this.#ssrc) return;
    this.#statistics.handleSenderReport(report.ntpSeconds, report.ntpFraction, nowMs);
    for (const consumer of this.#consumers) consumer.sendSenderReport(report);
  }

  /** Whether the packet begins a key frame; true of every audio packet. */
  startsKeyFrame(packet: RtpPacket): boolean {
    return this.#format.isKeyFrameStart(packet.bytes, packet.headerLength, packet.payloadLength);
  }

  /** A subscriber needs a key frame: asked for at once, or with the next request that the gate lets through. */
  requestKeyFrame(nowMs: number): void {
    if (this.kind !== "video" || this.#ssrc === undefined) return;
    if (this.#gate.request(nowMs)) this.#sendKeyFrameRequest(this.#ssrc);
  }

  nextTimeout(): number {
    return this.#gate.nextTimeout();
  }

  handleTimeout(nowMs: number): void {
    if (this.#ssrc !== undefined && this.#gate.handleTimeout(nowMs)) this.#sendKeyFrameRequest(this.#ssrc);
  }

  #receive(packet: RtpPacket, nowMs: number): void {
    this.#statistics.handlePacket(packet.sequenceNumber, packet.timestamp, nowMs);
    if (this.kind === "video" && this.startsKeyFrame(packet)) this.#gate.keyFrameReceived();
  }

  #retire(ssrc: number): void {
    this.#retiredSsrcs.push(ssrc);
    if (this.#retiredSsrcs.length > MAX_RETIRED_SSRCS) this.#retiredSsrcs.shift();
  }

  /** A new SSRC takes over from the old one, whose late packets are refused from then on. */
  #acceptSsrc(ssrc: number): boolean {
    if (ssrc === this.#ssrc) return true;
    if (this.#retiredSsrcs.includes(ssrc)) return false;
    if (this.#ssrc !== undefined) this.#retire(this.#ssrc);
    this.#ssrc = ssrc;
    this.#statistics = new ReceiveStatistics(this.codec.clockRate);
    return true;
  }
}
