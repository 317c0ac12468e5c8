import { readUint16, readUint32, writeUint16, writeUint32 } from "../rtp/bytes.ts";
import type { SenderReport } from "../rtp/rtcp/sender_report.ts";
import type { EncodingFacts, RoomId, TrackId } from "../sfu/types.ts";
import { MAX_FRAME_LENGTH } from "./media_bus.ts";

/** What a frame of a relayed track is, by its first byte. */
export const FRAME = {
  /** From the node that publishes: an RTP packet, */
  rtp: 1,
  /** the publisher's sender report on a stream (RFC 3550 section 6.4.1), */
  senderReport: 2,
  /** that it has said BYE of a stream, */
  bye: 3,
  /** and what its encodings are like. */
  facts: 4,
  /** From a node that imports the track: which encodings it wants, */
  want: 5,
  /** that it needs a key frame, */
  keyFrame: 6,
  /** and which packets it misses. */
  nack: 7,
} as const;

/** Bytes in front of the RTP packet: type, relay number in 32 bits, encoding, epoch, and which nodes it is for. */
export const RTP_HEAD_LENGTH = 8;
/** Which of the nodes that want an encoding a packet of it is for. */
export const AUDIENCE = {
  /** All that do not have it pinned, */
  others: 0,
  /** all that have, */
  pinned: 1,
  /** or the one that missed it. */
  single: 2,
} as const;
export type Audience = (typeof AUDIENCE)[keyof typeof AUDIENCE];
/** Encodings of one track, which are told apart by their order in its ProducerParameters. */
export const MAX_RELAYED_ENCODINGS = 31;

const HEAD_LENGTH = 6;
const RELAY = 1;
const ENCODING = 5;
const EPOCH = 6;
const AUDIENCE_OFFSET = 7;
const SENDER_REPORT_LENGTH = HEAD_LENGTH + 24;
const BYE_LENGTH = HEAD_LENGTH + 4;
const FACTS_LENGTH = 9;
const WANT_SET = HEAD_LENGTH;
const WANT_LENGTHS = HEAD_LENGTH + 4;
const WANT_HEAD_LENGTH = HEAD_LENGTH + 8;
const NACK_HEAD_LENGTH = HEAD_LENGTH + 4;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Writes what stands in front of an RTP packet; `writeEpoch` changes it. Returns its length, as all here do. */
export function writeRtpHead(
  out: Uint8Array,
  relay: number,
  encoding: number,
  epoch: number,
  audience: Audience,
): number {
  writeHead(out, FRAME.rtp, relay, encoding);
  writeEpoch(out, epoch);
  out[AUDIENCE_OFFSET] = audience;
  return RTP_HEAD_LENGTH;
}

/** The number of the track on its node's bus, of any frame. */
export function relayOf(head: Uint8Array): number {
  return readUint32(head, RELAY);
}

/**
 * Tells the streams of a track apart that go to several nodes, each packet to the same ones: whole numbers from 0 on. -1 where
 * the frame is for single nodes.
 */
export function streamOf(head: Uint8Array, headLength: number): number {
  if (head[0] !== FRAME.rtp || headLength < RTP_HEAD_LENGTH || head[AUDIENCE_OFFSET] > AUDIENCE.pinned) return -1;
  return wantedStream(head[ENCODING], head[AUDIENCE_OFFSET] === AUDIENCE.pinned);
}

/** The stream, by the numbers of `streamOf`, that a node gets which wants the encoding. */
export function wantedStream(encoding: number, isPinned: boolean): number {
  return 2 * encoding + (isPinned ? 1 : 0);
}

/**
 * The epoch, 8 bits, is another one than that of the packet before where nothing was lost in between, but left out: others
 * were louder. So it does no harm where the first packet of an epoch is lost.
 */
export function writeEpoch(out: Uint8Array, epoch: number): void {
  out[EPOCH] = epoch;
}

export function writeReport(out: Uint8Array, relay: number, encoding: number, report: SenderReport): number {
  writeHead(out, FRAME.senderReport, relay, encoding);
  writeUint32(out, HEAD_LENGTH, report.ssrc);
  writeUint32(out, HEAD_LENGTH + 4, report.ntpSeconds);
  writeUint32(out, HEAD_LENGTH + 8, report.ntpFraction);
  writeUint32(out, HEAD_LENGTH + 12, report.rtpTimestamp);
  writeUint32(out, HEAD_LENGTH + 16, report.packetCount);
  writeUint32(out, HEAD_LENGTH + 20, report.octetCount);
  return SENDER_REPORT_LENGTH;
}

export function writeByeFrame(out: Uint8Array, relay: number, encoding: number, ssrc: number): number {
  writeHead(out, FRAME.bye, relay, encoding);
  writeUint32(out, HEAD_LENGTH, ssrc);
  return BYE_LENGTH;
}

/** `facts` of all encodings, in the order of the offer. */
export function writeFacts(out: Uint8Array, relay: number, facts: readonly EncodingFacts[]): number {
  writeHead(out, FRAME.facts, relay, facts.length);
  let at = HEAD_LENGTH;
  for (const { isActive, width, height, bitsPerSecond } of facts) {
    out[at] = isActive ? 1 : 0;
    writeUint16(out, at + 1, Math.min(width, 0xffff));
    writeUint16(out, at + 3, Math.min(height, 0xffff));
    writeUint32(out, at + 5, Math.min(Math.round(bitsPerSecond), 0xffff_ffff));
    at += FACTS_LENGTH;
  }
  return at;
}

/** Makes a want frame of a track, for `changeWant`; undefined where its names are too long for one. */
export function newWant(relay: number, roomId: RoomId, trackId: TrackId): Uint8Array | undefined {
  const [room, track] = [encoder.encode(roomId), encoder.encode(trackId)];
  const length = WANT_HEAD_LENGTH + room.length + track.length;
  if (length > MAX_FRAME_LENGTH) return undefined;
  const frame = new Uint8Array(length);
  writeHead(frame, FRAME.want, relay, 0);
  writeUint16(frame, WANT_LENGTHS, room.length);
  writeUint16(frame, WANT_LENGTHS + 2, track.length);
  frame.set(room, WANT_HEAD_LENGTH);
  frame.set(track, WANT_HEAD_LENGTH + room.length);
  return frame;
}

/** `set` has a bit for each encoding; `isPinned`: also while others are louder. */
export function changeWant(frame: Uint8Array, set: number, isPinned: boolean): void {
  frame[ENCODING] = isPinned ? 1 : 0;
  writeUint32(frame, WANT_SET, set);
}

export function writeKeyFrameRequest(out: Uint8Array, relay: number, encoding: number): number {
  writeHead(out, FRAME.keyFrame, relay, encoding);
  return HEAD_LENGTH;
}

/** `sequenceNumbers[0, count)` of the stream `ssrc`, as many of them as fit into `out`. */
export function writeMissing(
  out: Uint8Array,
  relay: number,
  encoding: number,
  ssrc: number,
  sequenceNumbers: Uint16Array,
  count: number,
): number {
  writeHead(out, FRAME.nack, relay, encoding);
  writeUint32(out, HEAD_LENGTH, ssrc);
  const length = Math.min(out.length, NACK_HEAD_LENGTH + 2 * count);
  for (let at = NACK_HEAD_LENGTH, i = 0; at + 1 < length; at += 2, i++) writeUint16(out, at, sequenceNumbers[i]);
  return length;
}

function writeHead(out: Uint8Array, type: number, relay: number, encoding: number): void {
  out[0] = type;
  writeUint32(out, RELAY, relay);
  out[ENCODING] = encoding;
}

/** Reads frames, one after the other, by one instance. What a getter says has a meaning where `read` was true, for its type. */
export class RelayFrameReader {
  type = 0;
  relay = 0;
  /** The encoding that the frame is about; of no meaning in those that are about all. */
  encoding = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #length = 0;

  /** Takes `bytes[0, length)`; false where that is no frame. */
  read(bytes: Uint8Array, length: number): boolean {
    if (length > bytes.length || length < HEAD_LENGTH) return false;
    this.#bytes = bytes;
    this.#length = length;
    this.type = bytes[0];
    this.relay = readUint32(bytes, RELAY);
    this.encoding = bytes[ENCODING];
    return length >= this.#leastLength();
  }

  get epoch(): number {
    return this.#bytes[EPOCH];
  }

  /** Of a BYE and a NACK. */
  get ssrc(): number {
    return readUint32(this.#bytes, HEAD_LENGTH);
  }

  readReport(report: SenderReport): void {
    report.ssrc = readUint32(this.#bytes, HEAD_LENGTH);
    report.ntpSeconds = readUint32(this.#bytes, HEAD_LENGTH + 4);
    report.ntpFraction = readUint32(this.#bytes, HEAD_LENGTH + 8);
    report.rtpTimestamp = readUint32(this.#bytes, HEAD_LENGTH + 12);
    report.packetCount = readUint32(this.#bytes, HEAD_LENGTH + 16);
    report.octetCount = readUint32(this.#bytes, HEAD_LENGTH + 20);
  }

  /** Of how many encodings there are facts. */
  get factsCount(): number {
    return this.encoding;
  }

  factsOf(index: number): EncodingFacts {
    const at = HEAD_LENGTH + index * FACTS_LENGTH;
    return {
      isActive: (this.#bytes[at] & 1) !== 0,
      width: readUint16(this.#bytes, at + 1),
      height: readUint16(this.#bytes, at + 3),
      bitsPerSecond: readUint32(this.#bytes, at + 5),
    };
  }

  get wantedSet(): number {
    return readUint32(this.#bytes, WANT_SET);
  }

  get isPinned(): boolean {
    return (this.#bytes[ENCODING] & 1) !== 0;
  }

  get roomId(): RoomId {
    return this.#text(WANT_HEAD_LENGTH, this.#roomLength);
  }

  get trackId(): TrackId {
    return this.#text(WANT_HEAD_LENGTH + this.#roomLength, this.#trackLength);
  }

  /** Sequence numbers of a NACK. */
  get missingCount(): number {
    return (this.#length - NACK_HEAD_LENGTH) >> 1;
  }

  missingAt(index: number): number {
    return readUint16(this.#bytes, NACK_HEAD_LENGTH + 2 * index);
  }

  /** Infinity of a type that there is not. */
  #leastLength(): number {
    switch (this.type) {
      case FRAME.rtp:
        return RTP_HEAD_LENGTH;
      case FRAME.senderReport:
        return SENDER_REPORT_LENGTH;
      case FRAME.bye:
        return BYE_LENGTH;
      case FRAME.facts:
        return HEAD_LENGTH + this.factsCount * FACTS_LENGTH;
      case FRAME.want:
        return this.#length < WANT_HEAD_LENGTH ? Infinity : WANT_HEAD_LENGTH + this.#roomLength + this.#trackLength;
      case FRAME.keyFrame:
        return HEAD_LENGTH;
      case FRAME.nack:
        return NACK_HEAD_LENGTH;
      default:
        return Infinity;
    }
  }

  get #roomLength(): number {
    return readUint16(this.#bytes, WANT_LENGTHS);
  }

  get #trackLength(): number {
    return readUint16(this.#bytes, WANT_LENGTHS + 2);
  }

  #text(offset: number, length: number): string {
    return decoder.decode(this.#bytes.subarray(offset, offset + length));
  }
}
