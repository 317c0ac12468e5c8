import type { NodeId } from "../media/media_bus.ts";
import { MergedSpeakers } from "../media/merged_speakers.ts";
import type { PeerEventHandler, RelayCommand } from "../media/messages.ts";
import type { PeerId, ProducerParameters, RoomId, Speakers, TrackId } from "../sfu/types.ts";

/** A peer of a room, at the node that has its media. */
export interface PooledPeer {
  readonly peerId: PeerId;
  readonly node: NodeId;
  readonly handleEvent: PeerEventHandler;
  /** What it publishes, by MID. */
  readonly tracks: Map<string, TrackId>;
}

interface PooledTrack {
  readonly peer: PooledPeer;
  /** What the track is told to other nodes by. */
  readonly announcement: Extract<RelayCommand, { readonly type: "import" }>;
  isMuted: boolean;
}

export interface PooledRoomOptions {
  readonly roomId: RoomId;
  /** Tells a node of the room. */
  readonly relay: (node: NodeId, command: RelayCommand) => void;
  /** A number that no track of any room has had. */
  readonly nextRelay: () => number;
}

/**
 * One room over the nodes that have peers of it: each is told of the tracks of all others, before a peer there can be
 * told to subscribe to one, and until it has no peer of the room any more.
 */
export class PooledRoom {
  readonly #options: PooledRoomOptions;
  /** Nodes with peers of the room, in the order in which it came to them. */
  readonly #nodes = new Map<NodeId, Set<PooledPeer>>();
  readonly #peers = new Map<PeerId, PooledPeer>();
  readonly #tracks = new Map<TrackId, PooledTrack>();
  readonly #speakers = new MergedSpeakers((peerId) => this.#peers.get(peerId)?.node);

  constructor(options: PooledRoomOptions) {
    this.#options = options;
  }

  get id(): RoomId {
    return this.#options.roomId;
  }

  get isEmpty(): boolean {
    return this.#nodes.size === 0;
  }

  /** Tracks that are published. */
  get trackCount(): number {
    return this.#tracks.size;
  }

  /** Peers of the room that are there. */
  peersOf(node: NodeId): number {
    return this.#nodes.get(node)?.size ?? 0;
  }

  /** Its media has been opened at its node. */
  add(peer: PooledPeer): void {
    const present = this.#nodes.get(peer.node);
    this.#peers.set(peer.peerId, peer);
    if (present !== undefined) return void present.add(peer);
    this.#nodes.set(peer.node, new Set([peer]));
    this.#announceTo(peer.node);
  }

  /** The peer's media has failed: where that was as it began, and there was no other one, its node knows no tracks. */
  handleFault({ node }: PooledPeer): void {
    if (this.#nodes.has(node)) this.#announceTo(node);
  }

  /** Its node has been told that it publishes this track. */
  publish(peer: PooledPeer, trackId: TrackId, parameters: ProducerParameters): void {
    if (!this.#has(peer)) return;
    this.unpublish(peer, parameters.mid);
    const { roomId, nextRelay } = this.#options;
    const { peerId, node: from } = peer;
    const announcement = { type: "import", roomId, trackId, peerId, from, relay: nextRelay(), parameters } as const;
    this.#tracks.set(trackId, { peer, announcement, isMuted: false });
    peer.tracks.set(parameters.mid, trackId);
    this.#tellOthers(from, announcement);
  }

  unpublish(peer: PooledPeer, mid: string): void {
    const trackId = peer.tracks.get(mid);
    if (trackId === undefined) return;
    peer.tracks.delete(mid);
    this.#endTrack(trackId);
  }

  /** Its node has been told that nothing of the track is to be forwarded, or that it is again. */
  mute(peer: PooledPeer, mid: string, isMuted: boolean): void {
    const trackId = peer.tracks.get(mid);
    const track = trackId === undefined ? undefined : this.#tracks.get(trackId);
    if (track === undefined) return;
    track.isMuted = isMuted;
    this.#tellOthers(peer.node, this.#muteCommand(track));
  }

  /** The peer has left: its tracks end. */
  leave(peer: PooledPeer): void {
    for (const trackId of peer.tracks.values()) this.#endTrack(trackId);
    peer.tracks.clear();
  }

  /** The peer's media is about to be closed. */
  remove(peer: PooledPeer, nowMs: number): void {
    const peers = this.#nodes.get(peer.node);
    if (!peers?.delete(peer)) return;
    this.leave(peer);
    this.#forget(peer);
    if (peers.size > 0) return;
    this.#nodes.delete(peer.node);
    const { relay, roomId } = this.#options;
    for (const trackId of this.#tracks.keys()) relay(peer.node, { type: "endImport", roomId, trackId });
    this.#tellSpeakers(this.#speakers.forget(peer.node), nowMs);
  }

  /** The node has failed, and its peers with it. */
  drop(node: NodeId, nowMs: number): void {
    const peers = this.#nodes.get(node);
    if (peers === undefined) return;
    this.#nodes.delete(node);
    for (const peer of peers) {
      this.leave(peer);
      this.#forget(peer);
    }
    this.#tellSpeakers(this.#speakers.forget(node), nowMs);
  }

  /** What the peer's node hears of who speaks in the room; undefined where that says nothing new of it as a whole. */
  handleSpeakers({ node }: PooledPeer, speakers: Speakers): Speakers | undefined {
    return this.#speakers.update(node, speakers);
  }

  #has(peer: PooledPeer): boolean {
    return this.#nodes.get(peer.node)?.has(peer) ?? false;
  }

  /** Who came back as the same peer has taken its place. */
  #forget(peer: PooledPeer): void {
    if (this.#peers.get(peer.peerId) === peer) this.#peers.delete(peer.peerId);
  }

  #endTrack(trackId: TrackId): void {
    const track = this.#tracks.get(trackId);
    this.#tracks.delete(trackId);
    if (track === undefined) return;
    this.#tellOthers(track.peer.node, { type: "endImport", roomId: this.#options.roomId, trackId });
  }

  /** Tells all tracks of other nodes. A track that the node knows stays as it is. */
  #announceTo(node: NodeId): void {
    for (const track of this.#tracks.values()) {
      if (track.peer.node === node) continue;
      this.#options.relay(node, track.announcement);
      if (track.isMuted) this.#options.relay(node, this.#muteCommand(track));
    }
  }

  #muteCommand({ announcement: { roomId, trackId }, isMuted }: PooledTrack): RelayCommand {
    return { type: "muteImport", roomId, trackId, isMuted };
  }

  #tellOthers(node: NodeId, command: RelayCommand): void {
    for (const other of this.#nodes.keys()) if (other !== node) this.#options.relay(other, command);
  }

  /** By one peer for all of them. */
  #tellSpeakers(speakers: Speakers | undefined, nowMs: number): void {
    if (speakers === undefined) return;
    const [peer] = this.#peers.values();
    peer?.handleEvent({ type: "speakersChanged", speakers }, nowMs);
  }
}
