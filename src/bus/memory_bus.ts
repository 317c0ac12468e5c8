import {
  BusCounters,
  type BusReceiver,
  MAX_FRAME_LENGTH,
  MAX_NODES,
  type MediaBus,
  type NodeId,
} from "../media/media_bus.ts";
import type { RoomId } from "../sfu/types.ts";
import { FrameBatch } from "./frame_batch.ts";
import { writeFrame } from "./frame_bytes.ts";

/** Frames that wait for a flush at most. */
export const MAX_QUEUED_FRAMES = 4096;

interface QueuedFrame {
  readonly bytes: Uint8Array;
  roomId: RoomId;
  length: number;
  to: number;
}

/**
 * The nodes of one isolate. What a node flushes is at the others when `flush` returns; what these flush meanwhile comes
 * behind that, never in the middle of it.
 */
export class MemoryNetwork {
  readonly #now: () => number;
  readonly #nodes: (MemoryBus | undefined)[] = new Array(MAX_NODES).fill(undefined);
  /** Those that have flushed, in this order. */
  readonly #flushed: MemoryBus[] = [];
  #isDelivering = false;

  /** `now` gives milliseconds, as the receivers are told. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Adds a node. Throws RangeError for a number that there is not, or that is in use. */
  open(node: NodeId): MemoryBus {
    if (this.#nodes[node] !== undefined || !(node in this.#nodes)) throw new RangeError(`no node can be ${node}`);
    const bus = new MemoryBus(node, {
      flush: () => this.#handleFlush(bus),
      close: () => this.#nodes[node] = undefined,
    });
    this.#nodes[node] = bus;
    return bus;
  }

  #handleFlush(bus: MemoryBus): void {
    this.#flushed.push(bus);
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    try {
      for (let sender = this.#flushed.shift(); sender !== undefined; sender = this.#flushed.shift()) {
        sender.deliver(this.#nodes, this.#now());
      }
    } finally {
      this.#isDelivering = false;
    }
  }
}

/** A node of a MemoryNetwork: for tests, and for who has several engines in one isolate. */
export class MemoryBus implements MediaBus {
  readonly node: NodeId;
  readonly counters = new BusCounters();
  readonly #network: { readonly flush: () => void; readonly close: () => void };
  readonly #batch = new FrameBatch(this.counters);
  readonly #rooms = new Set<RoomId>();
  #queue: QueuedFrame[] = [];
  #queued = 0;
  /** The queue of the flush before, whose frames are used again. */
  #spare: QueuedFrame[] = [];
  #isClosed = false;

  /** A network makes it. */
  constructor(node: NodeId, network: { readonly flush: () => void; readonly close: () => void }) {
    this.node = node;
    this.#network = network;
  }

  deliverTo(receiver: BusReceiver): void {
    this.#batch.receiver = receiver;
  }

  join(roomId: RoomId): void {
    this.#rooms.add(roomId);
  }

  leave(roomId: RoomId): void {
    this.#rooms.delete(roomId);
  }

  send(
    roomId: RoomId,
    to: number,
    head: Uint8Array,
    headLength: number,
    body: Uint8Array,
    bodyOffset: number,
    bodyLength: number,
  ): boolean {
    const others = to & ~(1 << this.node);
    if (others === 0) return true;
    const length = headLength + bodyLength;
    const canTake = !this.#isClosed && length <= MAX_FRAME_LENGTH && this.#queued < MAX_QUEUED_FRAMES;
    if (!canTake || !this.#rooms.has(roomId)) {
      this.counters.dropped++;
      return false;
    }
    const frame = this.#queue[this.#queued] ??= {
      bytes: new Uint8Array(MAX_FRAME_LENGTH),
      roomId,
      length,
      to: others,
    };
    this.#queued++;
    writeFrame(frame.bytes, 0, head, headLength, body, bodyOffset, bodyLength);
    frame.roomId = roomId;
    frame.length = length;
    frame.to = others;
    this.counters.framesSent++;
    this.counters.bytesSent += length;
    return true;
  }

  flush(): void {
    if (this.#queued > 0) this.#network.flush();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#queued = 0;
    this.#rooms.clear();
    this.#batch.receiver = undefined;
    this.#network.close();
  }

  /** Gives what is queued to those of `nodes` that it is for. The network calls it. */
  deliver(nodes: readonly (MemoryBus | undefined)[], nowMs: number): void {
    const [queue, count] = [this.#queue, this.#queued];
    this.#queue = this.#spare;
    this.#queued = 0;
    this.#spare = queue;
    if (count === 0) return;
    this.counters.messagesSent++;
    for (const node of nodes) node?.receive(this.node, queue, count, nowMs);
  }

  /** Takes what is for this node among the first `count` frames of the queue. */
  receive(from: NodeId, queue: readonly QueuedFrame[], count: number, nowMs: number): void {
    const isMine = 1 << this.node;
    const framesBefore = this.counters.framesReceived;
    for (let i = 0; i < count; i++) {
      const { bytes, roomId, length, to } = queue[i];
      if ((to & isMine) === 0 || !this.#rooms.has(roomId)) continue;
      this.#batch.room().set(bytes);
      this.#batch.take(from, length, nowMs);
    }
    if (this.counters.framesReceived > framesBefore) this.counters.messagesReceived++;
    this.#batch.end(nowMs);
  }
}
