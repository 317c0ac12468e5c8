import type { PeerId, RoomId } from "../sfu/types.ts";
import type { PeerOverview, PeerSummary, RoomSummary } from "../signaling/overview.ts";

/** A part of a list, in the order of ids. */
export interface Page {
  /** Behind this id; from the first one on where it is left out. */
  readonly after?: string | undefined;
  /** How many at most; all where it is left out. */
  readonly limit?: number | undefined;
}

export interface RoomPage {
  readonly rooms: readonly RoomSummary[];
  /** Behind which id the rest is; left out where there is none. */
  readonly next?: string;
}

export interface RoomOverview extends RoomSummary {
  /** Those of `Page`. */
  readonly members: readonly PeerSummary[];
  readonly next?: string;
}

/** Why something cannot be done to a peer: nobody has heard of it, or it is another server's, by its name. */
export type NotHere = { readonly problem: "unknown" } | { readonly problem: "elsewhere"; readonly node?: string };

/** What whoever runs the server sees of its rooms, and does to them. */
export interface AdminVerbs {
  /** Rooms with peers of this server, of those that `covers` lets through. */
  rooms(page?: Page, covers?: (roomId: RoomId) => boolean): RoomPage;
  /** Undefined where the room has no peers of this server. */
  room(roomId: RoomId, page?: Page): RoomOverview | undefined;
  peer(roomId: RoomId, peerId: PeerId): PeerOverview | NotHere;
}
