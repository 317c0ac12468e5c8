import type { RoomId } from "../sfu/types.ts";
import type { Limits } from "./limits.ts";
import { RateLimit } from "./rate_limit.ts";
import type { Rooms } from "./room.ts";

/** Why somebody may not join now. */
export interface JoinRefusal {
  readonly code: "too-many-joins" | "too-many-rooms" | "room-full";
  readonly message: string;
  /** When the same will be allowed, where that is known. */
  readonly retryAfterSeconds?: number;
}

/** Decides who may join, before anything is made for them (rules P80 to P82). */
export class Admission {
  readonly #rooms: Rooms;
  readonly #limits: Limits;
  readonly #joins: RateLimit;

  constructor(rooms: Rooms, limits: Limits) {
    this.#rooms = rooms;
    this.#limits = limits;
    this.#joins = new RateLimit(limits.joinsPerMinute);
  }

  /**
   * A join from an IP address in text form; undefined where it is allowed. It counts for its network even if it is not.
   * Peers of the identity `replaced` leave the room for it.
   */
  refuse(roomId: RoomId, address: string, nowMs: number, replaced?: string): JoinRefusal | undefined {
    const { maxRooms, maxPeers, joinsPerMinute } = this.#limits;
    const waitMs = this.#joins.take(address, nowMs);
    if (waitMs > 0) {
      const retryAfterSeconds = Math.ceil(waitMs / 1000);
      const message = `more than ${joinsPerMinute} joins a minute from this network; again in ${retryAfterSeconds} s`;
      return { code: "too-many-joins", message, retryAfterSeconds };
    }
    const room = this.#rooms.find(roomId);
    if (room === undefined && this.#rooms.size >= maxRooms) {
      return { code: "too-many-rooms", message: `the server has no place for another room: ${maxRooms} are allowed` };
    }
    if (room !== undefined && room.peers.size - room.peersOf(replaced).length >= maxPeers) {
      return { code: "room-full", message: `the room has no place for another peer: ${maxPeers} are allowed` };
    }
    return undefined;
  }
}
