import { readUint16, writeUint16 } from "../rtp/bytes.ts";
import { FRAME_HEADER_LENGTH } from "./frame_reader.ts";

/** Bytes that wait at most: 0.8 s of a 2.5 Mbit/s stream. What is older is better dropped than sent. */
export const FRAME_QUEUE_SIZE = 256 * 1024;
/** Memory that a queue begins with: a picture of 2.5 Mbit/s at 30 fps is 10 kB. */
const FIRST_SIZE = 16 * 1024;
/** More memory than this is given back once nothing waits. */
const KEPT_SIZE = 64 * 1024;
/** So full a queue is when it has dropped frames: to make room for one at a time would move all others each time. */
const LEVEL_AFTER_DROPPING = FRAME_QUEUE_SIZE * 3 / 4;

/** Memory of a queue; what sends from it may want to know more of it. */
export interface QueueMemory {
  readonly bytes: Uint8Array;
}

/**
 * What one TCP connection has to send: datagrams, each behind its length (RFC 4571 section 2), in one piece of memory
 * that grows as it is needed. The stream may be taken off at any byte. Where too much waits the oldest frames are
 * dropped, each as a whole, and never one that was sent in part.
 */
export class FrameQueue<M extends QueueMemory> {
  /** Frames that were dropped. */
  dropped = 0;
  /** What waits is `memory.bytes[start, end)`; there is memory where anything waits. */
  memory: M | undefined;
  start = 0;
  end = 0;
  /** Bytes at `start` that are left of a frame which was sent in part. */
  #headLength = 0;
  readonly #allocate: (byteLength: number) => M;

  constructor(allocate: (byteLength: number) => M) {
    this.#allocate = allocate;
  }

  /** Bytes that wait. */
  get waiting(): number {
    return this.end - this.start;
  }

  /** Queues a datagram of 1 to SLOT_SIZE bytes. */
  push(datagram: Uint8Array): void {
    const { bytes } = this.#makeRoom(FRAME_HEADER_LENGTH + datagram.length);
    writeUint16(bytes, this.end, datagram.length);
    bytes.set(datagram, this.end + FRAME_HEADER_LENGTH);
    this.end += FRAME_HEADER_LENGTH + datagram.length;
  }

  /** The oldest `length` bytes, or fewer, are sent. */
  consume(length: number): void {
    if (this.memory === undefined) return;
    const { bytes } = this.memory;
    let left = Math.min(length, this.waiting);
    while (left >= this.#headLength && left > 0) {
      left -= this.#headLength;
      this.start += this.#headLength;
      this.#headLength = left > 0 ? frameLength(bytes, this.start) : 0;
    }
    this.start += left;
    this.#headLength -= left;
    if (this.waiting === 0) this.#rewind();
  }

  /** Drops everything, and gives the memory back. */
  clear(): void {
    this.#rewind();
    this.memory = undefined;
  }

  #rewind(): void {
    this.start = 0;
    this.end = 0;
    this.#headLength = 0;
    if (this.memory !== undefined && this.memory.bytes.length > KEPT_SIZE) this.memory = undefined;
  }

  /** Memory with room for `length` bytes behind what waits. */
  #makeRoom(length: number): M {
    if (this.waiting + length > FRAME_QUEUE_SIZE) this.#dropOldest(length);
    const needed = this.waiting + length;
    const memory = this.memory;
    if (memory === undefined || needed > memory.bytes.length) return this.#grow(needed);
    if (this.end + length > memory.bytes.length) {
      memory.bytes.copyWithin(0, this.start, this.end);
      this.end -= this.start;
      this.start = 0;
    }
    return memory;
  }

  #grow(needed: number): M {
    let size = this.memory?.bytes.length ?? FIRST_SIZE;
    while (size < needed) size *= 2;
    const memory = this.#allocate(size);
    if (this.memory !== undefined) memory.bytes.set(this.memory.bytes.subarray(this.start, this.end));
    this.end -= this.start;
    this.start = 0;
    this.memory = memory;
    return memory;
  }

  /** The rest of a frame that was sent in part stays, in front of what is not dropped. */
  #dropOldest(length: number): void {
    if (this.memory === undefined) return;
    const { bytes } = this.memory;
    let at = this.start + this.#headLength;
    while (at < this.end && this.#headLength + this.end - at + length > LEVEL_AFTER_DROPPING) {
      at += frameLength(bytes, at);
      this.dropped++;
    }
    const start = at - this.#headLength;
    bytes.copyWithin(start, this.start, this.start + this.#headLength);
    this.start = start;
  }
}

/** Bytes of the frame that begins at `offset`, its length included. */
function frameLength(bytes: Uint8Array, offset: number): number {
  return FRAME_HEADER_LENGTH + readUint16(bytes, offset);
}
