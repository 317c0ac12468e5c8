import type { Peer } from "./peer.ts";
import type { Producer } from "./producer.ts";
import type { PeerId, RoomId, TrackId } from "./types.ts";

/** The peers that see and hear each other. */
export class Room {
  readonly id: RoomId;
  readonly #peers = new Map<PeerId, Peer>();
  /** In the order of publication. */
  readonly #producers = new Map<TrackId, Producer>();

  constructor(id: RoomId) {
    this.id = id;
  }

  get peers(): ReadonlyMap<PeerId, Peer> {
    return this.#peers;
  }

  get producers(): ReadonlyMap<TrackId, Producer> {
    return this.#producers;
  }

  addPeer(peer: Peer): void {
    for (const other of this.#peers.values()) other.observer.peerJoined(peer.id, peer.name);
    this.#peers.set(peer.id, peer);
  }

  removePeer(peer: Peer): void {
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
