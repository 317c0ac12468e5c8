import type { BandwidthEstimator, PacketNumbering } from "../congestion/bandwidth_estimator.ts";
import type { HeaderFields } from "../rtp/header.ts";
import { FIXED_HEADER_LENGTH, RtpPacket, type RtpRun } from "../rtp/packet.ts";
import type { RtcpReader } from "../rtp/rtcp/rtcp_reader.ts";
import type { SenderReport } from "../rtp/rtcp/sender_report.ts";
import { sequenceDiff } from "../rtp/sequence.ts";
import type { PayloadForwarder } from "../stream/payload_forwarder.ts";
import { RetransmissionGuard, STEP_MS } from "../stream/retransmission_guard.ts";
import type { StreamRewriter } from "../stream/rewriter.ts";
import type { Encoding, RtpConsumer } from "./encoding.ts";
import { EncodingSwitch } from "./encoding_switch.ts";
import { writeForwardedHeader } from "./forwarded_header.ts";
import { type ExtensionMapping, mapHeaderExtensions } from "./header_extensions.ts";
import { type CurrentLayers, forwarderBehind, newFiller, newForwarder } from "./layer_forwarding.ts";
import type { MediaSender } from "./media_sink.ts";
import type { OutgoingStream } from "./outgoing_stream.ts";
import type { Producer, TrackConsumer } from "./producer.ts";
import type { ProbeContent, ProbeStream } from "./probes.ts";
import type { ConsumerLike } from "./quality_report.ts";
import { mayTakeRed, RedChoice } from "./red_choice.ts";
import { nameBlocks } from "./redundancy.ts";
import { RtxSender } from "./rtx_sender.ts";
import type { ConsumerParameters } from "./types.ts";

/** How far behind the first packet of a key frame others may be that came before it: a large key frame and 100 ms more. */
export const MAX_CATCH_UP = 128;

/** What consumers of this isolate use during one call, and none of them after it. */
const scratch = {
  /** Of those that came before the first one. */
  early: new RtpPacket(),
  /** Padding alone, in place of what is left out after its number was told. */
  filler: newFiller(),
  header: { payloadType: 0, sequenceNumber: 0, timestamp: 0, ssrc: 0 } satisfies HeaderFields,
  /** What was read ahead. */
  ahead: 0,
};

/**
 * One track forwarded to one subscriber: selects the packets, and rewrites SSRC, sequence number, timestamp, payload
 * type, header extensions and MID to what that subscriber negotiated.
 */
export class Consumer implements ConsumerLike, TrackConsumer, RtpConsumer, ProbeStream {
  readonly mid: string;
  readonly producer: Producer;
  readonly stream: OutgoingStream;
  /** Whether it is sent audio with redundancy (RED). */
  takesRed = false;
  #isPinned = false;
  /** Of the packets that are forwarded, and that under which they go out: RED for both where that is taken. */
  #sourcePayloadType = 0;
  #payloadType = 0;
  /** Undefined where the subscriber never takes RED. */
  readonly #red: RedChoice | undefined;
  readonly #extensions: ExtensionMapping;
  readonly #rewriter: StreamRewriter;
  readonly #sender: MediaSender;
  /** Of retransmissions; -1 where the subscriber takes none. */
  readonly #rtxPayloadType: number;
  /** Made with the first retransmission or probe. */
  #rtx: RtxSender | undefined;
  /** Which encoding is forwarded: asked where a packet is of another source, which is seldom. */
  readonly #encodings: EncodingSwitch;
  /** Where the subscriber tells which packets came: it numbers them. */
  readonly #numbering: PacketNumbering | undefined;
  /** Leaves layers out, and rewrites what counts pictures: made where there are several encodings, or fewer layers wanted. */
  #layers: PayloadForwarder | undefined;
  /** Made with the first packets, where the subscriber takes retransmissions. */
  #guard: RetransmissionGuard | undefined;
  /** Bytes sent that the guard was not told of, all in one step of its time: it is one object less to touch for each run. */
  #untoldBytes = 0;
  #untoldStep = 0;

  /** `stream`, which another consumer may have fed, is what the subscriber is sent; `bandwidth` is that of the subscriber. */
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
    this.#rtxPayloadType = stream.rtxSsrc === undefined ? -1 : codec.rtxPayloadType ?? -1;
    this.#sourcePayloadType = producer.codec.payloadType;
    this.#payloadType = codec.payloadType;
    this.#red = mayTakeRed(codec) ? new RedChoice(producer.codec, codec) : undefined;
    if (this.#red !== undefined) this.#applyRed(this.#red);
    this.#extensions = mapHeaderExtensions(producer.headerExtensions, parameters.headerExtensions, mid);
    this.#rewriter = stream.rewriter;
    stream.switchTo(producer.codec.clockRate);
    this.#encodings = new EncodingSwitch(producer, this, this.#rewriter);
    this.#sender = sender;
    this.#numbering = this.#extensions.transportId === 0 ? undefined : bandwidth?.numbering;
    if (producer.encodings.length > 1) this.#layers = newForwarder(producer);
  }

  get ssrc(): number {
    return this.stream.ssrc;
  }

  /** Of its retransmissions (RFC 4588); undefined where the subscriber takes none. */
  get rtxSsrc(): number | undefined {
    return this.#rtxPayloadType < 0 ? undefined : this.stream.rtxSsrc;
  }

  /** Whether packets of the source go on to the subscriber: a key frame came, or there is no need of one. */
  get started(): boolean {
    return this.#encodings.started;
  }

  /** The encoding that is forwarded; before the first packet, and after a pause, the one that is waited for. */
  get encoding(): Encoding {
    return this.#encodings.current;
  }

  /** What is forwarded at present: an encoding, and its highest layers, which count from 0. */
  get current(): CurrentLayers {
    const { encoding } = this;
    const spatial = Math.min(this.#layers?.spatial ?? Infinity, encoding.spatialLayers - 1);
    const temporal = Math.min(this.#layers?.temporal ?? Infinity, encoding.temporalLayers - 1);
    return { encoding, spatial, temporal };
  }

  handleRtp(run: RtpRun, from: number, to: number, nowMs: number): void {
    scratch.ahead = this.#sender.readAhead() + (this.#numbering?.readAhead() ?? 0) + this.#rewriter.sequenceNumber;
    const step = Math.floor(nowMs / STEP_MS);
    if (step !== this.#untoldStep && this.#rtxPayloadType >= 0) this.#tellGuard(step);
    if (this.takesRed && this.#red !== undefined) nameBlocks(run, from, to, this.#red.blockPayloadType);
    const { stream, producer: { counters } } = this;
    const packetsBefore = stream.packetsSent;
    const bytesBefore = stream.bytesSent;
    for (let i = from; i < to; i++) {
      if (this.#forward(run.packets[i], nowMs)) this.#catchUp(run, i, to, nowMs);
    }
    // Layers may break off by a packet: by one that is lost, or where the highest ends.
    if (this.#layers !== undefined && this.#layers.needsKeyFrame) this.requestKeyFrame(nowMs);
    counters.packetsSent += stream.packetsSent - packetsBefore;
    counters.bytesSent += (stream.bytesSent - bytesBefore) | 0;
  }

  /** The stream goes on with this packet: what was left out before it leaves no gap in the numbers. */
  continueAt(packet: RtpPacket): void {
    this.#rewriter.continueAt(packet);
  }

  /** What the subscriber pins it gets whoever is louder (rule B352), as long as it takes packets. */
  pin(isPinned: boolean): void {
    this.#isPinned = isPinned;
    if (this.#encodings.attached) this.producer.audio?.pin(this, isPinned);
  }

  /** The subscriber reports how many packets it has lost since its last report, in 256ths. */
  handleLossReport(fractionLost: number, nowMs: number): void {
    if (this.#red === undefined) return;
    this.#red.handleReport(fractionLost, nowMs);
    if (this.#red.takesRed !== this.takesRed) this.#applyRed(this.#red);
  }

  /** RTP packets sent again because the subscriber asked. */
  get packetsResent(): number {
    return this.#rtx?.packetsResent ?? 0;
  }

  /** Whether the subscriber tells which of its packets came. */
  get numbersPackets(): boolean {
    return this.#numbering !== undefined;
  }

  /** Of RTP packets, without what is sent again: modulo 2^32 as a signed number. */
  get bytesSent(): number {
    return (this.stream.bytesSent + FIXED_HEADER_LENGTH * this.stream.packetsSent) | 0;
  }

  /** Takes packets from now on. */
  begin(): void {
    this.producer.addConsumer(this);
  }

  /** Sends no more packets until `resume`; the track stays subscribed. */
  pause(): void {
    this.producer.removeConsumer(this);
    this.stream.switchTo(this.producer.codec.clockRate);
  }

  /** Goes on at the next key frame, which is asked for. */
  resume(nowMs: number): void {
    this.begin();
    this.requestKeyFrame(nowMs);
  }

  requestKeyFrame(nowMs: number): void {
    this.#encodings.requestKeyFrame(nowMs);
  }

  attach(): void {
    this.#encodings.attach();
    this.producer.audio?.pin(this, this.#isPinned);
  }

  detach(): void {
    this.producer.audio?.remove(this);
    this.#encodings.detach();
  }

  handleEncodings(nowMs: number): void {
    this.#encodings.handleEncodings(nowMs);
  }

  wants(encoding: Encoding): boolean {
    return this.#encodings.wants(encoding);
  }

  /**
   * The highest encoding to forward, by its index in `producer.encodings`, and the highest layers of it; Infinity, as at
   * first, for the highest that is sent. What is forwarded goes on until a key frame of the new encoding comes, which is
   * asked for, or until a decoder can follow.
   */
  setTarget(encoding: number, spatial: number, temporal: number, nowMs: number): void {
    const { producer } = this;
    if (spatial < Infinity || temporal < Infinity) {
      this.#layers ??= this.started ? forwarderBehind(producer, this.encoding, nowMs) : newForwarder(producer);
    }
    this.#layers?.setTarget(spatial, temporal);
    this.#encodings.setWanted(encoding, nowMs);
    if (this.#layers?.needsKeyFrame) this.requestKeyFrame(nowMs);
  }

  /** Sends the publisher's report with this consumer's SSRC, timestamp and counts. */
  sendSenderReport(report: SenderReport, nowMs: number): void {
    // Tracks of one peer share a CNAME: the receiver plays them in sync (RFC 3550 section 6.5.1).
    this.stream.sendSenderReport(report, this.producer.cname, this.#sender, nowMs);
  }

  /**
   * Sends again by RTX what the subscriber misses, as far as it is still there (RFC 4585 section 6.2.1, RFC 4588).
   * `roundTripMs` is the time to the subscriber and back; 0 does where it is not known. Looks at `limit` requests at most,
   * up to the end of a pair, and returns at how many.
   */
  handleNack(reader: RtcpReader, nowMs: number, roundTripMs = 0, limit = Infinity): number {
    if (this.#rtxPayloadType < 0) return 0;
    const guard = this.#tellGuard(Math.floor(nowMs / STEP_MS));
    return this.#rtxSender()?.handleNack(reader, guard, nowMs, roundTripMs, limit) ?? 0;
  }

  #applyRed({ takesRed, sourcePayloadType, payloadType }: RedChoice): void {
    this.takesRed = takesRed;
    this.#sourcePayloadType = sourcePayloadType;
    this.#payloadType = payloadType;
  }

  probeContent(nowMs: number): ProbeContent | undefined {
    // Who was never sent anything carries no probe, and gets nothing to send it by.
    if (!this.started && this.stream.packetsSent === 0) return undefined;
    return this.#rtxSender()?.probeContent(this.#encodings, nowMs);
  }

  /**
   * Sends one packet for a probe, of at most about `bytes`: a recent packet once more, which mends what was lost of it, or
   * else padding, both by RTX. Returns how long it is; 0 where it could not be sent.
   */
  sendProbe(bytes: number, nowMs: number): number {
    return this.#rtxSender()?.sendProbe(bytes, nowMs) ?? 0;
  }

  /** As the present layers have it; undefined where the subscriber takes no retransmissions. */
  #rtxSender(): RtxSender | undefined {
    this.#rtx ??= this.#newRtxSender();
    if (this.#rtx !== undefined) this.#rtx.layers = this.#layers;
    return this.#rtx;
  }

  /** The SSRC is asked for here alone: beyond 31 bits each answer is an allocation. */
  #newRtxSender(): RtxSender | undefined {
    const { producer, stream, rtxSsrc: ssrc } = this;
    if (ssrc === undefined) return undefined;
    const [sender, extensions, numbering] = [this.#sender, this.#extensions, this.#numbering];
    const options = { producer, stream, sender, ssrc, payloadType: this.#rtxPayloadType, extensions, numbering };
    return new RtxSender(options);
  }

  /** Tells of what was sent, and goes on with the step that is given. */
  #tellGuard(step: number): RetransmissionGuard {
    const guard = this.#guard ??= new RetransmissionGuard();
    if (this.#untoldBytes > 0) guard.handleSent(this.#untoldBytes, this.#untoldStep * STEP_MS);
    this.#untoldBytes = 0;
    this.#untoldStep = step;
    return guard;
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
    if (begins && !this.#begin(packet, nowMs)) return false;
    const layers = this.#layers;
    if (layers !== undefined && !layers.select(packet)) return this.#leaveOut(slot, packet, nowMs);
    if (!rewriter.map(packet, nowMs)) return false;
    if (layers === undefined) this.#send(slot, packet, undefined, nowMs);
    else this.#sendLayers(layers, slot, packet, nowMs);
    return begins;
  }

  /** Sends the packet under the numbers that the rewriter has for it, its payload changed by `changing`. */
  #send(slot: Uint8Array, packet: RtpPacket, changing: PayloadForwarder | undefined, nowMs: number): void {
    const { header } = scratch;
    header.payloadType = this.#payloadType;
    header.sequenceNumber = this.#rewriter.sequenceNumber;
    header.timestamp = this.#rewriter.timestamp;
    header.ssrc = this.stream.ssrcBits;
    const rest = packet.length - packet.headerLength;
    const headerLength = writeForwardedHeader(slot, packet, header, this.#extensions, this.#numbering, rest, nowMs);
    const offset = changing === undefined ? packet.headerLength : changing.changePayload(packet);
    const length = packet.length - offset;
    if (this.#sender.sendRtp(headerLength, packet.bytes, offset, length)) {
      this.stream.packetsSent++;
      this.stream.bytesSent = (this.stream.bytesSent + packet.payloadLength) | 0;
      if (this.#rtxPayloadType >= 0) this.#untoldBytes += headerLength + length;
    } else {
      this.#drop();
    }
  }

  #sendLayers(layers: PayloadForwarder, slot: Uint8Array, packet: RtpPacket, nowMs: number): void {
    const { marker } = packet;
    packet.marker = layers.marker;
    if (layers.changes) {
      layers.changeHeader(packet);
      this.#send(slot, packet, layers, nowMs);
      layers.restore(packet);
    } else {
      this.#send(slot, packet, undefined, nowMs);
    }
    packet.marker = marker;
  }

  /**
   * A packet of a layer that is not forwarded. Where it comes late its number was told already, as that of a packet which is
   * missing: it goes out as padding, so that the subscriber neither asks for it nor waits.
   */
  #leaveOut(slot: Uint8Array, packet: RtpPacket, nowMs: number): false {
    if (!this.#rewriter.skip(packet) && this.#rewriter.map(packet, nowMs)) {
      this.#send(slot, scratch.filler, undefined, nowMs);
    }
    return false;
  }

  /** Whether the packet begins the stream, or a new source of it. */
  #begin(packet: RtpPacket, nowMs: number): boolean {
    if (!this.#encodings.begin(packet, nowMs)) return false;
    this.#layers?.switchSource();
    return true;
  }

  #drop(): false {
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
      if (!cache.load(cache.find(next, nowMs), scratch.early)) continue;
      this.encoding.readLayers(scratch.early);
      this.#forward(scratch.early, nowMs);
    }
  }
}

function isAmong(sequenceNumber: number, run: RtpRun, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (run.packets[i].sequenceNumber === sequenceNumber) return true;
  return false;
}
