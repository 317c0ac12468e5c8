import type { BandwidthEstimator } from "../congestion/bandwidth_estimator.ts";
import { type HeaderFields, writeHeader } from "../rtp/header.ts";
import { writeTransportSequenceNumber } from "../rtp/header_extension.ts";
import { FIXED_HEADER_LENGTH, RtpPacket, type RtpRun } from "../rtp/packet.ts";
import { nackBlp, nackCount, nackPid } from "../rtp/rtcp/nack.ts";
import { compactNtp } from "../rtp/rtcp/ntp.ts";
import type { RtcpReader } from "../rtp/rtcp/rtcp_reader.ts";
import { writeSourceDescription } from "../rtp/rtcp/sdes.ts";
import { type SenderReport, writeSenderReport } from "../rtp/rtcp/sender_report.ts";
import { setBlockPayloadTypes } from "../rtp/red.ts";
import { OSN_LENGTH, prependOriginalSequenceNumber } from "../rtp/rtx.ts";
import { sequenceDiff } from "../rtp/sequence.ts";
import { RetransmissionGuard, STEP_MS } from "../stream/retransmission_guard.ts";
import type { StreamRewriter } from "../stream/rewriter.ts";
import type { Encoding } from "./encoding.ts";
import { EncodingSwitch } from "./encoding_switch.ts";
import { type ExtensionMapping, mapHeaderExtensions } from "./header_extensions.ts";
import type { MediaSender } from "./media_sink.ts";
import type { OutgoingStream } from "./outgoing_stream.ts";
import type { Producer, TrackConsumer } from "./producer.ts";
import { RedChoice } from "./red_choice.ts";
import { RED_VIEW } from "./redundancy.ts";
import type { LimitedConsumer } from "./send_limit.ts";
import type { Codec, ConsumerParameters, Kind } from "./types.ts";

/** A sender report and a CNAME of 64 bytes fit. */
const REPORT_LENGTH = 128;
/** How far behind the first packet of a key frame others may be that came before it: a large key frame and 100 ms more. */
export const MAX_CATCH_UP = 128;

/** What consumers of this isolate use during one call, and none of them after it. */
const scratch = {
  resent: new RtpPacket(),
  /** Of those that came before the first one. */
  early: new RtpPacket(),
  rtcp: new Uint8Array(REPORT_LENGTH),
  header: { payloadType: 0, sequenceNumber: 0, timestamp: 0, ssrc: 0 } satisfies HeaderFields,
};

/**
 * One track forwarded to one subscriber: selects the packets, and rewrites SSRC, sequence number, timestamp, payload
 * type, header extensions and MID to what that subscriber negotiated.
 */
export class Consumer implements LimitedConsumer, TrackConsumer {
  readonly ssrc: number;
  /** Of its retransmissions (RFC 4588); undefined where the subscriber takes none. */
  readonly rtxSsrc: number | undefined;
  readonly mid: string;
  readonly producer: Producer;
  readonly stream: OutgoingStream;
  /** RTP packets that the transport could not take. */
  packetsDropped = 0;
  /** RTP packets sent again because the subscriber asked. */
  packetsResent = 0;
  /** As a signed number, which V8 keeps in the field itself. */
  readonly #ssrcBits: number;
  /** Of the packets that are forwarded, and that under which they go out: RED for both where that is taken. */
  #sourcePayloadType: number;
  #payloadType: number;
  readonly #codec: Codec;
  readonly #red: RedChoice;
  /** At hand for each run. */
  #takesRed = false;
  readonly #extensions: ExtensionMapping;
  readonly #rewriter: StreamRewriter;
  readonly #sender: MediaSender;
  readonly #rtxPayloadType: number;
  /** Which encoding is forwarded: asked where a packet is of another source, which is seldom. */
  readonly #encodings: EncodingSwitch;
  /** Where the subscriber tells which packets came: it numbers them. */
  readonly #bandwidth: BandwidthEstimator | undefined;
  /** Made with the first packets, where the subscriber takes retransmissions. */
  #guard: RetransmissionGuard | undefined;
  /** Bytes sent that the guard was not told of, all in one step of its time: it is one object less to touch for each run. */
  #untoldBytes = 0;
  #untoldStep = 0;

  /**
   * `stream` is what the subscriber is sent; where another consumer has fed it, it goes on from there. `bandwidth` is that
   * of the subscriber.
   */
  constructor(
    producer: Producer,
    parameters: ConsumerParameters,
    stream: OutgoingStream,
    sender: MediaSender,
    bandwidth?: BandwidthEstimator,
  ) {
    const { codec, mid } = parameters;
    this.producer = producer;
    this.mid = mid;
    this.stream = stream;
    this.ssrc = stream.ssrc;
    this.#ssrcBits = stream.ssrc | 0;
    this.rtxSsrc = codec.rtxPayloadType === undefined ? undefined : stream.rtxSsrc;
    this.#codec = codec;
    this.#sourcePayloadType = producer.codec.payloadType;
    this.#payloadType = codec.payloadType;
    this.#red = new RedChoice(producer.codec, codec);
    this.#chooseRed(this.#red.takesRed);
    this.#extensions = mapHeaderExtensions(producer.headerExtensions, parameters.headerExtensions, mid);
    this.#rewriter = stream.rewriter;
    stream.switchTo(producer.codec.clockRate);
    this.#encodings = new EncodingSwitch(producer, this, this.#rewriter);
    this.#sender = sender;
    this.#rtxPayloadType = codec.rtxPayloadType ?? 0;
    this.#bandwidth = this.#extensions.transportId === 0 ? undefined : bandwidth;
  }

  /** Whether packets of the source go on to the subscriber: a key frame came, or there is no need of one. */
  get started(): boolean {
    return this.#encodings.started;
  }

  /** The encoding that is forwarded; before the first packet, and after a pause, the one that is waited for. */
  get encoding(): Encoding {
    return this.#encodings.current;
  }

  handleRtp(run: RtpRun, from: number, to: number, nowMs: number): void {
    const step = Math.floor(nowMs / STEP_MS);
    if (step !== this.#untoldStep && this.rtxSsrc !== undefined) this.#tellGuard(step);
    if (this.#takesRed) this.#markBlocks(run, from, to);
    const { stream, producer: { counters } } = this;
    const packetsBefore = stream.packetsSent;
    const bytesBefore = stream.bytesSent;
    for (let i = from; i < to; i++) {
      if (this.#forward(run.packets[i], nowMs)) this.#catchUp(run, i, to, nowMs);
    }
    counters.packetsSent += stream.packetsSent - packetsBefore;
    counters.bytesSent += (stream.bytesSent - bytesBefore) | 0;
  }

  get takesRed(): boolean {
    return this.#takesRed;
  }

  /** The stream goes on with this packet: what was left out before it leaves no gap in the numbers. */
  continueAt(packet: RtpPacket): void {
    this.#rewriter.continueAt(packet);
  }

  /** What the subscriber pins it gets whoever is louder (rule B351). */
  pin(isPinned: boolean): void {
    this.producer.audio?.pin(this, isPinned);
  }

  /** The subscriber reports how many packets it has lost since its last report, in 256ths. */
  handleLossReport(fractionLost: number, nowMs: number): void {
    this.#red.handleReport(fractionLost, nowMs);
    if (this.#red.takesRed !== this.#takesRed) this.#chooseRed(this.#red.takesRed);
  }

  get kind(): Kind {
    return this.producer.kind;
  }

  /** Of RTP packets, without what is sent again: modulo 2^32 as a signed number. */
  get bytesSent(): number {
    return (this.stream.bytesSent + FIXED_HEADER_LENGTH * this.stream.packetsSent) | 0;
  }

  /** Sends no more packets until `resume`; the track stays subscribed. */
  pause(): void {
    this.producer.removeConsumer(this);
    this.stream.switchTo(this.producer.codec.clockRate);
  }

  /** Goes on at the next key frame, which is asked for. */
  resume(nowMs: number): void {
    this.producer.addConsumer(this);
    this.requestKeyFrame(nowMs);
  }

  requestKeyFrame(nowMs: number): void {
    this.#encodings.requestKeyFrame(nowMs);
  }

  attach(): void {
    this.#encodings.attach();
  }

  detach(): void {
    this.#encodings.detach();
  }

  handleEncodings(nowMs: number): void {
    this.#encodings.handleEncodings(nowMs);
  }

  wants(encoding: Encoding): boolean {
    return this.#encodings.wants(encoding);
  }

  /**
   * The highest encoding to forward, by its index in `producer.encodings`; Infinity, as at first, for the highest that is
   * sent. What is forwarded goes on until a key frame of the new one comes, which is asked for.
   */
  setTarget(encoding: number, nowMs: number): void {
    this.#encodings.setWanted(encoding, nowMs);
  }

  /** Sends the publisher's report with this consumer's SSRC, timestamp and counts. */
  sendSenderReport(report: SenderReport, nowMs: number): void {
    if (this.#rewriter.sourceSsrc !== report.ssrc) return;
    const length = writeSenderReport(
      scratch.rtcp,
      0,
      this.ssrc,
      report.ntpSeconds,
      report.ntpFraction,
      this.#rewriter.translateTimestamp(report.rtpTimestamp),
      this.stream.packetsSent >>> 0,
      this.stream.bytesSent >>> 0,
    );
    // Tracks of one peer share a CNAME: the receiver plays them in sync (RFC 3550 section 6.5.1).
    const cnameLength = writeSourceDescription(scratch.rtcp, length, this.ssrc, this.producer.cname);
    this.#sender.sendRtcp(scratch.rtcp, length + cnameLength);
    this.stream.sentReports.handleSent(compactNtp(report.ntpSeconds, report.ntpFraction), nowMs);
  }

  /**
   * Sends again by RTX what the subscriber misses, as far as it is still there (RFC 4585 section 6.2.1, RFC 4588).
   * `roundTripMs` is the time to the subscriber and back; 0 does where it is not known. Looks at `limit` requests at most,
   * up to the end of a pair, and returns at how many.
   */
  handleNack(reader: RtcpReader, nowMs: number, roundTripMs = 0, limit = Infinity): number {
    if (this.rtxSsrc === undefined) return 0;
    const count = nackCount(reader);
    let asked = 0;
    for (let i = 0; i < count && asked < limit; i++) {
      const first = nackPid(reader, i);
      this.#resend(first, nowMs, roundTripMs);
      asked++;
      for (let rest = nackBlp(reader, i), next = first + 1; rest !== 0; rest >>= 1, next++) {
        if ((rest & 1) === 0) continue;
        this.#resend(next & 0xffff, nowMs, roundTripMs);
        asked++;
      }
    }
    return asked;
  }

  #chooseRed(takesRed: boolean): void {
    const { payloadType, redPayloadType = payloadType } = this.#codec;
    this.#takesRed = takesRed;
    this.#sourcePayloadType = takesRed ? RED_VIEW : this.producer.codec.payloadType;
    this.#payloadType = takesRed ? redPayloadType : payloadType;
  }

  /** Blocks of RED name the subscriber's payload type: in place, as the next consumer writes its own. */
  #markBlocks(run: RtpRun, from: number, to: number): void {
    for (let i = from; i < to; i++) {
      const { payloadType, bytes, headerLength } = run.packets[i];
      if (payloadType === RED_VIEW) setBlockPayloadTypes(bytes, headerLength, this.#codec.payloadType);
    }
  }

  /** Returns the bytes of the header; `length` are those that follow it. */
  #writeHeader(slot: Uint8Array, packet: RtpPacket, length: number, nowMs: number): number {
    const { ids, midId, mid, transportId } = this.#extensions;
    const bandwidth = this.#bandwidth;
    if (bandwidth === undefined) return writeHeader(slot, packet, scratch.header, ids, midId, mid);
    const headerLength = writeHeader(slot, packet, scratch.header, ids, midId, mid, transportId);
    const number = bandwidth.handleSent(headerLength + length, nowMs);
    writeTransportSequenceNumber(slot, FIXED_HEADER_LENGTH, number);
    return headerLength;
  }

  /** Tells of what was sent, and goes on with the step that is given. */
  #tellGuard(step: number): RetransmissionGuard {
    const guard = this.#guard ??= new RetransmissionGuard();
    if (this.#untoldBytes > 0) guard.handleSent(this.#untoldBytes, this.#untoldStep * STEP_MS);
    this.#untoldBytes = 0;
    this.#untoldStep = step;
    return guard;
  }

  #resend(sequenceNumber: number, nowMs: number, roundTripMs: number): void {
    const packet = scratch.resent;
    if (!this.#rewriter.locate(sequenceNumber)) return;
    const cache = this.producer.encodingOf(this.#rewriter.locatedSsrc)?.cache;
    const cached = cache?.find(this.#rewriter.locatedSource, nowMs) ?? -1;
    if (cache === undefined || cached < 0) return;
    const guard = this.#tellGuard(Math.floor(nowMs / STEP_MS));
    // Before the packet is copied: who asks for everything again and again is to cost little.
    if (!guard.allow(sequenceNumber, cache.lengthOf(cached), nowMs, roundTripMs)) return;
    if (!cache.load(cached, packet)) return;
    const slot = this.#sender.beginRtp();
    if (slot === undefined || this.rtxSsrc === undefined) return;
    const { header } = scratch;
    header.payloadType = this.#rtxPayloadType;
    header.sequenceNumber = this.stream.rtxSequenceNumber;
    header.timestamp = (packet.timestamp + this.#rewriter.locatedTimestampOffset) >>> 0;
    header.ssrc = this.rtxSsrc;
    const length = packet.payloadLength + OSN_LENGTH;
    const headerLength = this.#writeHeader(slot, packet, length, nowMs);
    const offset = prependOriginalSequenceNumber(packet, sequenceNumber);
    if (!this.#sender.sendRtp(headerLength, packet.bytes, offset, length)) return;
    this.stream.rtxSequenceNumber = (this.stream.rtxSequenceNumber + 1) & 0xffff;
    this.packetsResent++;
    this.producer.counters.resentDownstream++;
  }

  /** True where the packet began the stream, or a new source of it. */
  #forward(packet: RtpPacket, nowMs: number): boolean {
    const rewriter = this.#rewriter;
    // Padding alone is nothing to play; another payload type than the negotiated one is nothing that can be decoded.
    if (packet.payloadType !== this.#sourcePayloadType) {
      rewriter.skip(packet);
      return false;
    }
    if (packet.payloadLength === 0 && rewriter.skip(packet)) return false;
    const slot = this.#sender.beginRtp();
    if (slot === undefined) return this.#drop();
    const begins = !rewriter.isOfSource(packet);
    if (begins && !this.#encodings.begin(packet, nowMs)) return false;
    if (!rewriter.map(packet, nowMs)) return false;
    const { header } = scratch;
    header.payloadType = this.#payloadType;
    header.sequenceNumber = rewriter.sequenceNumber;
    header.timestamp = rewriter.timestamp;
    header.ssrc = this.#ssrcBits;
    const length = packet.length - packet.headerLength;
    const headerLength = this.#writeHeader(slot, packet, length, nowMs);
    if (this.#sender.sendRtp(headerLength, packet.bytes, packet.headerLength, length)) {
      this.stream.packetsSent++;
      this.stream.bytesSent = (this.stream.bytesSent + packet.payloadLength) | 0;
      if (this.rtxSsrc !== undefined) this.#untoldBytes += headerLength + length;
    } else {
      this.#drop();
    }
    return begins;
  }

  #drop(): false {
    this.packetsDropped++;
    this.producer.counters.packetsDropped++;
    return false;
  }

  /**
   * The first packet of the key frame, `run.packets[first]`, came late or by RTX: what came before it and belongs behind it
   * goes out now. What is left of the run is in the cache as well, and goes out by itself.
   */
  #catchUp(run: RtpRun, first: number, to: number, nowMs: number): void {
    const { cache } = this.#encodings.current;
    const { ssrc, sequenceNumber } = run.packets[first];
    if (cache?.ssrc !== ssrc) return;
    const count = Math.min(sequenceDiff(cache.newestSequenceNumber, sequenceNumber), MAX_CATCH_UP);
    for (let ahead = 1; ahead <= count; ahead++) {
      const next = (sequenceNumber + ahead) & 0xffff;
      if (isAmong(next, run, first + 1, to)) continue;
      if (cache.load(cache.find(next, nowMs), scratch.early)) this.#forward(scratch.early, nowMs);
    }
  }
}

function isAmong(sequenceNumber: number, run: RtpRun, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (run.packets[i].sequenceNumber === sequenceNumber) return true;
  return false;
}
