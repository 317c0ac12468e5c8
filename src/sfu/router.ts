import type { Producer } from "./producer.ts";
import type { TrackId } from "./types.ts";

/** A peer as its router knows it. */
export interface RouterMember {
  /** A track is over: a member that receives it stops to. */
  unsubscribeTrack(trackId: TrackId): void;
}

/**
 * The tracks of one room as far as their packets go: subscribers find producers here. Who is told of what is the
 * business of signaling.
 */
export class Router {
  readonly #members = new Set<RouterMember>();
  readonly #producers = new Map<TrackId, Producer>();

  get producers(): ReadonlyMap<TrackId, Producer> {
    return this.#producers;
  }

  /** Peers that have joined and not left. */
  get size(): number {
    return this.#members.size;
  }

  addMember(member: RouterMember): void {
    this.#members.add(member);
  }

  removeMember(member: RouterMember): void {
    this.#members.delete(member);
  }

  addProducer(producer: Producer): void {
    this.#producers.set(producer.id, producer);
  }

  removeProducer(producer: Producer): void {
    if (!this.#producers.delete(producer.id)) return;
    for (const member of this.#members) member.unsubscribeTrack(producer.id);
  }
}
