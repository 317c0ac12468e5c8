import { BusCounters, type BusReceiver, type MediaBus, type NodeId } from "../media/media_bus.ts";
import type { RoomId } from "../sfu/types.ts";

/** A bus that reaches some nodes at a time. */
export interface PartialBus extends MediaBus {
  /** The set of nodes that it reaches at present. */
  readonly reached: number;
}

/** A bus that reaches all, and has to know what goes another way. */
export interface FallbackBus extends MediaBus {
  /** Takes note of a frame for a set of nodes that goes there by another bus. */
  passOver(to: number, head: Uint8Array, headLength: number): void;
}

/** Nodes by one bus where that reaches them, and by another one where it does not. Both know them by the same numbers. */
export class PreferredBus implements MediaBus {
  readonly node: NodeId;
  readonly #preferred: PartialBus;
  readonly #fallback: FallbackBus;

  constructor(preferred: PartialBus, fallback: FallbackBus) {
    this.node = fallback.node;
    this.#preferred = preferred;
    this.#fallback = fallback;
  }

  /** The sums of both, as of now: a frame that goes both ways counts twice. */
  get counters(): BusCounters {
    const sum = new BusCounters();
    const [a, b] = [this.#preferred.counters, this.#fallback.counters];
    for (const key of Object.keys(sum) as (keyof BusCounters)[]) sum[key] = a[key] + b[key];
    return sum;
  }

  deliverTo(receiver: BusReceiver): void {
    this.#preferred.deliverTo(receiver);
    this.#fallback.deliverTo(receiver);
  }

  join(roomId: RoomId): void {
    this.#preferred.join(roomId);
    this.#fallback.join(roomId);
  }

  leave(roomId: RoomId): void {
    this.#preferred.leave(roomId);
    this.#fallback.leave(roomId);
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
    const preferred = to & this.#preferred.reached;
    const rest = to & ~preferred;
    let isTaken = true;
    if (preferred !== 0) {
      this.#fallback.passOver(preferred, head, headLength);
      isTaken = this.#preferred.send(roomId, preferred, head, headLength, body, bodyOffset, bodyLength);
    }
    if (rest === 0) return isTaken;
    return this.#fallback.send(roomId, rest, head, headLength, body, bodyOffset, bodyLength) && isTaken;
  }

  flush(): void {
    this.#preferred.flush();
    this.#fallback.flush();
  }

  close(): void {
    this.#preferred.close();
    this.#fallback.close();
  }
}
