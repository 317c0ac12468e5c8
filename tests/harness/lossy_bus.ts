import type { BusCounters, BusReceiver, MediaBus, NodeId } from "../../src/media/media_bus.ts";
import type { RoomId } from "../../src/sfu/types.ts";

/**
 * A bus that loses what it receives as it is told to: `loses` is asked for each frame. As with a real one the loss is
 * told when a later frame of that node comes, before it.
 */
export class LossyBus implements MediaBus {
  readonly #bus: MediaBus;
  readonly #loses: (from: NodeId, bytes: Uint8Array, length: number) => boolean;
  /** Losses that are not told yet. */
  readonly #untold = new Map<NodeId, number>();

  constructor(bus: MediaBus, loses: (from: NodeId, bytes: Uint8Array, length: number) => boolean) {
    this.#bus = bus;
    this.#loses = loses;
  }

  get node(): NodeId {
    return this.#bus.node;
  }

  get counters(): BusCounters {
    return this.#bus.counters;
  }

  deliverTo(receiver: BusReceiver): void {
    this.#bus.deliverTo({
      handleFrame: (from, bytes, length, nowMs) => {
        const untold = this.#untold.get(from) ?? 0;
        if (this.#loses(from, bytes, length)) {
          this.#untold.set(from, untold + 1);
          return;
        }
        this.#untold.delete(from);
        if (untold > 0) receiver.handleLoss(from, untold, nowMs);
        receiver.handleFrame(from, bytes, length, nowMs);
      },
      handleLoss: (from, count, nowMs) => receiver.handleLoss(from, count, nowMs),
      endBatch: (nowMs) => receiver.endBatch(nowMs),
    });
  }

  join(roomId: RoomId): void {
    this.#bus.join(roomId);
  }

  leave(roomId: RoomId): void {
    this.#bus.leave(roomId);
  }

  send(...frame: Parameters<MediaBus["send"]>): boolean {
    return this.#bus.send(...frame);
  }

  flush(): void {
    this.#bus.flush();
  }

  close(): void {
    this.#bus.close();
  }
}
