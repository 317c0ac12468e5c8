import { MAX_FRAME_LENGTH, type NodeId } from "../media/media_bus.ts";
import { readInt32, readUint16 } from "../rtp/bytes.ts";
import { SLOT_SIZE } from "../webrtc/datagram.ts";
import type { SrtpCipher } from "../webrtc/srtp/cipher.ts";
import { ArrayParts } from "./array_parts.ts";
import {
  FRAMES_OFFSET,
  HEAD_LENGTH,
  LENGTH_BYTES,
  NONCE_LENGTH,
  NONE_BEGINS,
  readNumber,
  TAG_LENGTH,
  writeNonce,
} from "./direct_datagram.ts";
import type { DirectionKeys } from "./direct_keys.ts";
import type { FrameBatch } from "./frame_batch.ts";

const FIRST = HEAD_LENGTH + 4;
const SESSION = HEAD_LENGTH + 6;
const FLAGS = HEAD_LENGTH + 7;
const FRAMES = HEAD_LENGTH + FRAMES_OFFSET;

/** What was done with datagrams besides their frames; never goes back. */
export class DirectCounters {
  /** Of no form or no key of ours. */
  strangers = 0;
  /** Not newer than one that has come: late, or twice, or replayed. */
  stale = 0;
  /** Not sealed by the key that they name. */
  forged = 0;
  /** Authentic, and yet not as the form has it. */
  malformed = 0;
}

/** Where an opened datagram is taken apart, one for all nodes. A portable socket receives into one byte more than a slot. */
export class OpenedDatagram extends ArrayParts {
  constructor() {
    super(new Uint8Array(new ArrayBuffer(SLOT_SIZE + 8)));
  }
}

export interface DirectReceiverOptions {
  readonly keys: Pick<DirectionKeys, "salt">;
  /** By the key, closed with this. */
  readonly cipher: SrtpCipher;
  readonly opened: OpenedDatagram;
  readonly batch: FrameBatch;
  readonly counters: DirectCounters;
  /** The node that sends. */
  readonly from: NodeId;
  /** The newest number that was received by this key before; -1 where there was none. */
  readonly newest: number;
}

/**
 * The way from one other node to this one. What comes behind a newer datagram is dropped: frames arrive in order or not at
 * all, and what is missing was counted when the newer one came. So no number is taken twice, and one comparison tells.
 */
export class DirectReceiver {
  /** What the other node said last of who hears whom. */
  flags = 0;
  readonly #options: DirectReceiverOptions;
  readonly #nonce: Uint8Array;
  /** The frame that the datagram before has begun. */
  readonly #partial = new ArrayParts(new Uint8Array(new ArrayBuffer(MAX_FRAME_LENGTH)));
  /** Bytes of it; 0 where it had come to its end. */
  #partialLength = 0;
  #partialTaken = 0;
  #isPartial = false;
  #newest: number;
  /** -1 before the first datagram. */
  #session = -1;
  /** Frames that have come, or are known to be lost. */
  #accounted = 0;

  constructor(options: DirectReceiverOptions) {
    this.#options = options;
    this.#newest = options.newest;
    this.#nonce = options.cipher.iv ?? new Uint8Array(NONCE_LENGTH);
  }

  get newest(): number {
    return this.#newest;
  }

  /** Takes a datagram that names the key; false where it is none of the other node's, or an old one. */
  handleDatagram(bytes: Uint8Array, length: number, nowMs: number): boolean {
    const { cipher, counters, keys, opened } = this.#options;
    const number = readNumber(bytes);
    if (number <= this.#newest) {
      counters.stale++;
      return false;
    }
    writeNonce(this.#nonce, keys.salt, number);
    const end = length - TAG_LENGTH;
    if (!cipher.open(this.#nonce, bytes, HEAD_LENGTH, end - HEAD_LENGTH, undefined, end)) {
      counters.forged++;
      return false;
    }
    const isNext = number === this.#newest + 1;
    this.#newest = number;
    this.flags = bytes[FLAGS];
    opened.bytes.set(bytes);
    const at = this.#findStart(isNext, nowMs);
    if (at < 0 || !this.#takeFrames(at, end, nowMs)) {
      counters.malformed++;
      this.#isPartial = false;
    }
    return true;
  }

  close(): void {
    this.#options.cipher.close();
  }

  /** Where the first bytes are that can be used, with what is lost told; -1 where the datagram makes no sense. */
  #findStart(isNext: boolean, nowMs: number): number {
    const { bytes } = this.#options.opened;
    const before = readInt32(bytes, HEAD_LENGTH);
    const session = bytes[SESSION];
    const isKnown = session === this.#session;
    // Only where a frame goes on: what comes first is the rest of one that was lost otherwise, in however many datagrams.
    if (isKnown && isNext && this.#isPartial && ((before - this.#accounted) | 0) === 1) return FRAMES;
    this.#isPartial = false;
    const lost = isKnown ? (before - this.#accounted) | 0 : 0;
    this.#session = session;
    this.#accounted = before;
    if (lost > 0) this.#options.batch.lose(this.#options.from, lost, nowMs);
    const first = readUint16(bytes, FIRST);
    if (first === NONE_BEGINS) return Infinity;
    return lost < 0 || first < FRAMES_OFFSET ? -1 : HEAD_LENGTH + first;
  }

  /** Hands over the frames up to `end`; false where their lengths are impossible. */
  #takeFrames(from: number, end: number, nowMs: number): boolean {
    const { bytes } = this.#options.opened;
    let at = this.#isPartial ? this.#continue(from, end, nowMs) : from;
    while (end - at >= LENGTH_BYTES) {
      const length = readUint16(bytes, at);
      if (length > MAX_FRAME_LENGTH) return false;
      at += LENGTH_BYTES;
      if (length > end - at) {
        this.#beginPartial(at, end - at, length);
        return true;
      }
      this.#take(at, length, nowMs);
      at += length;
    }
    return true;
  }

  #take(at: number, length: number, nowMs: number): void {
    const { opened, batch, from } = this.#options;
    this.#accounted = (this.#accounted + 1) | 0;
    opened.copy(at, length, batch.room(), 0);
    batch.take(from, length, nowMs);
  }

  #beginPartial(at: number, count: number, length: number): void {
    this.#isPartial = true;
    this.#partialLength = length;
    this.#partialTaken = count;
    this.#options.opened.copy(at, count, this.#partial.bytes, 0);
  }

  /** Takes what belongs to the frame that had begun; returns where that ends. */
  #continue(at: number, end: number, nowMs: number): number {
    const { opened, batch, from } = this.#options;
    const count = Math.min(end - at, this.#partialLength - this.#partialTaken);
    opened.copy(at, count, this.#partial.bytes, this.#partialTaken);
    this.#partialTaken += count;
    if (this.#partialTaken === this.#partialLength) {
      this.#isPartial = false;
      this.#accounted = (this.#accounted + 1) | 0;
      this.#partial.copy(0, this.#partialLength, batch.room(), 0);
      batch.take(from, this.#partialLength, nowMs);
    }
    return at + count;
  }
}
