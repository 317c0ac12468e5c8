import {
  type BusCounters,
  type BusReceiver,
  MAX_FRAME_BATCH,
  MAX_FRAME_LENGTH,
  type NodeId,
} from "../media/media_bus.ts";

/**
 * Hands frames over to a receiver, MAX_FRAME_BATCH at a time, from arrays that are made once. A driver copies a frame into
 * `room()`, which may be written beyond the frame, and then says `take`.
 */
export class FrameBatch {
  receiver: BusReceiver | undefined;
  readonly #counters: BusCounters;
  readonly #capacity: number;
  readonly #frames: Uint8Array[] = [];
  /** Frames and losses since the last `end`. */
  #count = 0;
  #losses = 0;

  /** Arrays have `capacity` bytes. */
  constructor(counters: BusCounters, capacity = MAX_FRAME_LENGTH) {
    this.#counters = counters;
    this.#capacity = capacity;
  }

  /** Where the next frame goes. Others have the arrays behind `take` until `end`. */
  room(): Uint8Array {
    if (this.#count === this.#frames.length) this.#frames.push(new Uint8Array(new ArrayBuffer(this.#capacity)));
    return this.#frames[this.#count];
  }

  /** What is in `room()` is a frame of so many bytes. */
  take(from: NodeId, length: number, nowMs: number): void {
    const bytes = this.room();
    this.#count++;
    this.#counters.framesReceived++;
    this.#counters.bytesReceived += length;
    this.receiver?.handleFrame(from, bytes, length, nowMs);
    if (this.#count === MAX_FRAME_BATCH) this.end(nowMs);
  }

  /** So many frames of `from` did not come. */
  lose(from: NodeId, count: number, nowMs: number): void {
    this.#losses++;
    this.#counters.lost += count;
    this.receiver?.handleLoss(from, count, nowMs);
  }

  /** There is no more for now. */
  end(nowMs: number): void {
    if (this.#count + this.#losses === 0) return;
    this.#count = 0;
    this.#losses = 0;
    this.receiver?.endBatch(nowMs);
  }
}
