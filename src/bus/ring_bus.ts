import { BusCounters, type BusReceiver, MAX_FRAME_LENGTH, type MediaBus, type NodeId } from "../media/media_bus.ts";
import type { RoomId } from "../sfu/types.ts";
import { FrameBatch } from "./frame_batch.ts";
import { createFrameRing, FrameRing, FrameRingReader, FrameRingWriter, SLOT_BYTES } from "./frame_ring.ts";
import { lowestNode, otherNodes } from "./node_set.ts";

/** Frames that one `poll` looks at, at most: then sockets have their turn. */
export const MAX_POLLED_FRAMES = 512;

/** The memory that `nodes` nodes have in common: one ring for each, by its number. Goes to their isolates by a message. */
export function createRings(nodes: number, slots?: number): SharedArrayBuffer[] {
  return Array.from({ length: nodes }, () => createFrameRing(slots));
}

export interface RingBusOptions {
  readonly node: NodeId;
  /** The rings of all nodes, by their numbers. */
  readonly rings: readonly SharedArrayBuffer[];
  /** Ends the sleep of a node: called once at most until it has polled again. */
  readonly wake: (node: NodeId) => void;
}

/**
 * Nodes that may block, in isolates that share memory. Each writes into its own ring, for all others to read, and waits
 * for nobody: who reads too slowly loses the oldest frames, which their numbers tell exactly.
 *
 * A node is to `poll` before it sleeps and whenever it was woken. Another isolate may take its place, by the same number
 * and memory, and the others notice nothing. The one before may be alive for a while yet, as one that hangs is
 * until it is broken off: what it sends is refused from then on.
 */
export class RingBus implements MediaBus {
  readonly node: NodeId;
  readonly counters = new BusCounters();
  readonly #wake: (node: NodeId) => void;
  readonly #rings: readonly FrameRing[];
  readonly #others: number;
  readonly #writer: FrameRingWriter;
  readonly #readers: readonly FrameRingReader[];
  readonly #batch = new FrameBatch(this.counters, SLOT_BYTES);
  /** Nodes that were sent something since the last flush. */
  #addressed = 0;
  /** The reader that is first in the next poll. */
  #first = 0;
  #isClosed = false;

  constructor({ node, rings, wake }: RingBusOptions) {
    this.node = node;
    this.#wake = wake;
    this.#rings = rings.map((memory) => new FrameRing(memory));
    this.#others = otherNodes(rings.length, node);
    const own = this.#rings[node];
    this.#writer = new FrameRingWriter(own);
    this.#readers = this.#rings
      .map((ring, from) => new FrameRingReader(ring, from, own, node))
      .filter((_, from) => from !== node);
  }

  deliverTo(receiver: BusReceiver): void {
    this.#batch.receiver = receiver;
  }

  /** Frames of all rooms come by one ring. */
  join(_roomId: RoomId): void {}

  leave(_roomId: RoomId): void {}

  send(
    _roomId: RoomId,
    to: number,
    head: Uint8Array,
    headLength: number,
    body: Uint8Array,
    bodyOffset: number,
    bodyLength: number,
  ): boolean {
    const others = to & this.#others;
    if (others === 0) return true;
    const length = headLength + bodyLength;
    if (
      this.#isClosed || length > MAX_FRAME_LENGTH ||
      !this.#writer.write(others, head, headLength, body, bodyOffset, bodyLength)
    ) {
      this.counters.dropped++;
      return false;
    }
    this.#addressed |= others;
    this.counters.framesSent++;
    this.counters.bytesSent += length;
    return true;
  }

  flush(): void {
    if (this.#addressed === 0) return;
    if (this.#writer.publish()) this.counters.messagesSent++;
    for (let rest = this.#addressed; rest !== 0; rest &= rest - 1) {
      const node = lowestNode(rest);
      if (this.#rings[node].startWaking()) this.#wake(node);
    }
    this.#addressed = 0;
  }

  /**
   * Hands over what the others have flushed; returns whether there may be more, so that the node must not sleep. What is
   * flushed from now on wakes it.
   */
  poll(nowMs: number): boolean {
    if (this.#isClosed) return false;
    this.#rings[this.node].handleAwake();
    const readers = this.#readers;
    let left = MAX_POLLED_FRAMES;
    for (let i = 0; i < readers.length && left > 0; i++) {
      const framesBefore = this.counters.framesReceived;
      left -= readers[(this.#first + i) % readers.length].read(this.#batch, left, nowMs);
      if (this.counters.framesReceived > framesBefore) this.counters.messagesReceived++;
    }
    // Who has much to say must not keep the others from being heard.
    this.#first = (this.#first + 1) % Math.max(1, readers.length);
    this.#batch.end(nowMs);
    return left === 0;
  }

  close(): void {
    this.#isClosed = true;
    this.#addressed = 0;
    this.#batch.receiver = undefined;
  }
}
