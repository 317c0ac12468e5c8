import { SLOT_SIZE } from "../../webrtc/datagram.ts";
import type { Libc } from "./libc.ts";
import { NativeMemory } from "./memory.ts";

/** Bytes of a chunk: some 26 packets of video, as many as a message of them has. */
export const CHUNK_SIZE = 32 * 1024;
/** One chunk of so many is kept for queues that hold none, however many others wait. */
const RESERVED_SHARE = 8;
const NO_CHUNK = -1;

/**
 * Memory for what all sockets have to send. A datagram is written into the one `slot`, which so stays in the processor's
 * cache, and queued by a copy into its queue's chunk, behind the datagram before it: a run that lies in one piece is one
 * piece of a message. Chunks in use are those with something that waits, so an idle socket holds none; they are allocated
 * when first needed, and kept.
 */
export class ChunkPool {
  /** Where a datagram is written before it is queued, SLOT_SIZE bytes. */
  readonly slot: Uint8Array;
  readonly #libc: Libc;
  readonly #maxChunks: number;
  readonly #chunks: NativeMemory[] = [];
  /** A stack: the chunk that was given back last is taken first. */
  readonly #free: Uint16Array;
  #freeCount = 0;
  /** The slot's first bytes, by their number. */
  readonly #heads: (Uint8Array | undefined)[] = new Array<undefined>(SLOT_SIZE + 1).fill(undefined);

  /** `maxChunks` is below 2^16. */
  constructor(libc: Libc, maxChunks: number) {
    this.#libc = libc;
    this.#maxChunks = maxChunks;
    this.slot = new NativeMemory(libc, SLOT_SIZE).bytes;
    this.#free = new Uint16Array(maxChunks);
  }

  /** Chunks that are taken. */
  get used(): number {
    return this.#chunks.length - this.#freeCount;
  }

  /** Chunks that memory is there for. */
  get allocated(): number {
    return this.#chunks.length;
  }

  /** Takes a chunk; -1 where there is none, or where the last ones are kept for queues that hold none. */
  take(holdsSome: boolean): number {
    const reserved = holdsSome ? Math.floor(this.#maxChunks / RESERVED_SHARE) : 0;
    if (this.used >= this.#maxChunks - reserved) return NO_CHUNK;
    if (this.#freeCount > 0) return this.#free[--this.#freeCount];
    this.#chunks.push(new NativeMemory(this.#libc, CHUNK_SIZE));
    return this.#chunks.length - 1;
  }

  give(chunk: number): void {
    this.#free[this.#freeCount++] = chunk;
  }

  /** Copies the slot's first `length` bytes to `offset` of a chunk. */
  put(chunk: number, offset: number, length: number): void {
    this.#chunks[chunk].bytes.set(this.head(length), offset);
  }

  /** The slot's first `length` bytes, always the same view of them. */
  head(length: number): Uint8Array {
    return this.#heads[length] ??= this.slot.subarray(0, length);
  }

  /** The chunk's memory, CHUNK_SIZE bytes. */
  memory(chunk: number): NativeMemory {
    return this.#chunks[chunk];
  }
}
