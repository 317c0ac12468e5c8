import type { BusCounters, BusReceiver, MediaBus, NodeId } from "../../src/media/media_bus.ts";
import type { RoomId } from "../../src/sfu/types.ts";

/**
 * A bus whose node is 0 to itself, as a test sees it that gives its nodes numbers for all of them: this one and 0 are
 * exchanged. To be told of the others in the order of their numbers.
 */
export class NumberedBus implements MediaBus {
  readonly node: NodeId;
  readonly #bus: MediaBus;

  constructor(bus: MediaBus, node: NodeId) {
    this.#bus = bus;
    this.node = node;
  }

  get counters(): BusCounters {
    return this.#bus.counters;
  }

  deliverTo(receiver: BusReceiver): void {
    this.#bus.deliverTo({
      handleFrame: (from, bytes, length, nowMs) => receiver.handleFrame(this.#exchanged(from), bytes, length, nowMs),
      handleLoss: (from, count, nowMs) => receiver.handleLoss(this.#exchanged(from), count, nowMs),
      endBatch: (nowMs) => receiver.endBatch(nowMs),
    });
  }

  join(roomId: RoomId): void {
    this.#bus.join(roomId);
  }

  leave(roomId: RoomId): void {
    this.#bus.leave(roomId);
  }

  send(roomId: RoomId, to: number, ...frame: [Uint8Array, number, Uint8Array, number, number]): boolean {
    let aliases = 0;
    for (let node = 0; node < 31; node++) if ((to & (1 << node)) !== 0) aliases |= 1 << this.#exchanged(node);
    return this.#bus.send(roomId, aliases, ...frame);
  }

  flush(): void {
    this.#bus.flush();
  }

  close(): void {
    this.#bus.close();
  }

  #exchanged(node: NodeId): NodeId {
    if (node === 0) return this.node;
    return node === this.node ? 0 : node;
  }
}
