import type { Kind, PeerId, ProducerParameters, PublishedTrack, RoomId, Speakers, TrackId } from "../sfu/types.ts";
import type { Candidate } from "../webrtc/slot_assignment.ts";
import { RecentSpeakers } from "./recent_speakers.ts";
import { TrackOrder } from "./track_order.ts";

/** What a peer is told of its room. */
export interface PeerObserver {
  peerJoined(id: PeerId, name: string | undefined, identity: string | undefined): void;
  peerLeft(id: PeerId): void;
  trackPublished(peerId: PeerId, track: PublishedTrack): void;
  trackUnpublished(peerId: PeerId, trackId: TrackId): void;
  /** Nothing of a track, which may be this peer's own, is forwarded any more, or it is again. */
  trackMuted(track: PublishedTrack, isMuted: boolean): void;
  /** A track that this peer receives is over; its m-line is free. */
  trackEnded(trackId: TrackId): void;
  /** Others speak now than before, or somebody else above all. Of peers that leave `peerLeft` alone tells. */
  speakersChanged(speakers: Speakers): void;
  /** Another peer of its identity takes this one's place: it leaves. */
  replaced(): void;
}

/** A peer as its room knows it. */
export interface RoomMember {
  readonly id: PeerId;
  readonly name: string | undefined;
  /** Who it is for whoever made its token; undefined for nobody in particular. */
  readonly identity: string | undefined;
  readonly observer: PeerObserver;
  /** By MID; here to be counted. */
  readonly producers: ReadonlyMap<string, unknown>;
  readonly consumers: ReadonlyMap<string, unknown>;
  /** A track of the room is over: a member that receives it has its m-line free. */
  forgetTrack(trackId: TrackId): void;
}

/** Hears what the peers of this node do in a room, to tell the other nodes that share it. */
export interface RoomLink {
  peerAdded(peer: RoomMember): void;
  peerRemoved(id: PeerId): void;
  trackAdded(track: PublishedTrack, parameters: ProducerParameters): void;
  trackRemoved(id: TrackId): void;
  trackMuted(id: TrackId, isMuted: boolean): void;
  /** The last of them has left. */
  close(): void;
}

/** The peers that see and hear each other, and what they are told of each other. */
export class Room {
  readonly id: RoomId;
  readonly #peers = new Map<PeerId, RoomMember>();
  /** In the order of publication. */
  readonly #tracks = new Map<TrackId, PublishedTrack>();
  /** Those of which nothing is forwarded. */
  readonly #muted = new Set<TrackId>();
  /** Its peers leave together: to tell each of all the others would be as many messages as there are pairs. */
  #isEmptied = false;
  readonly #speech = new RecentSpeakers();
  readonly #order = new TrackOrder(this);
  readonly #link: RoomLink | undefined;
  /** Those of this node. */
  readonly #own = new Set<PeerId>();

  /** `link` makes what tells other nodes of the room; left out where it is not shared. */
  constructor(id: RoomId, link?: (room: Room) => RoomLink) {
    this.id = id;
    this.#link = link?.(this);
  }

  /** Whether no peer of this node is in it. */
  get isDeserted(): boolean {
    return this.#own.size === 0;
  }

  /** How many peers of this node are in it. */
  get ownCount(): number {
    return this.#own.size;
  }

  /** Those of this node. */
  *ownPeers(): Generator<RoomMember> {
    for (const [id, peer] of this.#peers) if (this.#own.has(id)) yield peer;
  }

  get peers(): ReadonlyMap<PeerId, RoomMember> {
    return this.#peers;
  }

  get tracks(): ReadonlyMap<TrackId, PublishedTrack> {
    return this.#tracks;
  }

  /** Who speaks; all of them are peers of the room. */
  get speakers(): Speakers {
    return this.#speech.speakers;
  }

  /** Whether anybody who is still there has spoken. */
  get hasSpeakers(): boolean {
    return this.#speech.order.length > 0;
  }

  /** Peers of the room that have spoken, the dominant speaker first, then who began last. */
  get recentSpeakers(): readonly PeerId[] {
    return this.#speech.order;
  }

  /** Its tracks of a kind, the most relevant first. */
  candidates(kind: Kind): readonly Candidate[] {
    return this.#order.of(kind);
  }

  /** Peers of this identity; nobody has an undefined one. */
  peersOf(identity: string | undefined): RoomMember[] {
    if (identity === undefined) return [];
    return [...this.#peers.values()].filter((peer) => peer.identity === identity);
  }

  addPeer(peer: RoomMember): void {
    this.#own.add(peer.id);
    this.bringPeer(peer);
    this.#link?.peerAdded(peer);
  }

  /** One of another node. */
  bringPeer(peer: RoomMember): void {
    for (const other of this.#peers.values()) other.observer.peerJoined(peer.id, peer.name, peer.identity);
    this.#peers.set(peer.id, peer);
  }

  removePeer(peer: RoomMember): void {
    if (!this.#peers.delete(peer.id)) return;
    this.#speech.forget(peer.id);
    this.#order.invalidate();
    for (const other of this.#told) other.observer.peerLeft(peer.id);
    if (this.#own.delete(peer.id)) this.#link?.peerRemoved(peer.id);
  }

  /** What media hears of who speaks, which may be older than the last leave. */
  handleSpeakers(speakers: Speakers): void {
    this.#speech.update(speakers, (id) => this.#peers.has(id));
    this.#order.invalidate();
    for (const peer of this.#peers.values()) peer.observer.speakersChanged(this.speakers);
  }

  /** Nobody hears a peer any more that is there still. Who was dominant stays so in silence. */
  fallSilent(id: PeerId): void {
    const { active, ...dominant } = this.speakers;
    const rest = active.filter(({ peerId }) => peerId !== id);
    if (rest.length < active.length) this.handleSpeakers({ ...dominant, active: rest });
  }

  addTrack(track: PublishedTrack, parameters: ProducerParameters): void {
    this.bringTrack(track);
    this.#link?.trackAdded(track, parameters);
  }

  /** One of another node's peers. */
  bringTrack(track: PublishedTrack): void {
    this.#tracks.set(track.id, track);
    this.#order.invalidate();
    for (const peer of this.#peers.values()) {
      if (peer.id !== track.peerId) peer.observer.trackPublished(track.peerId, track);
    }
  }

  /** `announce` is false where the publisher leaves: `peerLeft` then says it all. */
  removeTrack({ id, peerId }: PublishedTrack, announce: boolean): void {
    if (!this.#tracks.delete(id)) return;
    this.#muted.delete(id);
    this.#order.invalidate();
    for (const peer of this.#told) {
      peer.forgetTrack(id);
      if (announce && peer.id !== peerId) peer.observer.trackUnpublished(peerId, id);
    }
    this.#link?.trackRemoved(id);
  }

  /** Has the peers of this node leave by `leave`, without a word to each of the others. */
  empty(leave: () => void): void {
    this.#isEmptied = true;
    try {
      leave();
    } finally {
      this.#isEmptied = false;
    }
  }

  /** Who hears that somebody, or something, is gone. */
  get #told(): Iterable<RoomMember> {
    return this.#isEmptied ? [] : this.#peers.values();
  }

  /** Whether nothing of a track is forwarded, as whoever runs the server wants. */
  isMuted(id: TrackId): boolean {
    return this.#muted.has(id);
  }

  /** Has everyone told, its publisher too; nobody where it is no news. The media side has heard of it. */
  muteTrack(track: PublishedTrack, isMuted: boolean): void {
    if (this.bringMute(track, isMuted)) this.#link?.trackMuted(track.id, isMuted);
  }

  /** Of a track of another node's peer. False where it is no news. */
  bringMute(track: PublishedTrack, isMuted: boolean): boolean {
    if (this.#muted.has(track.id) === isMuted) return false;
    if (isMuted) this.#muted.add(track.id);
    else this.#muted.delete(track.id);
    for (const peer of this.#peers.values()) peer.observer.trackMuted(track, isMuted);
    return true;
  }

  close(): void {
    this.#link?.close();
  }
}

/** The rooms of this node: a room begins with its first peer here and vanishes with its last. */
export class Rooms {
  readonly #rooms = new Map<RoomId, Room>();
  readonly #link: ((room: Room) => RoomLink) | undefined;

  /** `link` makes what tells other nodes of a room; left out where rooms are not shared. */
  constructor(link?: (room: Room) => RoomLink) {
    this.#link = link;
  }

  get size(): number {
    return this.#rooms.size;
  }

  [Symbol.iterator](): Iterator<Room> {
    return this.#rooms.values();
  }

  /** The room with this id; undefined where there is none. */
  find(id: RoomId): Room | undefined {
    return this.#rooms.get(id);
  }

  /** The room with this id, made where there is none. */
  enter(id: RoomId): Room {
    let room = this.#rooms.get(id);
    if (room === undefined) {
      room = new Room(id, this.#link);
      this.#rooms.set(id, room);
    }
    return room;
  }

  /** To be called when a peer has left. */
  release(room: Room): void {
    if (!room.isDeserted || this.#rooms.get(room.id) !== room) return;
    this.#rooms.delete(room.id);
    room.close();
  }
}
