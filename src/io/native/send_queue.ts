import { SLOT_SIZE } from "../../webrtc/datagram.ts";
import { CHUNK_SIZE, type ChunkPool } from "./chunk_pool.ts";
import { DatagramRun } from "./datagram_run.ts";
import { EAGAIN, EINTR, isOfSegmentation } from "./errors.ts";
import { type FlushableQueue, type FlushList, SEND_EARLY } from "./flush_list.ts";
import type { Libc } from "./libc.ts";
import type { NativeMemory } from "./memory.ts";
import type { SendBatch } from "./send_batch.ts";
import type { SocketAddress } from "./socket_address.ts";

/** What the queues of one loop share. */
export interface SendContext {
  readonly libc: Libc;
  readonly pool: ChunkPool;
  readonly sent: SendBatch;
  readonly flushList: FlushList;
  /** Whether the kernel knows UDP GSO. */
  readonly segmentation: boolean;
  readonly loop: {
    /** Called when the kernel takes no more; `resume` is expected once it does. */
    awaitWritable(fd: number): void;
  };
}

export interface SendQueueOptions {
  readonly fd: number;
  /** Datagrams that wait at most: where the kernel takes none the oldest are dropped. */
  readonly capacity: number;
  /** Whether an answer leaves from the address that was addressed: for a socket that is bound to all of them. */
  readonly fromLocal: boolean;
}

/** Runs that no queue of this isolate uses. */
let spareRuns: DatagramRun | undefined;

/** The datagrams that wait to be sent by one socket, in chunks of a common pool. */
export class SendQueue implements FlushableQueue {
  /** Datagrams that there was no room for, or that the kernel refused. */
  dropped = 0;
  /** Owned by the FlushList. */
  isListed = false;
  readonly #context: SendContext;
  readonly #fd: number;
  readonly #capacity: number;
  readonly #fromLocal: boolean;
  /** The oldest run and the newest. */
  #head: DatagramRun | undefined;
  #tail: DatagramRun | undefined;
  #count = 0;
  #isSlotGiven = false;
  /** The kernel's buffer is full. */
  #blocked = false;
  #closed = false;

  constructor(context: SendContext, { fd, capacity, fromLocal }: SendQueueOptions) {
    this.#context = context;
    this.#fd = fd;
    this.#capacity = capacity;
    this.#fromLocal = fromLocal;
  }

  /** Datagrams that wait. */
  get length(): number {
    return this.#count;
  }

  /** See DatagramSender. */
  slot(): Uint8Array | undefined {
    if (this.#closed) return undefined;
    this.#isSlotGiven = true;
    return this.#context.pool.slot;
  }

  /** Queues the first `length` bytes of the slot that `slot()` gave last. */
  commit(length: number, to: SocketAddress): void {
    const { pool, flushList } = this.#context;
    if (!this.#isSlotGiven || length <= 0 || length > SLOT_SIZE) return;
    this.#isSlotGiven = false;
    flushList.add(this);
    if (this.#count >= SEND_EARLY && to !== this.#tail?.to) this.send();
    if (this.#count >= this.#capacity) this.#makeRoom();
    const run = this.#tail;
    if (run !== undefined && run.takes(to, length)) {
      pool.put(run.chunk, run.end, length);
      run.add(length);
      this.#count++;
    } else {
      this.#begin(to, length);
    }
  }

  /** The first `length` bytes of the slot that `slot()` gave last, which another queue takes; undefined where none was given. */
  takeSlot(length: number): Uint8Array | undefined {
    if (!this.#isSlotGiven || length <= 0 || length > SLOT_SIZE) return undefined;
    this.#isSlotGiven = false;
    return this.#context.pool.head(length);
  }

  /** Sends what waits, as far as the kernel takes it. */
  send(): void {
    const { sent: batch } = this.#context;
    while (this.#count > 0 && !this.#blocked) {
      this.#fill();
      const sent = batch.send(this.#fd);
      for (let i = 0; i < sent; i++) this.#release(batch.datagramsOf(i));
      if (sent < 0) this.#handleError();
    }
  }

  /** The kernel's buffer has room again. */
  resume(): void {
    this.#blocked = false;
    this.send();
  }

  /** Sends what the kernel still takes, and gives all chunks back. */
  close(): void {
    if (this.#closed) return;
    this.send();
    this.#closed = true;
    this.#isSlotGiven = false;
    while (this.#head !== undefined) this.#drop(this.#head.count);
  }

  /** Begins a run behind the last one in its chunk where half of that is free, so that most runs are not cut; or in another. */
  #begin(to: SocketAddress, length: number): void {
    let chunk = this.#tail?.chunk ?? -1;
    let start = this.#tail?.end ?? 0;
    if (chunk < 0 || start > CHUNK_SIZE / 2) {
      chunk = this.#takeChunk();
      start = 0;
    }
    if (chunk < 0) {
      this.dropped++;
      to.owner?.countDrop();
      return;
    }
    const run = spareRuns ?? new DatagramRun();
    spareRuns = run.next;
    run.begin(to, chunk, start, length);
    this.#context.pool.put(chunk, start, length);
    if (this.#tail === undefined) this.#head = run;
    else this.#tail.next = run;
    this.#tail = run;
    this.#count++;
  }

  /** Describes what waits, from the oldest on, as messages of the batch. */
  #fill(): void {
    const { sent: batch, pool, segmentation } = this.#context;
    const fromLocal = this.#fromLocal;
    batch.clear();
    for (let run = this.#head; run !== undefined && batch.room > 0; run = run.next) {
      if (run.count === 1 || (segmentation && run.to.segmentation && !run.goesSingly)) {
        batch.add(run.to, pool.memory(run.chunk), run.start, run.end - run.start, run.count, run.size, fromLocal);
      } else {
        this.#addSingly(run, pool.memory(run.chunk));
      }
    }
  }

  #addSingly(run: DatagramRun, memory: NativeMemory): void {
    const { sent: batch } = this.#context;
    for (let i = 0; i < run.count && batch.room > 0; i++) {
      const length = run.lengthOf(i);
      batch.add(run.to, memory, run.start + i * run.size, length, 1, length, this.#fromLocal);
    }
  }

  /** The first message was refused, nothing was sent. */
  #handleError(): void {
    const { libc, sent: batch, loop } = this.#context;
    const errno = libc.errno();
    if (errno === EINTR) return;
    if (errno === EAGAIN) {
      this.#blocked = true;
      return loop.awaitWritable(this.#fd);
    }
    const count = batch.datagramsOf(0);
    if (count === 1 || this.#head === undefined) return this.#drop(count);
    // Each datagram is tried by itself: this time, as a filter may refuse what is longer than a datagram, or for good.
    if (isOfSegmentation(errno)) this.#head.to.segmentation = false;
    else this.#head.goesSingly = true;
  }

  /** Takes the oldest datagrams off, all of one run. */
  #release(count: number): void {
    const run = this.#head;
    if (run === undefined) return;
    this.#count -= count;
    if (count < run.count) return run.drop(count);
    this.#head = run.next;
    if (this.#head === undefined) this.#tail = undefined;
    if (this.#head?.chunk !== run.chunk) this.#context.pool.give(run.chunk);
    run.release();
    run.next = spareRuns;
    spareRuns = run;
  }

  #drop(count: number): void {
    const owner = this.#head?.to.owner;
    this.dropped += count;
    for (let i = 0; i < count; i++) owner?.countDrop();
    this.#release(count);
  }

  /** Old media is of less use than new: what waits longest goes, if the kernel does not take it now. */
  #makeRoom(): void {
    const waiting = this.#count;
    this.send();
    if (this.#count === waiting) this.#drop(1);
  }

  /** A chunk, for which the oldest datagrams of this queue are given up where there is none left; -1 where it has none. */
  #takeChunk(): number {
    const { pool } = this.#context;
    let chunk = pool.take(this.#count > 0);
    if (chunk >= 0 || this.#head === undefined) return chunk;
    this.send();
    chunk = pool.take(this.#head !== undefined);
    if (chunk >= 0 || this.#head === undefined) return chunk;
    const oldest = this.#head.chunk;
    while (this.#head?.chunk === oldest) this.#drop(this.#head.count);
    // The one that was just given back.
    return pool.take(false);
  }
}
