import type { Producer } from "./producer.ts";
import type { PeerId, PublishedTrack, RoomId, TrackId } from "./types.ts";

/** What a peer is told of its room. */
export interface PeerObserver {
  peerJoined(id: PeerId, name: string | undefined): void;
  peerLeft(id: PeerId): void;
  trackPublished(peerId: PeerId, track: PublishedTrack): void;
  trackUnpublished(peerId: PeerId, trackId: TrackId): void;
  /** A track that this peer receives is over; its m-line is free. */
  trackEnded(trackId: TrackId): void;
}

/** A peer as its room knows it. */
export interface RoomMember {
  readonly id: PeerId;
  readonly name: string | undefined;
  readonly observer: PeerObserver;
  /** By MID; here to be counted. */
  readonly producers: ReadonlyMap<string, unknown>;
  readonly consumers: ReadonlyMap<string, unknown>;
  readonly ssrcCount: number;
  /** A track of the room is over: a member that receives it stops to. */
  unsubscribeTrack(trackId: TrackId): void;
}

/** The peers that see and hear each other. */
export class Room {
  readonly id: RoomId;
  readonly #peers = new Map<PeerId, RoomMember>();
  /** In the order of publication. */
  readonly #producers = new Map<TrackId, Producer>();

  constructor(id: RoomId) {
    this.id = id;
  }

  get peers(): ReadonlyMap<PeerId, RoomMember> {
    return this.#peers;
  }

  get producers(): ReadonlyMap<TrackId, Producer> {
    return this.#producers;
  }

  addPeer(peer: RoomMember): void {
    for (const other of this.#peers.values()) other.observer.peerJoined(peer.id, peer.name);
    this.#peers.set(peer.id, peer);
  }

  removePeer(peer: RoomMember): void {
    if (!this.#peers.delete(peer.id)) return;
    for (const other of this.#peers.values()) other.observer.peerLeft(peer.id);
  }

  addProducer(producer: Producer): void {
    this.#producers.set(producer.id, producer);
    for (const peer of this.#peers.values()) {
      if (peer.id !== producer.peerId) peer.observer.trackPublished(producer.peerId, producer);
    }
  }

  /** `announce` is false where the publisher leaves: `peerLeft` then says it all. */
  removeProducer(producer: Producer, announce: boolean): void {
    if (!this.#producers.delete(producer.id)) return;
    for (const peer of this.#peers.values()) {
      peer.unsubscribeTrack(producer.id);
      if (announce && peer.id !== producer.peerId) peer.observer.trackUnpublished(producer.peerId, producer.id);
    }
  }
}

/** The rooms of this process: a room begins with its first peer and vanishes with its last. */
export class Rooms {
  readonly #rooms = new Map<RoomId, Room>();

  get size(): number {
    return this.#rooms.size;
  }

  [Symbol.iterator](): Iterator<Room> {
    return this.#rooms.values();
  }

  /** The room with this id, made where there is none. */
  enter(id: RoomId): Room {
    let room = this.#rooms.get(id);
    if (room === undefined) {
      room = new Room(id);
      this.#rooms.set(id, room);
    }
    return room;
  }

  /** To be called when a peer has left. */
  release(room: Room): void {
    if (room.peers.size === 0 && this.#rooms.get(room.id) === room) this.#rooms.delete(room.id);
  }
}
