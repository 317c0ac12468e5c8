import type { PacketNumbering } from "../congestion/bandwidth_estimator.ts";
import type { HeaderFields } from "../rtp/header.ts";
import { RtpPacket } from "../rtp/packet.ts";
import { nackBlp, nackCount, nackPid } from "../rtp/rtcp/nack.ts";
import type { RtcpReader } from "../rtp/rtcp/rtcp_reader.ts";
import { OSN_LENGTH, prependOriginalSequenceNumber } from "../rtp/rtx.ts";
import type { PayloadForwarder } from "../stream/payload_forwarder.ts";
import type { RetransmissionGuard } from "../stream/retransmission_guard.ts";
import type { StreamRewriter } from "../stream/rewriter.ts";
import type { Encoding } from "./encoding.ts";
import type { EncodingSwitch } from "./encoding_switch.ts";
import { writeForwardedHeader } from "./forwarded_header.ts";
import type { ExtensionMapping } from "./header_extensions.ts";
import { selectAgain } from "./layer_forwarding.ts";
import type { MediaSender } from "./media_sink.ts";
import type { OutgoingStream } from "./outgoing_stream.ts";
import { padding, paddingFor } from "./probe_padding.ts";
import type { Producer } from "./producer.ts";

/** How many of the newest packets are sent again for probes, one after the other. */
const PROBE_PACKETS = 32;

/** What senders of this isolate use during one call, and none of them after it. */
const scratch = {
  packet: new RtpPacket(),
  /** Where the cache has it. */
  cached: -1,
  header: { payloadType: 0, sequenceNumber: 0, timestamp: 0, ssrc: 0 } satisfies HeaderFields,
};

export interface RtxSenderOptions {
  readonly producer: Producer;
  readonly stream: OutgoingStream;
  readonly sender: MediaSender;
  readonly ssrc: number;
  readonly payloadType: number;
  readonly extensions: ExtensionMapping;
  readonly numbering: PacketNumbering | undefined;
}

/** Sends what one consumer has sent once more (RFC 4588): what the subscriber misses, and what a probe consists of. */
export class RtxSender {
  /** RTP packets sent again because the subscriber asked. */
  packetsResent = 0;
  /** Of the consumer. */
  layers: PayloadForwarder | undefined;
  readonly #options: RtxSenderOptions;

  constructor(options: RtxSenderOptions) {
    this.#options = options;
  }

  /** As `Consumer.handleNack`; `guard` says what is not sent again. */
  handleNack(
    reader: RtcpReader,
    guard: RetransmissionGuard,
    nowMs: number,
    roundTripMs: number,
    limit: number,
  ): number {
    const count = nackCount(reader);
    let asked = 0;
    for (let i = 0; i < count && asked < limit; i++) {
      const first = nackPid(reader, i);
      this.#resend(first, guard, nowMs, roundTripMs);
      asked++;
      for (let rest = nackBlp(reader, i), next = first + 1; rest !== 0; rest >>= 1, next++) {
        if ((rest & 1) === 0) continue;
        this.#resend(next & 0xffff, guard, nowMs, roundTripMs);
        asked++;
      }
    }
    return asked;
  }

  /** As `ProbeStream`; `started` and `attached` are those of the consumer's encodings. */
  probeContent({ started, attached }: Pick<EncodingSwitch, "started" | "attached">, nowMs: number) {
    const { stream, numbering } = this.#options;
    if (numbering === undefined) return undefined;
    if (started) return this.#locate(stream.rewriter.sequenceNumber, nowMs) === undefined ? undefined : "packets";
    return !attached && stream.packetsSent > 0 ? "padding" : undefined;
  }

  /** As `Consumer.sendProbe`. */
  sendProbe(bytes: number, nowMs: number): number {
    const { stream } = this.#options;
    const sequenceNumber = (stream.rewriter.sequenceNumber - stream.probes) & 0xffff;
    const encoding = this.#locate(sequenceNumber, nowMs);
    if ((encoding?.cache?.lengthOf(scratch.cached) ?? Infinity) > bytes) return this.#sendPadding(bytes, nowMs);
    stream.probes = (stream.probes + 1) % PROBE_PACKETS;
    return encoding === undefined ? 0 : this.#sendAgain(encoding, sequenceNumber, nowMs);
  }

  #resend(sequenceNumber: number, guard: RetransmissionGuard, nowMs: number, roundTripMs: number): void {
    const encoding = this.#locate(sequenceNumber, nowMs);
    if (encoding?.cache === undefined) return;
    // Before the packet is copied: who asks for everything again and again is to cost little.
    if (!guard.allow(sequenceNumber, encoding.cache.lengthOf(scratch.cached), nowMs, roundTripMs)) return;
    if (this.#sendAgain(encoding, sequenceNumber, nowMs) === 0) return;
    this.packetsResent++;
    this.#options.producer.counters.resentDownstream++;
  }

  /** The encoding that has what went out under the number, at `scratch.cached`; undefined where none has it any more. */
  #locate(sequenceNumber: number, nowMs: number): Encoding | undefined {
    const { producer, stream: { rewriter } } = this.#options;
    if (!rewriter.locate(sequenceNumber)) return undefined;
    const encoding = locatedEncoding(producer.encodings, rewriter);
    scratch.cached = encoding?.cache?.find(rewriter.locatedSource, nowMs) ?? -1;
    return scratch.cached < 0 ? undefined : encoding;
  }

  /** Sends what `#locate` found, and returns how long it is; 0 where it was not sent. */
  #sendAgain(encoding: Encoding, sequenceNumber: number, nowMs: number): number {
    const { packet } = scratch;
    if (!encoding.cache?.load(scratch.cached, packet)) return 0;
    const slot = this.#options.sender.beginRtp();
    if (slot === undefined) return 0;
    const { layers } = this;
    const changing = layers !== undefined && selectAgain(layers, packet, encoding) ? layers : undefined;
    changing?.changeHeader(packet);
    const timestamp = (packet.timestamp + this.#options.stream.rewriter.locatedTimestampOffset) | 0;
    const headerLength = this.#writeHeader(slot, packet, timestamp, packet.payloadLength + OSN_LENGTH, nowMs);
    const payloadOffset = changing?.changePayload(packet) ?? packet.headerLength;
    const offset = prependOriginalSequenceNumber(packet, sequenceNumber, payloadOffset);
    return this.#send(headerLength, packet.bytes, offset, packet.length - offset);
  }

  #sendPadding(bytes: number, nowMs: number): number {
    const slot = this.#options.sender.beginRtp();
    if (slot === undefined) return 0;
    const length = paddingFor(bytes);
    const headerLength = this.#writeHeader(slot, padding, this.#options.stream.rewriter.timestamp, length, nowMs);
    return this.#send(headerLength, padding.bytes, padding.length - length, length);
  }

  #writeHeader(slot: Uint8Array, packet: RtpPacket, timestamp: number, length: number, nowMs: number): number {
    const { stream, ssrc, payloadType, extensions, numbering } = this.#options;
    const { header } = scratch;
    header.payloadType = payloadType;
    header.sequenceNumber = stream.rtxSequenceNumber;
    header.timestamp = timestamp;
    header.ssrc = ssrc;
    return writeForwardedHeader(slot, packet, header, extensions, numbering, length, nowMs);
  }

  #send(headerLength: number, source: Uint8Array, offset: number, length: number): number {
    const { sender, stream } = this.#options;
    if (!sender.sendRtp(headerLength, source, offset, length)) return 0;
    stream.rtxSequenceNumber = (stream.rtxSequenceNumber + 1) & 0xffff;
    return headerLength + length;
  }
}

/**
 * The encoding that came last with the SSRC of what was located. That is no argument, and nothing that may be undefined:
 * either would be an allocation.
 */
function locatedEncoding(encodings: readonly Encoding[], rewriter: StreamRewriter): Encoding | undefined {
  for (let i = 0; i < encodings.length; i++) {
    const { cache } = encodings[i];
    if (cache !== undefined && cache.ssrc === rewriter.locatedSsrc) return encodings[i];
  }
  return undefined;
}
