import { MAX_FRAME_LENGTH, type NodeId } from "../media/media_bus.ts";
import type { FrameBatch } from "./frame_batch.ts";
import { writeFrame } from "./frame_bytes.ts";
import { countBelow, lowestNode } from "./node_set.ts";

/** Frames that a ring holds: at 50,000 a second those of 40 ms. */
export const RING_SLOTS = 2048;
/** Bytes that are copied for a frame: room for an array as long as a frame can be behind a head of 32 bytes. */
export const SLOT_BYTES = MAX_FRAME_LENGTH + 32;
/**
 * Frames that are written before the readers are told of them, at most. By as many numbers is a writer ahead of the one
 * whose place it takes: what that one has written is in front of it.
 */
const MAX_UNPUBLISHED = 64;

// In 32-bit words. What different nodes write is in cache lines of its own.
/** The number of the frame that is written next, once all before it are there. */
const WRITE = 0;
/** Whether the node that the ring belongs to is awake, or being woken. */
const WAKING = 16;
/** How many frames each node was sent; those included that are just being written. */
const SENT = 32;
/** Written by the node that the ring belongs to, and read by nobody: see `fence`. */
const FENCE = 63;
const HEADER_WORDS = 64;

// In the words of a slot.
/** The frame's number; its complement while the slot is being written. */
const NUMBER = 0;
const TARGETS = 1;
/** The frame's length, and from bit 16 on where in the slot it begins. */
const EXTENT = 2;
const START_SHIFT = 16;
const LENGTH_MASK = 0xffff;
/** For each of the targets, lowest first, how many frames it was sent before. In most frames this ends the cache line. */
const COUNTS = 3;
const SLOT_HEAD_WORDS = 48;
const SLOT_WORDS = SLOT_HEAD_WORDS + SLOT_BYTES / 4;

/** Memory for the ring of one node, with room for `slots` frames, a power of two of 256 or more. */
export function createFrameRing(slots = RING_SLOTS): SharedArrayBuffer {
  return new SharedArrayBuffer(4 * (HEADER_WORDS + slots * SLOT_WORDS));
}

/** One isolate's view of a ring. */
export class FrameRing {
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly slots: number;
  readonly #bytes: (Uint8Array<SharedArrayBuffer> | undefined)[];

  constructor(memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory);
    this.slots = (this.words.length - HEADER_WORDS) / SLOT_WORDS;
    this.#bytes = new Array(this.slots).fill(undefined);
  }

  /** The number of the next frame, modulo 2^32 and signed as all numbers here. */
  get end(): number {
    return Atomics.load(this.words, WRITE);
  }

  /** How many frames a node was sent. */
  sentTo(node: NodeId): number {
    return Atomics.load(this.words, SENT + node);
  }

  /** The index of the first word of the slot of a frame. */
  slotOf(number: number): number {
    return HEADER_WORDS + (number & (this.slots - 1)) * SLOT_WORDS;
  }

  /** The bytes of the slot of a frame: an object that is made once. */
  bytesOf(number: number): Uint8Array<SharedArrayBuffer> {
    const index = number & (this.slots - 1);
    const known = this.#bytes[index];
    if (known !== undefined) return known;
    const offset = 4 * (HEADER_WORDS + index * SLOT_WORDS + SLOT_HEAD_WORDS);
    return this.#bytes[index] = new Uint8Array(this.words.buffer, offset, SLOT_BYTES);
  }

  /** The node that the ring belongs to reads all that there is from now on: what comes behind that is to wake it. */
  handleAwake(): void {
    Atomics.store(this.words, WAKING, 0);
  }

  /** Whether the node that the ring belongs to is to be woken now: once, until it reads again. */
  startWaking(): boolean {
    return Atomics.exchange(this.words, WAKING, 1) === 0;
  }

  /**
   * What was read before this is read before what is read behind it. Processors may do otherwise (ARM's do), and of
   * Atomics a load keeps in place only what is behind it, a store what is before it; the two keep their order.
   */
  fence(): void {
    Atomics.store(this.words, FENCE, 0);
  }
}

/** The end of the node that the ring belongs to. Never waits: it writes over the oldest frames. */
export class FrameRingWriter {
  readonly #ring: FrameRing;
  #published: number;
  #number: number;

  /** Goes on behind the writer before, wherever in a frame that has ended, and takes its right to write. */
  constructor(ring: FrameRing) {
    this.#ring = ring;
    this.#published = (Atomics.add(ring.words, WRITE, MAX_UNPUBLISHED) + MAX_UNPUBLISHED) | 0;
    this.#number = this.#published;
  }

  /** As `MediaBus.send`, of a frame that is not too long. False where another writer has taken this one's place. */
  write(
    to: number,
    head: Uint8Array,
    headLength: number,
    body: Uint8Array,
    bodyOffset: number,
    bodyLength: number,
  ): boolean {
    const { words } = this.#ring;
    // Who lives on behind its time must not write where its successor has come round again. What it is in the middle of
    // meanwhile it ends: no look before can tell.
    if (Atomics.load(words, WRITE) !== this.#published) return false;
    if (this.#number - this.#published === MAX_UNPUBLISHED && !this.publish()) return false;
    const number = this.#number | 0;
    const slot = this.#ring.slotOf(number);
    Atomics.store(words, slot + NUMBER, ~number);
    // So that the slot is not written before it is marked: see `fence`.
    Atomics.load(words, slot + NUMBER);
    words[slot + TARGETS] = to;
    // V8 copies to and from shared memory by 8 bytes where both sides lie so, and by single ones where they do not.
    const start = (bodyOffset - headLength) & 7;
    words[slot + EXTENT] = (start << START_SHIFT) | (headLength + bodyLength);
    let count = slot + COUNTS;
    for (let rest = to; rest !== 0; rest &= rest - 1) {
      words[count++] = Atomics.add(words, SENT + lowestNode(rest), 1);
    }
    writeFrame(this.#ring.bytesOf(number), start, head, headLength, body, bodyOffset, bodyLength);
    Atomics.store(words, slot + NUMBER, number);
    this.#number++;
    return true;
  }

  /** What is written is there for the readers. False where another writer has taken this one's place. */
  publish(): boolean {
    const number = this.#number | 0;
    if (Atomics.compareExchange(this.#ring.words, WRITE, this.#published, number) !== this.#published) return false;
    this.#published = number;
    this.#number = number;
    return true;
  }
}

/** The end of a node that takes what is for it out of another node's ring. */
export class FrameRingReader {
  readonly #ring: FrameRing;
  readonly #from: NodeId;
  /** The ring of the reading node. */
  readonly #own: FrameRing;
  readonly #node: NodeId;
  #position: number;
  /** How many frames were sent here before the next. */
  #count: number;

  /** Begins with what is written next. */
  constructor(ring: FrameRing, from: NodeId, own: FrameRing, node: NodeId) {
    this.#ring = ring;
    this.#from = from;
    this.#own = own;
    this.#node = node;
    this.#position = ring.end;
    this.#count = ring.sentTo(node);
  }

  /** Hands over what there is to `batch` and returns how many frames were looked at, for whomever: `limit` at most. */
  read(batch: FrameBatch, limit: number, nowMs: number): number {
    const end = this.#ring.end;
    let looked = 0;
    for (; looked < limit && ((end - this.#position) | 0) > 0; looked++) {
      if (this.#take(batch, nowMs)) this.#position = (this.#position + 1) | 0;
      else this.#passOver();
    }
    return looked;
  }

  /**
   * The frame at the position is not there. Where it is not there any more the writer has overtaken, and of what is there
   * the newer half is left. Else its writer has ended. The number of the next frame tells what was lost.
   */
  #passOver(): void {
    const { words, slots, end } = this.#ring;
    const mark = Atomics.load(words, this.#ring.slotOf(this.#position) + NUMBER);
    const newest = ((mark ^ this.#position) & (slots - 1)) === 0 ? mark : ~mark;
    const half = end - slots / 2;
    const isOvertaken = ((newest - this.#position) | 0) > 0 && ((half - this.#position) | 0) > 0;
    this.#position = (isOvertaken ? half : this.#position + 1) | 0;
  }

  /** Hands the frame at the position over where it is for this node; false where it is not there any more. */
  #take(batch: FrameBatch, nowMs: number): boolean {
    const { words } = this.#ring;
    const number = this.#position;
    const slot = this.#ring.slotOf(number);
    if (Atomics.load(words, slot + NUMBER) !== number) return false;
    const to = words[slot + TARGETS];
    // Where this is of another frame by now it does not matter: that one's count tells that this one was lost.
    if ((to & (1 << this.#node)) === 0) return true;
    const extent = words[slot + EXTENT];
    const count = words[slot + COUNTS + countBelow(to, this.#node)];
    const bytes = batch.room();
    bytes.set(this.#ring.bytesOf(number));
    this.#own.fence();
    if (Atomics.load(words, slot + NUMBER) !== number) return false;
    const lost = (count - this.#count) | 0;
    this.#count = (count + 1) | 0;
    // Fewer than none: those were on their way when this reader began.
    if (lost > 0) batch.lose(this.#from, lost, nowMs);
    const start = extent >> START_SHIFT;
    const length = extent & LENGTH_MASK;
    if (start > 0) bytes.copyWithin(0, start, start + length);
    batch.take(this.#from, length, nowMs);
    return true;
  }
}
