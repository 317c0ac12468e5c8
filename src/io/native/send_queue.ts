import { SLOT_SIZE } from "../../webrtc/datagram.ts";
import { EAGAIN, EINTR } from "./errors.ts";
import { type FlushableQueue, type FlushList, SEND_EARLY } from "./flush_list.ts";
import type { Libc } from "./libc.ts";
import type { SendBatch } from "./send_batch.ts";
import type { SlotPool } from "./slot_pool.ts";
import type { SocketAddress } from "./socket_address.ts";

/** Datagrams of one message, and their bytes: what the kernel takes at most (UDP_MAX_SEGMENTS, the IP length field). */
const MAX_SEGMENTS = 64;
const MAX_RUN_BYTES = 65_000;
const FIRST_CAPACITY = 16;

export interface SendQueueOptions {
  readonly libc: Libc;
  readonly fd: number;
  readonly pool: SlotPool;
  readonly batch: SendBatch;
  readonly flushList: FlushList;
  /** Datagrams that wait at most, a power of two: where the kernel takes none the oldest are dropped. */
  readonly capacity: number;
  /** Whether the kernel knows UDP GSO. */
  readonly segmentation: boolean;
  /** Whether an answer leaves from the address that was addressed: for a socket that is bound to all of them. */
  readonly fromLocal: boolean;
  /** Called when the kernel takes no more; `resume` is expected once it does. */
  readonly awaitWritable: () => void;
}

/** The datagrams that wait to be sent by one socket, in slots of a common pool. */
export class SendQueue implements FlushableQueue {
  /** Datagrams that there was no room for, or that the kernel refused. */
  dropped = 0;
  /** Owned by the FlushList. */
  isListed = false;
  readonly #options: SendQueueOptions;
  /** A ring of slots. */
  #ring = new Uint16Array(FIRST_CAPACITY);
  #head = 0;
  #count = 0;
  /** The slot that `slot()` gave out. */
  #spare = -1;
  #last: SocketAddress | undefined;
  /** The kernel's buffer is full. */
  #blocked = false;
  #closed = false;

  constructor(options: SendQueueOptions) {
    this.#options = options;
  }

  /** Datagrams that wait. */
  get length(): number {
    return this.#count;
  }

  /** See DatagramSender. */
  slot(): Uint8Array | undefined {
    const { pool } = this.#options;
    if (this.#closed) return undefined;
    if (this.#spare < 0) this.#spare = pool.take();
    if (this.#spare < 0 && this.#count > 0) {
      this.#makeRoom();
      this.#spare = pool.take();
    }
    if (this.#spare >= 0) return pool.bytes(this.#spare);
    this.dropped++;
    return undefined;
  }

  /** Queues the first `length` bytes of the slot that `slot()` gave last. */
  commit(length: number, to: SocketAddress): void {
    const { pool, flushList } = this.#options;
    const slot = this.#spare;
    if (slot < 0 || length <= 0 || length > SLOT_SIZE) return;
    flushList.add(this);
    if (this.#count >= SEND_EARLY && to !== this.#last) this.send();
    if (this.#count === this.#ring.length) this.#grow();
    this.#spare = -1;
    this.#last = to;
    pool.lengths[slot] = length;
    pool.destinations[slot] = to;
    this.#ring[this.#index(this.#count++)] = slot;
  }

  /** Sends what waits, as far as the kernel takes it. */
  send(): void {
    const { batch, fd } = this.#options;
    while (this.#count > 0 && !this.#blocked) {
      this.#fill();
      const sent = batch.send(fd);
      for (let i = 0; i < sent; i++) this.#release(batch.datagramsOf(i));
      if (sent < 0) this.#handleError();
    }
  }

  /** The kernel's buffer has room again. */
  resume(): void {
    this.#blocked = false;
    this.send();
  }

  /** Sends what the kernel still takes, and gives all slots back. */
  close(): void {
    if (this.#closed) return;
    this.send();
    this.#closed = true;
    while (this.#count > 0) this.#drop();
    if (this.#spare >= 0) this.#options.pool.give(this.#spare);
    this.#spare = -1;
    this.#last = undefined;
  }

  /** Describes what waits, from the oldest on, as messages of the batch. */
  #fill(): void {
    const { batch, pool, fromLocal } = this.#options;
    batch.clear();
    for (let start = 0; start < this.#count && batch.room > 0;) {
      const slot = this.#ring[this.#index(start)];
      const to = pool.destinations[slot];
      const length = this.#runLength(start, to, batch.room);
      batch.begin(to, length > 1 ? pool.lengths[slot] : 0, fromLocal);
      for (const end = start + length; start < end; start++) {
        const next = this.#ring[this.#index(start)];
        batch.add(pool.address(next), pool.lengths[next]);
      }
    }
  }

  /** Datagrams from `start` on that make one message: all of one length, save the last, which may be shorter. */
  #runLength(start: number, to: SocketAddress, room: number): number {
    const { pool, segmentation } = this.#options;
    if (!segmentation || !to.segmentation) return 1;
    const size = pool.lengths[this.#ring[this.#index(start)]];
    const limit = Math.min(this.#count - start, room, MAX_SEGMENTS, Math.floor(MAX_RUN_BYTES / size));
    let length = 1;
    while (length < limit) {
      const slot = this.#ring[this.#index(start + length)];
      if (pool.destinations[slot] !== to || pool.lengths[slot] > size) break;
      length++;
      if (pool.lengths[slot] < size) break;
    }
    return length;
  }

  /** The first message was refused, nothing was sent. */
  #handleError(): void {
    const { libc, batch, pool, awaitWritable } = this.#options;
    const errno = libc.errno();
    if (errno === EINTR) return;
    if (errno === EAGAIN) {
      this.#blocked = true;
      return awaitWritable();
    }
    const to = pool.destinations[this.#ring[this.#head]];
    // Kernel, device or route may not segment, and say so in several ways. Each datagram is tried by itself, now and for good.
    if (batch.datagramsOf(0) > 1) to.segmentation = false;
    else this.#drop();
  }

  /** Gives back the slots of the oldest datagrams. */
  #release(count: number): void {
    for (let i = 0; i < count; i++) this.#options.pool.give(this.#ring[this.#index(i)]);
    this.#head = this.#index(count);
    this.#count -= count;
  }

  #drop(): void {
    this.dropped++;
    this.#options.pool.destinations[this.#ring[this.#head]].owner?.countDrop();
    this.#release(1);
  }

  /** Old media is of less use than new: what waits longest goes, if the kernel does not take it now. */
  #makeRoom(): void {
    const waiting = this.#count;
    this.send();
    if (this.#count === waiting) this.#drop();
  }

  /** A longer ring; where it is as long as it may be, room in it. */
  #grow(): void {
    if (this.#ring.length >= this.#options.capacity) return this.#makeRoom();
    const ring = new Uint16Array(2 * this.#ring.length);
    for (let i = 0; i < this.#count; i++) ring[i] = this.#ring[this.#index(i)];
    this.#ring = ring;
    this.#head = 0;
  }

  #index(position: number): number {
    return (this.#head + position) & (this.#ring.length - 1);
  }
}
