import type { RoomId } from "../sfu/types.ts";
import { coversRoom, type Grants } from "./grants.ts";
import type { Limits } from "./limits.ts";
import { RateLimit } from "./rate_limit.ts";
import type { Rooms } from "./room.ts";

/** Why somebody may not join now. */
export interface JoinRefusal {
  readonly code: "server-draining" | "too-many-joins" | "too-many-rooms" | "room-full";
  readonly message: string;
  /** When the same will be allowed, where that is known. */
  readonly retryAfterSeconds?: number;
}

/** Said of a token that was revoked. */
export const REVOKED = "the token is not valid: it was revoked";

/** Why a token does not lead into a room. */
export interface RoomRefusal {
  readonly code: "forbidden" | "unauthorized";
  readonly message: string;
}

/** Whether a token was revoked for a room. */
export type IsRevoked = (grants: Grants, roomId: RoomId) => boolean;

/** Decides who may join, before anything is made for them (rules P80 to P82). */
export class Admission {
  readonly #rooms: Rooms;
  /** As they are at present: they may change. */
  readonly #limits: Limits;
  readonly #joins: RateLimit;
  readonly #isRevoked: IsRevoked;
  #isClosed = false;

  constructor(rooms: Rooms, limits: Limits, isRevoked: IsRevoked = () => false) {
    this.#rooms = rooms;
    this.#limits = limits;
    this.#joins = new RateLimit(limits.joinsPerMinute);
    this.#isRevoked = isRevoked;
  }

  /** Nobody may join any more. */
  close(): void {
    this.#isClosed = true;
  }

  /** Whether these grants lead into the room: undefined where they do, or where no tokens are asked for. */
  refuseRoom(grants: Grants | undefined, roomId: RoomId): RoomRefusal | undefined {
    if (grants === undefined) return undefined;
    if (!coversRoom(grants, roomId)) return { code: "forbidden", message: "the token is not for this room" };
    if (this.#isRevoked(grants, roomId)) return { code: "unauthorized", message: REVOKED };
    return undefined;
  }

  /**
   * A join from an IP address in text form; undefined where it is allowed. It counts for its network even if it is not.
   * Peers of the identity `replaced` leave the room for it.
   */
  refuse(roomId: RoomId, address: string, nowMs: number, replaced?: string): JoinRefusal | undefined {
    if (this.#isClosed) return { code: "server-draining", message: "the server ends soon: join by another one" };
    const { maxRooms, maxPeers, joinsPerMinute } = this.#limits;
    this.#joins.perMinute = joinsPerMinute;
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
