import { readUint16, writeUint16 } from "../../src/rtp/bytes.ts";
import { FIXED_HEADER_LENGTH } from "../../src/rtp/packet.ts";
import { writeSenderReport } from "../../src/rtp/rtcp/sender_report.ts";
import { sequenceDiff } from "../../src/rtp/sequence.ts";
import type { Kind } from "../../src/sfu/types.ts";
import { mediaPayload, type PayloadPart } from "./media_payload.ts";
import { ntpTime } from "./ntp_time.ts";
import { rtpBytes } from "./rtp_packets.ts";

/** Payload type and SSRC of a retransmission stream (RFC 4588). */
export interface Rtx {
  readonly payloadType: number;
  readonly ssrc: number;
}

export interface SentStreamOptions {
  readonly kind: Kind;
  readonly clockRate: number;
  readonly payloadType: number;
  readonly ssrc: number;
  readonly firstSequenceNumber: number;
  readonly firstTimestamp: number;
}

/** One packet, or one more request for it, and when. */
export interface SentPacket {
  readonly frame: number;
  readonly atMs: number;
  readonly bytes: Uint8Array;
}
export interface NackedPacket {
  readonly index: number;
  readonly atMs: number;
}

/** Packets that can still be sent again. */
const HISTORY = 1000;

/** What a browser keeps of one stream that it sends: numbers, what was sent, and the answers to NACKs, by RTX alone. */
export class SentStream {
  readonly kind: Kind;
  readonly ssrc: number;
  /** Once it is negotiated. */
  rtx: Rtx | undefined;
  /** What the server calls the track, once it is negotiated. */
  trackId: string | undefined;
  /** All packets, by their index. */
  readonly packets: SentPacket[] = [];
  /** What the other side has asked for, in the order of the requests. */
  readonly nacks: NackedPacket[] = [];
  /** When key frames were asked for. */
  readonly keyFrameRequestsMs: number[] = [];
  /** Packets sent again. */
  retransmitted = 0;
  readonly #options: SentStreamOptions;
  readonly #transmit: (rtp: Uint8Array) => void;
  /** By index: when a packet was sent again last. */
  readonly #retransmittedMs = new Map<number, number>();
  #startMs: number | undefined;
  #octets = 0;

  constructor(options: SentStreamOptions, transmit: (rtp: Uint8Array) => void) {
    this.kind = options.kind;
    this.ssrc = options.ssrc;
    this.#options = options;
    this.#transmit = transmit;
  }

  send(part: PayloadPart, frame: number, length: number, marker: boolean, nowMs: number): void {
    const { payloadType, ssrc, firstSequenceNumber } = this.#options;
    const index = this.packets.length;
    const sequenceNumber = (firstSequenceNumber + index) & 0xffff;
    const timestamp = this.#timestamp(nowMs);
    const header = rtpBytes({ sequenceNumber, timestamp, ssrc, payloadType, marker });
    const bytes = joined(header, mediaPayload(part, { index, frame }, length));
    this.packets.push({ frame, atMs: nowMs, bytes });
    this.#octets += bytes.length - FIXED_HEADER_LENGTH;
    this.#transmit(bytes);
  }

  /** Sends what is asked for once more, but not within a round trip of the last time: the answer may be under way. */
  handleNack(sequenceNumbers: readonly number[], roundTripMs: number, nowMs: number): void {
    for (const sequenceNumber of sequenceNumbers) {
      const index = this.#indexOf(sequenceNumber);
      this.nacks.push({ index, atMs: nowMs });
      if (index < 0 || index < this.packets.length - HISTORY) continue;
      if (nowMs - (this.#retransmittedMs.get(index) ?? -Infinity) < roundTripMs) continue;
      this.#retransmit(index, nowMs);
    }
  }

  /** An SR without report blocks; undefined before the first packet. */
  senderReport(nowMs: number): Uint8Array | undefined {
    if (this.packets.length === 0) return undefined;
    const out = new Uint8Array(64);
    const { seconds, fraction } = ntpTime(nowMs);
    const count = this.packets.length;
    const timestamp = this.#timestamp(nowMs);
    return out.subarray(
      0,
      writeSenderReport(out, 0, this.ssrc, seconds, fraction, timestamp, count >>> 0, this.#octets >>> 0),
    );
  }

  #timestamp(nowMs: number): number {
    this.#startMs ??= nowMs;
    const { firstTimestamp, clockRate } = this.#options;
    return (firstTimestamp + Math.round(((nowMs - this.#startMs) * clockRate) / 1000)) >>> 0;
  }

  /** -1 for a packet that was never sent. */
  #indexOf(sequenceNumber: number): number {
    const last = this.packets.length - 1;
    const ahead = sequenceDiff(sequenceNumber, (this.#options.firstSequenceNumber + last) & 0xffff);
    return ahead > 0 ? -1 : Math.max(-1, last + ahead);
  }

  /** RFC 4588 section 4: a stream of its own, the original sequence number before the payload. */
  #retransmit(index: number, nowMs: number): void {
    if (this.rtx === undefined) return;
    const bytes = this.packets[index].bytes;
    const sequenceNumber = (this.#options.firstSequenceNumber + this.retransmitted) & 0xffff;
    this.retransmitted++;
    this.#retransmittedMs.set(index, nowMs);
    const repeated = new Uint8Array(bytes.length + 2);
    repeated.set(bytes.subarray(0, FIXED_HEADER_LENGTH));
    repeated[1] = (bytes[1] & 0x80) | this.rtx.payloadType;
    writeUint16(repeated, 2, sequenceNumber);
    new DataView(repeated.buffer).setUint32(8, this.rtx.ssrc);
    writeUint16(repeated, FIXED_HEADER_LENGTH, readUint16(bytes, 2));
    repeated.set(bytes.subarray(FIXED_HEADER_LENGTH), FIXED_HEADER_LENGTH + 2);
    this.#transmit(repeated);
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a);
  bytes.set(b, a.length);
  return bytes;
}
