import { readUint16 } from "../../src/rtp/bytes.ts";
import type { RtpPacket } from "../../src/rtp/packet.ts";
import { sequenceDiff } from "../../src/rtp/sequence.ts";
import type { Kind } from "../../src/sfu/types.ts";
import { ReceiveStatistics } from "../../src/stream/receive_statistics.ts";
import { readPart, readTag } from "./media_payload.ts";
import { PictureLog } from "./picture_log.ts";

export interface ReceivedStreamOptions {
  readonly kind: Kind;
  readonly clockRate: number;
  readonly ssrc: number;
  /** Whether packets may be asked for by NACK. */
  readonly nack: boolean;
}

/** What a browser sends about a stream. Sequence numbers are those of the wire. */
export interface StreamFeedback {
  sendNack(mediaSsrc: number, sequenceNumbers: readonly number[]): void;
  sendPictureLossIndication(mediaSsrc: number): void;
}

/** A packet that came, by itself or by RTX. */
export interface Arrival {
  /** At its source, counted from 0. */
  readonly index: number;
  /** As it came, with its wraps counted. */
  readonly sequenceNumber: number;
  readonly timestamp: number;
  readonly atMs: number;
  readonly recovered: boolean;
}

interface MissingPacket {
  readonly sinceMs: number;
  readonly asks: number;
  readonly askedMs: number;
}

/** Others may have been overtaken only. */
const NACK_DELAY_MS = 20;
/** The answer to a NACK takes a round trip, and the server a moment. */
const NACK_MARGIN_MS = 10;
const MAX_NACKS = 10;
/** A gap that stays so long stops the picture: only a key frame helps then. */
const STALL_MS = 500;

/**
 * What a browser does with one stream that it receives: finds gaps, asks for what is missing by NACK where RTX is
 * negotiated, for a key frame where a gap of a video stream stays, and shows the pictures.
 */
export class ReceivedStream {
  readonly kind: Kind;
  readonly ssrc: number;
  /** In the order in which they came. */
  readonly arrivals: Arrival[] = [];
  /** Packets of the source that came more than once, under whatever number, RTX left aside. */
  duplicates = 0;
  /** Packets that came both by themselves and by RTX, or more than once by RTX. */
  repairedInVain = 0;
  readonly pictures = new PictureLog();
  readonly keyFrameRequestsMs: number[] = [];
  /** Packets asked for, each as often as it was. */
  nacked = 0;
  /** Round trip to the server. */
  roundTripMs = 100;
  /** For receiver reports: packets that came by RTX are lost for these (RFC 4588 section 5.2). */
  readonly statistics: ReceiveStatistics;
  readonly #feedback: StreamFeedback;
  readonly #nack: boolean;
  readonly #indexes = new Set<number>();
  readonly #received = new Map<number, "received" | "recovered">();
  /** By extended sequence number, ascending. */
  readonly #missing = new Map<number, MissingPacket>();
  #lowest = Infinity;
  #highest = -1;

  constructor({ kind, clockRate, ssrc, nack }: ReceivedStreamOptions, feedback: StreamFeedback) {
    this.kind = kind;
    this.ssrc = ssrc;
    this.statistics = new ReceiveStatistics(clockRate);
    this.#nack = nack;
    this.#feedback = feedback;
  }

  /** Indexes of the source's packets in the order in which they came. */
  get indexes(): number[] {
    return this.arrivals.map(({ index }) => index);
  }

  /** Packets that came by RTX. */
  get recovered(): number {
    return this.arrivals.filter(({ recovered }) => recovered).length;
  }

  /** Sequence numbers between the first and the highest that never came. */
  get lost(): number {
    return this.#received.size === 0 ? 0 : this.#highest - this.#lowest + 1 - this.#received.size;
  }

  has(index: number): boolean {
    return this.#indexes.has(index);
  }

  handleRtp(packet: RtpPacket, nowMs: number): void {
    this.statistics.handlePacket(packet.sequenceNumber, packet.timestamp, nowMs);
    this.#receive(packet, this.#extended(packet.sequenceNumber), false, nowMs);
  }

  /** RFC 4588 section 4. The packet is given its original form, but for its SSRC and payload type. */
  handleRtx(packet: RtpPacket, nowMs: number): void {
    // Without a payload it is padding that probes for bandwidth.
    if (packet.payloadLength < 2 || this.#highest < 0) return;
    const original = this.#extended(readUint16(packet.bytes, packet.headerLength));
    packet.headerLength += 2;
    packet.payloadLength -= 2;
    this.#receive(packet, original, true, nowMs);
  }

  nextTimeout(): number {
    return Math.min(this.#nackDueMs(), this.#keyFrameDueMs());
  }

  handleTimeout(nowMs: number): void {
    if (this.#nackDueMs() <= nowMs) this.#sendNack(nowMs);
    if (this.#keyFrameDueMs() > nowMs) return;
    this.keyFrameRequestsMs.push(nowMs);
    this.#feedback.sendPictureLossIndication(this.ssrc);
  }

  #extended(sequenceNumber: number): number {
    // Far enough from 0 for packets that come before the first.
    if (this.#highest < 0) return sequenceNumber + 0x10000;
    return this.#highest + sequenceDiff(sequenceNumber, this.#highest & 0xffff);
  }

  #receive(packet: RtpPacket, sequenceNumber: number, recovered: boolean, nowMs: number): void {
    const known = this.#received.get(sequenceNumber);
    if (known !== undefined) {
      if (recovered || known === "recovered") this.repairedInVain++;
      else this.duplicates++;
      return;
    }
    this.#received.set(sequenceNumber, recovered ? "recovered" : "received");
    this.#missing.delete(sequenceNumber);
    this.#noteGap(sequenceNumber, nowMs);
    this.#lowest = Math.min(this.#lowest, sequenceNumber);
    if (packet.payloadLength > 0) this.#note(packet, sequenceNumber, recovered, nowMs);
    if (this.kind === "video") this.#show(packet, sequenceNumber, nowMs);
  }

  #note(packet: RtpPacket, sequenceNumber: number, recovered: boolean, nowMs: number): void {
    const { index } = readTag(packet);
    if (this.#indexes.has(index)) this.duplicates++;
    this.#indexes.add(index);
    this.arrivals.push({ index, sequenceNumber, timestamp: packet.timestamp, atMs: nowMs, recovered });
  }

  #show(packet: RtpPacket, sequenceNumber: number, nowMs: number): void {
    const { marker, payloadLength } = packet;
    const part = payloadLength === 0
      ? { part: "padding", marker: false, frame: -1 } as const
      : { part: readPart(this.kind, packet), marker, frame: readTag(packet).frame };
    this.pictures.add(sequenceNumber, part, nowMs);
    const { next = -Infinity } = this.pictures;
    for (const missing of this.#missing.keys()) if (missing < next) this.#missing.delete(missing);
  }

  #noteGap(sequenceNumber: number, nowMs: number): void {
    for (let missing = this.#highest + 1; this.#highest >= 0 && missing < sequenceNumber; missing++) {
      this.#missing.set(missing, { sinceMs: nowMs, asks: 0, askedMs: -Infinity });
    }
    this.#highest = Math.max(this.#highest, sequenceNumber);
  }

  #nackDueMs(): number {
    if (!this.#nack) return Infinity;
    return Math.min(...[...this.#missing.values()].map((missing) => this.#askDueMs(missing)));
  }

  #askDueMs({ sinceMs, asks, askedMs }: MissingPacket): number {
    if (asks === MAX_NACKS) return Infinity;
    return asks === 0 ? sinceMs + NACK_DELAY_MS : askedMs + this.roundTripMs + NACK_MARGIN_MS;
  }

  #sendNack(nowMs: number): void {
    const due = [...this.#missing].filter(([, missing]) => this.#askDueMs(missing) <= nowMs);
    for (const [sequenceNumber, { sinceMs, asks }] of due) {
      this.#missing.set(sequenceNumber, { sinceMs, asks: asks + 1, askedMs: nowMs });
    }
    this.nacked += due.length;
    this.#feedback.sendNack(this.ssrc, due.map(([sequenceNumber]) => sequenceNumber & 0xffff));
  }

  #keyFrameDueMs(): number {
    return Math.max(this.#stalledSinceMs(), this.keyFrameRequestsMs.at(-1) ?? -Infinity) + STALL_MS;
  }

  /** Since when the decoder cannot go on; Infinity where it can. */
  #stalledSinceMs(): number {
    if (this.kind === "audio") return Infinity;
    if (this.pictures.next === undefined) return this.arrivals.at(0)?.atMs ?? Infinity;
    return this.#missing.values().next().value?.sinceMs ?? Infinity;
  }
}
