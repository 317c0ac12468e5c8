import { writeHeader } from "../rtp/header.ts";
import type { RtpPacket, RtpRun } from "../rtp/packet.ts";
import { writeSourceDescription } from "../rtp/rtcp/sdes.ts";
import { type SenderReport, writeSenderReport } from "../rtp/rtcp/sender_report.ts";
import { StreamRewriter } from "../stream/rewriter.ts";
import { mapHeaderExtensions } from "./header_extensions.ts";
import type { MediaSender } from "./media_sink.ts";
import type { Producer } from "./producer.ts";
import type { RandomSource } from "./random.ts";
import type { ConsumerParameters } from "./types.ts";

/** A sender report and a CNAME of 64 bytes fit. */
const REPORT_LENGTH = 128;

/**
 * One track forwarded to one subscriber: selects the packets, and rewrites SSRC, sequence number, timestamp, payload
 * type, header extensions and MID to what that subscriber negotiated.
 */
export class Consumer {
  readonly ssrc: number;
  readonly mid: string;
  readonly producer: Producer;
  /** RTP packets and payload bytes sent, for sender reports. */
  packetsSent = 0;
  bytesSent = 0;
  /** RTP packets that the transport could not take. */
  packetsDropped = 0;
  readonly #sourcePayloadType: number;
  readonly #payloadType: number;
  readonly #extensionIds: Uint8Array;
  readonly #midExtensionId: number;
  readonly #midBytes: Uint8Array;
  readonly #rewriter: StreamRewriter;
  readonly #sender: MediaSender;
  readonly #rtcp = new Uint8Array(REPORT_LENGTH);

  constructor(
    producer: Producer,
    parameters: ConsumerParameters,
    ssrc: number,
    sender: MediaSender,
    random: RandomSource,
  ) {
    this.producer = producer;
    this.mid = parameters.mid;
    this.ssrc = ssrc;
    this.#sourcePayloadType = producer.codec.payloadType;
    this.#payloadType = parameters.codec.payloadType;
    const extensions = mapHeaderExtensions(producer.headerExtensions, parameters.headerExtensions);
    this.#extensionIds = extensions.ids;
    this.#midExtensionId = extensions.midId;
    this.#midBytes = new TextEncoder().encode(parameters.mid);
    // RFC 3550 section 5.1 wants both starts random; half of the range keeps an early wrap out of SRTP's first packets.
    const { clockRate } = producer.codec;
    // Audio of two sources must not overlap at a switch: it moves on by a frame of 20 ms at least.
    const minimumStep = producer.kind === "audio" ? clockRate / 50 : 1;
    this.#rewriter = new StreamRewriter(random.uint32() & 0x7fff, random.uint32(), clockRate, minimumStep);
    this.#sender = sender;
  }

  /** Whether packets of the source go on to the subscriber: a key frame came, or there is no need of one. */
  get started(): boolean {
    return this.#rewriter.sourceSsrc >= 0;
  }

  handleRtp(run: RtpRun, from: number, to: number, nowMs: number): void {
    for (let i = from; i < to; i++) this.#forward(run.packets[i], nowMs);
  }

  requestKeyFrame(nowMs: number): void {
    this.producer.requestKeyFrame(nowMs);
  }

  /** Sends the publisher's report with this consumer's SSRC, timestamp and counts. */
  sendSenderReport(report: SenderReport): void {
    if (this.#rewriter.sourceSsrc !== report.ssrc) return;
    const length = writeSenderReport(
      this.#rtcp,
      0,
      this.ssrc,
      report.ntpSeconds,
      report.ntpFraction,
      this.#rewriter.translateTimestamp(report.rtpTimestamp),
      this.packetsSent >>> 0,
      this.bytesSent >>> 0,
    );
    // Tracks of one peer share a CNAME: the receiver plays them in sync (RFC 3550 section 6.5.1).
    const cnameLength = writeSourceDescription(this.#rtcp, length, this.ssrc, this.producer.peerId);
    this.#sender.sendRtcp(this.#rtcp, length + cnameLength);
  }

  #forward(packet: RtpPacket, nowMs: number): void {
    const rewriter = this.#rewriter;
    // Padding alone is nothing to play; another payload type than the negotiated one is nothing that can be decoded.
    if (packet.payloadType !== this.#sourcePayloadType) return void rewriter.skip(packet);
    if (packet.payloadLength === 0 && rewriter.skip(packet)) return;
    const slot = this.#sender.beginRtp();
    if (slot === undefined) {
      this.packetsDropped++;
      return;
    }
    if (packet.ssrc !== rewriter.sourceSsrc && !this.#switchTo(packet, nowMs)) return;
    if (!rewriter.map(packet, nowMs)) return;
    const headerLength = writeHeader(
      slot,
      packet,
      this.#payloadType,
      rewriter.sequenceNumber,
      rewriter.timestamp,
      this.ssrc,
      this.#extensionIds,
      this.#midExtensionId,
      this.#midBytes,
    );
    const length = packet.length - packet.headerLength;
    if (!this.#sender.sendRtp(headerLength, packet.bytes, packet.headerLength, length)) {
      this.packetsDropped++;
      return;
    }
    this.packetsSent++;
    this.bytesSent += packet.payloadLength;
  }

  /** A decoder can begin, or go over to another SSRC, only at a key frame: without one it is asked for. */
  #switchTo(packet: RtpPacket, nowMs: number): boolean {
    if (packet.payloadLength === 0 || !this.producer.startsKeyFrame(packet)) {
      this.requestKeyFrame(nowMs);
      return false;
    }
    this.#rewriter.switchTo();
    return true;
  }
}
