import type { PeerId, RoomId, TrackId } from "../sfu/types.ts";
import type { PeerOverview, PeerSummary, RoomSummary } from "../signaling/overview.ts";
import type { CaptureOptions } from "./capture.ts";

export type { CaptureOptions };

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

/** How far something went: how many peers of this server it reached, and whether the other servers were told. */
export interface Reach {
  readonly reached: number;
  readonly told: boolean;
}

/**
 * What came of a move: the client was told, and its peer has left; its token does not lead to the other room; or it hears
 * of nothing: one of WHIP or WHEP, or one whose WebSocket is lost at present.
 */
export type MoveResult = "moved" | "not-granted" | "not-heard" | NotHere;

/** What came of a mute: it is done, or the peer publishes no such track. */
export type MuteResult = "done" | "unknown-track" | NotHere;

/** What came of a capture: it has begun; its peer is captured already; or as many others are as may be. */
export type CaptureResult =
  | { readonly stream: ReadableStream<Uint8Array<ArrayBuffer>> }
  | { readonly problem: "capturing" }
  | { readonly problem: "too-many-captures" }
  | NotHere;

/** What whoever runs the server sees of its rooms, and does to them. */
export interface AdminVerbs {
  /** Rooms with peers of this server, of those that `covers` lets through. */
  rooms(page?: Page, covers?: (roomId: RoomId) => boolean): RoomPage;
  /** Undefined where the room has no peers of this server. */
  room(roomId: RoomId, page?: Page): RoomOverview | undefined;
  peer(roomId: RoomId, peerId: PeerId): PeerOverview | NotHere;
  /** Has all peers leave a room, at all servers that share it. They may come back. */
  endRoom(roomId: RoomId): Reach;
  /**
   * Says something to the clients of a room, or of all, at all servers that share them: any JSON. Clients of WHIP and WHEP
   * hear nothing. Throws a RangeError where its JSON is more than MAX_MESSAGE_BYTES.
   */
  sendMessage(message: unknown, roomId?: RoomId): Reach;
  /** Has nothing of a track forwarded to anybody until it is to be again; its publisher and the others are told. */
  muteTrack(roomId: RoomId, peerId: PeerId, trackId: TrackId, isMuted: boolean): MuteResult;
  /** Has a peer leave for another room, to which its client goes by itself. */
  movePeer(roomId: RoomId, peerId: PeerId, toRoomId: RoomId): MoveResult;
  /**
   * Records the packets of a peer here, both ways and decrypted, as a pcapng file: without what was said and shown, unless
   * that is asked for. It ends by itself, by `cancel` of the stream, and with the peer. Throws a TypeError for more than 60 s
   * or 50 MB.
   */
  capture(roomId: RoomId, peerId: PeerId, options: CaptureOptions): CaptureResult;
}
