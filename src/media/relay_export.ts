import { RtpPacket, type RtpRun } from "../rtp/packet.ts";
import type { SenderReport } from "../rtp/rtcp/sender_report.ts";
import type { Encoding, RtpConsumer } from "../sfu/encoding.ts";
import type { Producer, TrackConsumer } from "../sfu/producer.ts";
import type { RoomId } from "../sfu/types.ts";
import { MAX_FRAME_LENGTH, type MediaBus, type NodeId } from "./media_bus.ts";
import {
  AUDIENCE,
  MAX_RELAYED_ENCODINGS,
  RTP_HEAD_LENGTH,
  writeByeFrame,
  writeEpoch,
  writeFacts,
  writeReport,
  writeRtpHead,
} from "./relay_frames.ts";

/** A node that has not said for so long that it wants something wants nothing. */
export const WANT_LIFE_MS = 3000;

const NOTHING = new Uint8Array(0);
/** What exports of this isolate use during one call. */
const scratch = { head: new Uint8Array(MAX_FRAME_LENGTH), packet: new RtpPacket() };

export interface RelayExportOptions {
  readonly bus: MediaBus;
  readonly roomId: RoomId;
  readonly producer: Producer;
  /** Names the track on the bus. */
  readonly relay: number;
  /** Another number at each call, of 8 bits. */
  readonly nextEpoch: () => number;
}

/** What a node wants of a track. */
interface Want {
  readonly set: number;
  readonly isPinned: boolean;
  readonly untilMs: number;
}

const NO_WANT: Want = { set: 0, isPinned: false, untilMs: -Infinity };

/** One encoding on its way to all nodes that want it, or to those where it is pinned: each packet goes on the bus once. */
class ExportedStream implements RtpConsumer {
  readonly takesRed = false;
  readonly encoding: Encoding;
  /** A set. */
  nodes = 0;
  readonly #options: RelayExportOptions;
  readonly #index: number;
  readonly #isPinned: boolean;
  readonly #head = new Uint8Array(RTP_HEAD_LENGTH);
  #epoch: number;

  constructor(options: RelayExportOptions, index: number, isPinned: boolean) {
    this.#options = options;
    this.encoding = options.producer.offered[index];
    this.#index = index;
    this.#isPinned = isPinned;
    this.#epoch = options.nextEpoch();
    writeRtpHead(this.#head, options.relay, index, this.#epoch, isPinned ? AUDIENCE.pinned : AUDIENCE.others);
  }

  add(node: NodeId): void {
    const wasIdle = this.nodes === 0;
    this.nodes |= 1 << node;
    if (!wasIdle) return;
    this.encoding.addConsumer(this);
    this.#options.producer.audio?.pin(this, this.#isPinned);
  }

  remove(node: NodeId): void {
    if (this.nodes === 0) return;
    this.nodes &= ~(1 << node);
    if (this.nodes === 0) this.detach();
  }

  detach(): void {
    this.nodes = 0;
    this.#options.producer.audio?.remove(this);
    this.encoding.removeConsumer(this);
  }

  handleRtp(run: RtpRun, from: number, to: number): void {
    const { bus, roomId } = this.#options;
    for (let i = from; i < to; i++) {
      const packet = run.packets[i];
      const { bytes } = packet;
      // A view may say something else than its bytes: the marker behind silence, and what is inside RED.
      const isChanged = bytes[1] !== ((packet.marker ? 0x80 : 0) | packet.payloadType);
      if (isChanged) this.#sendChanged(packet);
      else bus.send(roomId, this.nodes, this.#head, RTP_HEAD_LENGTH, bytes, 0, packet.length);
    }
  }

  sendSenderReport(report: SenderReport): void {
    this.sendReportTo(this.nodes, report);
  }

  sendReportTo(nodes: number, report: SenderReport): void {
    const { bus, roomId, relay } = this.#options;
    bus.send(roomId, nodes, scratch.head, writeReport(scratch.head, relay, this.#index, report), NOTHING, 0, 0);
  }

  sendBye(ssrc: number): void {
    const { bus, roomId, relay } = this.#options;
    bus.send(roomId, this.nodes, scratch.head, writeByeFrame(scratch.head, relay, this.#index, ssrc), NOTHING, 0, 0);
  }

  continueAt(): void {
    // Of this stream alone: another one's turns would bring the same number again.
    this.#epoch = (this.#epoch + 1) & 0xff;
    writeEpoch(this.#head, this.#epoch);
  }

  /** Header and payload need not lie together any more: what was between them belongs to RED. */
  #sendChanged(packet: RtpPacket): void {
    const { bytes, headerLength, payloadType } = packet;
    const rtpHeaderLength = packet.extensionOffset + packet.extensionLength;
    // A malformed payload of RED is nobody's.
    if (payloadType > 0x7f) return;
    const { head } = scratch;
    for (let i = 0; i < RTP_HEAD_LENGTH; i++) head[i] = this.#head[i];
    for (let i = 0; i < rtpHeaderLength; i++) head[RTP_HEAD_LENGTH + i] = bytes[i];
    head[RTP_HEAD_LENGTH + 1] = (packet.marker ? 0x80 : 0) | payloadType;
    const { bus, roomId } = this.#options;
    const headLength = RTP_HEAD_LENGTH + rtpHeaderLength;
    bus.send(roomId, this.nodes, head, headLength, bytes, headerLength, packet.length - headerLength);
  }
}

/**
 * A track that is published here on its way to the nodes that want it: goes to a bus what they want, and nothing else. To its
 * producer it is one consumer more.
 */
export class RelayExport implements TrackConsumer {
  readonly roomId: RoomId;
  readonly producer: Producer;
  readonly #options: RelayExportOptions;
  readonly #wants = new Map<NodeId, Want>();
  /** By twice the index of the encoding, and one more where it is pinned; made when first wanted. */
  readonly #streams: (ExportedStream | undefined)[] = [];

  constructor(options: RelayExportOptions) {
    this.#options = options;
    this.roomId = options.roomId;
    this.producer = options.producer;
    this.producer.addConsumer(this);
  }

  /** Whether any node wants something. */
  get isWanted(): boolean {
    return this.#wants.size > 0;
  }

  /** What a node wants from now on: a set of encodings, in the order of the offer. It has to be repeated. */
  handleWant(node: NodeId, set: number, isPinned: boolean, nowMs: number): void {
    const { offered } = this.producer;
    const count = Math.min(offered.length, MAX_RELAYED_ENCODINGS);
    const before = this.#wants.get(node) ?? NO_WANT;
    for (let index = 0; index < count; index++) this.#change(node, index, before, set, isPinned, nowMs);
    if ((set & ((2 ** count) - 1)) === 0) this.#wants.delete(node);
    else this.#wants.set(node, { set, isPinned, untilMs: nowMs + WANT_LIFE_MS });
    this.producer.consumerChanged();
    if (this.#wants.has(node)) this.#sendFacts(1 << node, nowMs);
  }

  /** The node is gone, or says nothing any more. */
  dropNode(node: NodeId): void {
    if (!this.#wants.delete(node)) return;
    for (const stream of this.#streams) stream?.remove(node);
    this.producer.consumerChanged();
  }

  requestKeyFrame(encoding: number, nowMs: number): void {
    this.producer.offered[encoding]?.requestKeyFrame(nowMs);
  }

  /** Sends a packet once more, to the node that misses it, as far as it is still there. */
  sendAgain(node: NodeId, encoding: number, ssrc: number, sequenceNumber: number, nowMs: number): void {
    const cache = this.producer.offered[encoding]?.cache;
    if (cache === undefined || cache.ssrc !== ssrc) return;
    if (!cache.load(cache.find(sequenceNumber, nowMs), scratch.packet)) return;
    const { bus, roomId, relay } = this.#options;
    // Of video, of which alone packets are kept, epochs say nothing.
    const headLength = writeRtpHead(scratch.head, relay, encoding, 0, AUDIENCE.single);
    bus.send(roomId, 1 << node, scratch.head, headLength, scratch.packet.bytes, 0, scratch.packet.length);
  }

  nextTimeout(): number {
    let next = Infinity;
    for (const { untilMs } of this.#wants.values()) next = Math.min(next, untilMs);
    return next;
  }

  handleTimeout(nowMs: number): void {
    for (const [node, { untilMs }] of this.#wants) if (nowMs >= untilMs) this.dropNode(node);
  }

  close(): void {
    this.#wants.clear();
    this.producer.removeConsumer(this);
  }

  attach(): void {
    // Streams take packets as they are wanted.
  }

  detach(): void {
    for (const stream of this.#streams) stream?.detach();
  }

  /** Which encodings are forwarded is chosen where they are imported. */
  handleEncodings(nowMs: number): void {
    let nodes = 0;
    for (const node of this.#wants.keys()) nodes |= 1 << node;
    if (nodes !== 0) this.#sendFacts(nodes, nowMs);
  }

  wants(encoding: Encoding): boolean {
    return this.#streams.some((stream) => stream?.encoding === encoding && stream.nodes !== 0);
  }

  #change(node: NodeId, index: number, before: Want, set: number, isPinned: boolean, nowMs: number): void {
    const had = (before.set & (1 << index)) !== 0;
    const has = (set & (1 << index)) !== 0;
    if (had === has && before.isPinned === isPinned) return;
    // In this order: an encoding that nobody receives in between would forget what it is waiting for.
    if (has) this.#streamOf(index, isPinned).add(node);
    if (had && (!has || before.isPinned !== isPinned)) this.#streamOf(index, before.isPinned).remove(node);
    if (has && !had) this.#begin(node, index, isPinned, nowMs);
  }

  /** What a node needs to begin: the clock of the stream, before a key frame of it comes, and that. */
  #begin(node: NodeId, index: number, isPinned: boolean, nowMs: number): void {
    const stream = this.#streamOf(index, isPinned);
    const { senderReport } = stream.encoding;
    if (senderReport !== undefined) stream.sendReportTo(1 << node, senderReport);
    stream.encoding.requestKeyFrame(nowMs);
  }

  /** By what is known here of encodings that do not go there, what is wanted of them is chosen there. */
  #sendFacts(nodes: number, nowMs: number): void {
    const { bus, roomId, relay, producer } = this.#options;
    if (producer.offered.length === 1) return;
    const facts = producer.offered.slice(0, MAX_RELAYED_ENCODINGS).map((encoding) => {
      const { active: isActive, width, height } = encoding;
      return { isActive, width, height, bitsPerSecond: encoding.layerBitsPerSecond(Infinity, Infinity, nowMs) };
    });
    bus.send(roomId, nodes, scratch.head, writeFacts(scratch.head, relay, facts), NOTHING, 0, 0);
  }

  #streamOf(index: number, isPinned: boolean): ExportedStream {
    return this.#streams[2 * index + (isPinned ? 1 : 0)] ??= new ExportedStream(this.#options, index, isPinned);
  }
}
