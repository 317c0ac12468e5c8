import type { PeerId, RoomId, TrackId, TrackInfo } from "../sfu/types.ts";
import type { LeaveReason } from "./join_outcome.ts";
import type { RoomLink } from "./room.ts";

/** What every event of a peer names. */
interface OfPeer {
  readonly roomId: RoomId;
  readonly peerId: PeerId;
}

/**
 * What happened in a room of this server, to its own peers: each server that shares a room tells of its own. A room begins
 * here with its first peer here, and ends with its last; a peer's tracks end before it leaves.
 */
export type RoomEvent =
  | { readonly type: "roomStarted"; readonly roomId: RoomId }
  | { readonly type: "roomEnded"; readonly roomId: RoomId }
  /** `identity` is the `sub` of its token; both are left out where there is none. */
  | OfPeer & { readonly type: "peerJoined"; readonly name?: string; readonly identity?: string }
  /** Its media can flow: ICE and DTLS are done. Again after media that was lost. */
  | OfPeer & { readonly type: "peerConnected" }
  | OfPeer & { readonly type: "peerLeft"; readonly reason: LeaveReason }
  | OfPeer & { readonly type: "trackPublished"; readonly track: TrackInfo }
  | OfPeer & { readonly type: "trackUnpublished"; readonly trackId: TrackId }
  /** Whoever runs the server has nothing of it forwarded any more, or has it again. */
  | OfPeer & { readonly type: "trackMuted"; readonly trackId: TrackId; readonly muted: boolean };

export type RoomEventListener = (event: RoomEvent) => void;

/** A peer that has joined, as far as events tell of it. */
export interface JoinedPeer {
  readonly id: PeerId;
  readonly name: string | undefined;
  readonly identity: string | undefined;
}

/**
 * Makes events of what rooms and peers do, in an order that a listener can rely on: an HTTP client's tracks are there
 * before its join is settled, and a room is over before its last peer's end is told.
 */
export class RoomEvents {
  readonly #tell: RoomEventListener;
  readonly #peers = new Map<PeerId, RoomId>();
  /** How many of them are in each room. */
  readonly #rooms = new Map<RoomId, number>();
  /** Whose they are: of peers that have joined. */
  readonly #tracks = new Map<TrackId, PeerId>();
  /** Tracks of peers that have not joined yet. */
  readonly #early = new Map<PeerId, TrackInfo[]>();

  /** `tell` throws nothing. */
  constructor(tell: RoomEventListener) {
    this.#tell = tell;
  }

  /** Hears of a room's tracks, beside what tells other nodes of it. */
  link(others: RoomLink | undefined): RoomLink {
    return {
      peerAdded: (peer) => others?.peerAdded(peer),
      peerRemoved: (id) => others?.peerRemoved(id),
      trackAdded: (track, parameters) => {
        others?.trackAdded(track, parameters);
        this.#publish(track.peerId, { id: track.id, kind: track.kind, source: track.source });
      },
      trackRemoved: (id) => {
        others?.trackRemoved(id);
        this.#unpublish(id);
      },
      trackMuted: (id, isMuted) => {
        others?.trackMuted(id, isMuted);
        this.#mute(id, isMuted);
      },
      close: () => others?.close(),
    };
  }

  joined(roomId: RoomId, { id: peerId, name, identity }: JoinedPeer): void {
    const count = this.#rooms.get(roomId) ?? 0;
    this.#rooms.set(roomId, count + 1);
    if (count === 0) this.#tell({ type: "roomStarted", roomId });
    this.#peers.set(peerId, roomId);
    const known = { ...(name !== undefined && { name }), ...(identity !== undefined && { identity }) };
    this.#tell({ type: "peerJoined", roomId, peerId, ...known });
    const tracks = this.#early.get(peerId) ?? [];
    this.#early.delete(peerId);
    for (const track of tracks) this.#publish(peerId, track);
  }

  connected(peerId: PeerId): void {
    const roomId = this.#peers.get(peerId);
    if (roomId !== undefined) this.#tell({ type: "peerConnected", roomId, peerId });
  }

  /** Nothing is told of a peer whose join was refused. */
  left(peerId: PeerId, reason: LeaveReason): void {
    this.#early.delete(peerId);
    const roomId = this.#peers.get(peerId);
    if (roomId === undefined) return;
    this.#peers.delete(peerId);
    this.#tell({ type: "peerLeft", roomId, peerId, reason });
    const count = (this.#rooms.get(roomId) ?? 1) - 1;
    if (count > 0) return void this.#rooms.set(roomId, count);
    this.#rooms.delete(roomId);
    this.#tell({ type: "roomEnded", roomId });
  }

  #publish(peerId: PeerId, track: TrackInfo): void {
    const roomId = this.#peers.get(peerId);
    if (roomId === undefined) {
      this.#early.set(peerId, [...(this.#early.get(peerId) ?? []), track]);
      return;
    }
    this.#tracks.set(track.id, peerId);
    this.#tell({ type: "trackPublished", roomId, peerId, track });
  }

  #mute(trackId: TrackId, muted: boolean): void {
    const peerId = this.#tracks.get(trackId);
    const roomId = peerId === undefined ? undefined : this.#peers.get(peerId);
    if (peerId === undefined || roomId === undefined) return;
    this.#tell({ type: "trackMuted", roomId, peerId, trackId, muted });
  }

  /** Tracks of other nodes are not known here. */
  #unpublish(trackId: TrackId): void {
    const peerId = this.#tracks.get(trackId);
    const roomId = peerId === undefined ? undefined : this.#peers.get(peerId);
    if (peerId === undefined || roomId === undefined) return;
    this.#tracks.delete(trackId);
    this.#tell({ type: "trackUnpublished", roomId, peerId, trackId });
  }
}
