import { writeHeader } from "../rtp/header.ts";
import { RtpPacket, type RtpRun } from "../rtp/packet.ts";
import { nackBlp, nackCount, nackPid } from "../rtp/rtcp/nack.ts";
import type { RtcpReader } from "../rtp/rtcp/rtcp_reader.ts";
import { writeSourceDescription } from "../rtp/rtcp/sdes.ts";
import { type SenderReport, writeSenderReport } from "../rtp/rtcp/sender_report.ts";
import { OSN_LENGTH, prependOriginalSequenceNumber } from "../rtp/rtx.ts";
import { RetransmissionGuard } from "../stream/retransmission_guard.ts";
import { StreamRewriter } from "../stream/rewriter.ts";
import { mapHeaderExtensions } from "./header_extensions.ts";
import type { MediaSender } from "./media_sink.ts";
import type { Producer } from "./producer.ts";
import type { RandomSource } from "./random.ts";
import type { ConsumerParameters } from "./types.ts";

/** A sender report and a CNAME of 64 bytes fit. */
const REPORT_LENGTH = 128;

/** What a subscriber is sent a track under. */
export interface ConsumerSsrcs {
  readonly ssrc: number;
  readonly rtxSsrc: number | undefined;
}

/**
 * One track forwarded to one subscriber: selects the packets, and rewrites SSRC, sequence number, timestamp, payload
 * type, header extensions and MID to what that subscriber negotiated.
 */
export class Consumer {
  readonly ssrc: number;
  /** Of its retransmissions (RFC 4588); undefined where the subscriber takes none. */
  readonly rtxSsrc: number | undefined;
  readonly mid: string;
  readonly producer: Producer;
  /** RTP packets and payload bytes sent, for sender reports. */
  packetsSent = 0;
  bytesSent = 0;
  /** RTP packets that the transport could not take. */
  packetsDropped = 0;
  /** RTP packets sent again because the subscriber asked. */
  packetsResent = 0;
  readonly #sourcePayloadType: number;
  readonly #payloadType: number;
  readonly #extensionIds: Uint8Array;
  readonly #midExtensionId: number;
  readonly #midBytes: Uint8Array;
  readonly #rewriter: StreamRewriter;
  readonly #sender: MediaSender;
  readonly #rtxPayloadType: number;
  readonly #guard: RetransmissionGuard | undefined;
  readonly #resent = new RtpPacket();
  #rtxSequenceNumber: number;
  readonly #rtcp = new Uint8Array(REPORT_LENGTH);

  constructor(
    producer: Producer,
    parameters: ConsumerParameters,
    ssrcs: ConsumerSsrcs,
    sender: MediaSender,
    random: RandomSource,
  ) {
    this.producer = producer;
    this.mid = parameters.mid;
    this.ssrc = ssrcs.ssrc;
    this.rtxSsrc = ssrcs.rtxSsrc;
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
    this.#rtxPayloadType = parameters.codec.rtxPayloadType ?? 0;
    this.#rtxSequenceNumber = random.uint32() & 0x7fff;
    if (this.rtxSsrc !== undefined) this.#guard = new RetransmissionGuard();
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

  /** Sends again by RTX what the subscriber misses, as far as it is still there (RFC 4585 section 6.2.1, RFC 4588). */
  handleNack(reader: RtcpReader, nowMs: number): void {
    if (this.rtxSsrc === undefined) return;
    const count = nackCount(reader);
    for (let i = 0; i < count; i++) {
      const first = nackPid(reader, i);
      this.#resend(first, nowMs);
      for (let rest = nackBlp(reader, i), next = first + 1; rest !== 0; rest >>= 1, next++) {
        if ((rest & 1) !== 0) this.#resend(next & 0xffff, nowMs);
      }
    }
  }

  #resend(sequenceNumber: number, nowMs: number): void {
    const packet = this.#resent;
    if (!this.#load(sequenceNumber, packet, nowMs)) return;
    // The round trip to the subscriber is not known: the publisher's clock is in the reports that it would come from.
    if (!this.#guard?.allow(sequenceNumber, packet.length, nowMs, 0)) return;
    const slot = this.#sender.beginRtp();
    if (slot === undefined || this.rtxSsrc === undefined) return;
    const headerLength = writeHeader(
      slot,
      packet,
      this.#rtxPayloadType,
      this.#rtxSequenceNumber,
      (packet.timestamp + this.#rewriter.locatedTimestampOffset) >>> 0,
      this.rtxSsrc,
      this.#extensionIds,
      this.#midExtensionId,
      this.#midBytes,
    );
    const offset = prependOriginalSequenceNumber(packet, sequenceNumber);
    if (!this.#sender.sendRtp(headerLength, packet.bytes, offset, packet.payloadLength + OSN_LENGTH)) return;
    this.#rtxSequenceNumber = (this.#rtxSequenceNumber + 1) & 0xffff;
    this.packetsResent++;
  }

  /** Points `packet` at a copy of what went out under the sequence number; false where it is not there any more. */
  #load(sequenceNumber: number, packet: RtpPacket, nowMs: number): boolean {
    const { cache } = this.producer;
    if (cache === undefined || !this.#rewriter.locate(sequenceNumber)) return false;
    const slot = cache.find(this.#rewriter.locatedSource, nowMs);
    return cache.load(slot, packet) && packet.ssrc === this.#rewriter.locatedSsrc;
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
    this.#guard?.handleSent(headerLength + length, nowMs);
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
