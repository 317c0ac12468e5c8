import type { NodeId } from "../media/media_bus.ts";
import type { RelayCommand } from "../media/messages.ts";
import type { PeerId, ProducerParameters, PublishedTrack, TrackId } from "../sfu/types.ts";
import { RemotePeer } from "./remote_peer.ts";
import type { Room, RoomLink, RoomMember } from "./room.ts";
import { readRoomNews, type RoomNews, type SharedPeer, type SharedTrack } from "./room_news.ts";
import { Standstill } from "./standstill.ts";

/** A node says so often that it is there, ... */
export const BEAT_MS = 1000;
/** ... and one that was not heard for so long is gone, with its peers. */
export const GONE_MS = 3500;
/** What was missed is asked for again after so long. */
export const ASK_MS = 250;

type Change = Extract<RoomNews, { readonly type: "change" }>;
type State = Extract<RoomNews, { readonly type: "state" }>;

export interface SharedRoomOptions {
  readonly room: Room;
  readonly node: NodeId;
  /** Unlike that of any stay of this node in the room before. */
  readonly epoch: string;
  /** A number for a track, which names it on the bus of this node. */
  readonly nextRelay: () => number;
  /** Tells the other nodes of the room. */
  readonly send: (news: RoomNews) => void;
  /** Tells the media of this node. */
  readonly relay: (command: RelayCommand) => void;
  /** Somebody else speaks under the number of this node. */
  readonly twinHeard?: () => void;
  /** As `RoomBus.heardMs`. */
  readonly heardMs?: ((node: NodeId) => number) | undefined;
  readonly nowMs: number;
}

/** What is known of another node. */
interface Remote {
  epoch: string;
  version: number;
  readonly peers: Map<PeerId, RemotePeer>;
  readonly tracks: Map<TrackId, PublishedTrack>;
  heardMs: number;
  /** Something was missed: its state was asked for at this time. */
  askedMs: number | undefined;
}

/**
 * A room that peers of several nodes are in, seen from one of them: tells the others of the peers here, and brings theirs
 * into the room here, with their tracks. Whatever is lost on the way is found by the next beat, and asked for.
 */
export class SharedRoom implements RoomLink {
  readonly #options: SharedRoomOptions;
  readonly #peers = new Map<PeerId, SharedPeer>();
  readonly #tracks = new Map<TrackId, SharedTrack>();
  readonly #remotes = new Map<NodeId, Remote>();
  readonly #standstill: Standstill;
  #version = 0;
  #change: Change | undefined;
  #beatMs: number;
  #nowMs: number;

  /** Asks who else is in the room. */
  constructor(options: SharedRoomOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs;
    this.#standstill = new Standstill(2 * BEAT_MS, options.nowMs);
    this.#beatMs = options.nowMs + BEAT_MS;
    options.send({ type: "ask", from: options.node });
  }

  peerAdded({ id, name, identity }: RoomMember): void {
    const peer = { id, name, identity };
    this.#peers.set(id, peer);
    this.#pending().peers.push(peer);
  }

  peerRemoved(id: PeerId): void {
    if (!this.#peers.delete(id)) return;
    const { peers, peersGone } = this.#pending();
    const at = peers.findIndex((peer) => peer.id === id);
    if (at < 0) peersGone.push(id);
    else peers.splice(at, 1);
  }

  trackAdded({ id, peerId }: PublishedTrack, parameters: ProducerParameters): void {
    const track = {
      id,
      peerId,
      relay: this.#options.nextRelay(),
      parameters: structuredClone(parameters),
    } as SharedTrack;
    this.#tracks.set(id, track);
    this.#pending().tracks.push(track);
  }

  trackRemoved(id: TrackId): void {
    if (!this.#tracks.delete(id)) return;
    const { tracks, tracksGone } = this.#pending();
    const at = tracks.findIndex((track) => track.id === id);
    if (at < 0) tracksGone.push(id);
    else tracks.splice(at, 1);
  }

  trackMuted(id: TrackId, isMuted: boolean): void {
    const track = this.#tracks.get(id);
    if (track === undefined) return;
    const { muted: _, ...rest } = track;
    const changed: SharedTrack = isMuted ? { ...rest, muted: true } : rest;
    this.#tracks.set(id, changed);
    const pending = this.#pending();
    const at = pending.tracks.findIndex((added) => added.id === id);
    if (at >= 0) pending.tracks[at] = changed;
    else pending.tracksMuted.push({ id, muted: isMuted });
  }

  /** Tells what has changed since the last call. */
  flush(): void {
    const change = this.#change;
    if (change === undefined) return;
    this.#change = undefined;
    this.#options.send(change);
  }

  /** Takes what came, which may be anything. */
  handleNews(value: unknown, nowMs: number): void {
    const news = readRoomNews(value);
    if (news === undefined) return;
    const { node, epoch, twinHeard } = this.#options;
    if (news.from === node) {
      if ("epoch" in news && news.epoch !== epoch) twinHeard?.();
      return;
    }
    this.#nowMs = nowMs;
    switch (news.type) {
      case "ask":
        if (news.to === undefined || news.to === node) this.#sendState();
        return;
      case "replace":
        if (news.to === node) this.#replace(news.peerId);
        return;
      case "leave":
        if (this.#remotes.get(news.from)?.epoch === news.epoch) this.#drop(news.from);
        return;
      case "state":
        return this.#handleState(news);
      case "change":
        return this.#handleChange(news);
      case "beat":
        return this.#handleVersion(news);
    }
  }

  nextTimeout(): number {
    let next = this.#beatMs;
    for (const { heardMs, askedMs } of this.#remotes.values()) {
      next = Math.min(next, heardMs + GONE_MS, askedMs === undefined ? Infinity : askedMs + ASK_MS);
    }
    return next;
  }

  handleTimeout(nowMs: number): void {
    this.#nowMs = nowMs;
    const { node, epoch, send, heardMs = () => -Infinity } = this.#options;
    const stoodStill = this.#standstill.endsAt(nowMs);
    for (const [from, remote] of this.#remotes) {
      remote.heardMs = stoodStill ? nowMs : Math.max(remote.heardMs, heardMs(from));
      if (nowMs >= remote.heardMs + GONE_MS) this.#drop(from);
      else if (remote.askedMs !== undefined && nowMs >= remote.askedMs + ASK_MS) this.#ask(from, remote);
    }
    if (nowMs < this.#beatMs) return;
    this.#beatMs = nowMs + BEAT_MS;
    this.flush();
    send({ type: "beat", from: node, epoch, version: this.#version });
  }

  /** The room has no peers here any more: what the others brought ends here. */
  close(): void {
    const { node, epoch, send } = this.#options;
    this.#change = undefined;
    for (const from of [...this.#remotes.keys()]) this.#drop(from);
    send({ type: "leave", from: node, epoch });
  }

  #pending(): Change {
    const { node: from, epoch } = this.#options;
    this.#change ??= {
      type: "change",
      from,
      epoch,
      version: ++this.#version,
      peers: [],
      tracks: [],
      peersGone: [],
      tracksGone: [],
      tracksMuted: [],
    };
    return this.#change;
  }

  /** What has changed goes before, so that the state is what it says. */
  #sendState(): void {
    this.flush();
    const { node: from, epoch, send } = this.#options;
    const [peers, tracks] = [[...this.#peers.values()], [...this.#tracks.values()]];
    send({ type: "state", from, epoch, version: this.#version, peers, tracks });
  }

  #replace(peerId: PeerId): void {
    if (this.#peers.has(peerId)) this.#options.room.peers.get(peerId)?.observer.replaced();
  }

  #handleState({ from, epoch, version, peers, tracks }: State): void {
    const known = this.#remotes.get(from);
    // One that was asked for twice, or that is older than what has changed since.
    if (known?.epoch === epoch && version < known.version) return;
    if (known !== undefined && known.epoch !== epoch) this.#drop(from);
    const remote = this.#hear(from, epoch);
    const [peerIds, trackIds] = [new Set(peers.map(({ id }) => id)), new Set(tracks.map(({ id }) => id))];
    for (const id of [...remote.tracks.keys()]) if (!trackIds.has(id)) this.#removeTrack(remote, id, true);
    for (const id of [...remote.peers.keys()]) if (!peerIds.has(id)) this.#removePeer(remote, id);
    this.#add(from, remote, peers, tracks);
    for (const { id, muted = false } of tracks) this.#mute(remote, id, muted);
    // Where a fault keeps it from being taken it counts as missed.
    remote.version = version;
    remote.askedMs = undefined;
  }

  #handleChange(change: Change): void {
    const { from, epoch, version, peers, tracks, peersGone, tracksGone, tracksMuted } = change;
    const remote = this.#remotes.get(from);
    if (remote?.epoch !== epoch || version !== remote.version + 1) return this.#handleVersion(change);
    remote.heardMs = this.#nowMs;
    const gone = new Set(peersGone);
    // Where a peer leaves its tracks go with it, without a word of their own.
    for (const id of tracksGone) this.#removeTrack(remote, id, !gone.has(remote.tracks.get(id)?.peerId ?? ""));
    for (const id of peersGone) this.#removePeer(remote, id);
    this.#add(from, remote, peers, tracks);
    for (const { id, muted } of tracksMuted) this.#mute(remote, id, muted);
    remote.version = version;
  }

  /** Where the node has told more than came here it is asked for all. */
  #handleVersion(
    { from, epoch, version }: { readonly from: NodeId; readonly epoch: string; readonly version: number },
  ) {
    const known = this.#remotes.get(from);
    if (known !== undefined && known.epoch !== epoch) this.#drop(from);
    const remote = this.#hear(from, epoch);
    if (version > remote.version && remote.askedMs === undefined) this.#ask(from, remote);
  }

  /** The node is there. What it told is not known where it was not there before. */
  #hear(from: NodeId, epoch: string): Remote {
    let remote = this.#remotes.get(from);
    if (remote === undefined) {
      remote = { epoch, version: -1, peers: new Map(), tracks: new Map(), heardMs: this.#nowMs, askedMs: undefined };
      this.#remotes.set(from, remote);
    }
    remote.heardMs = this.#nowMs;
    return remote;
  }

  #ask(to: NodeId, remote: Remote): void {
    remote.askedMs = this.#nowMs;
    this.#options.send({ type: "ask", from: this.#options.node, to });
  }

  #add(from: NodeId, remote: Remote, peers: readonly SharedPeer[], tracks: readonly SharedTrack[]): void {
    const { room, node, send, relay } = this.#options;
    for (const peer of peers) {
      // Ids are unlike any other; one that is not is a lie, or told twice.
      if (room.peers.has(peer.id)) continue;
      const { id: peerId } = peer;
      const member = new RemotePeer(peer, from, () => send({ type: "replace", from: node, to: from, peerId }));
      remote.peers.set(peerId, member);
      room.bringPeer(member);
    }
    for (const { id, peerId, relay: number, parameters, muted = false } of tracks) {
      if (room.tracks.has(id) || !remote.peers.has(peerId)) continue;
      const { kind, source, codec } = parameters;
      const track: PublishedTrack = { id, peerId, kind, source, codec };
      remote.tracks.set(id, track);
      // First the media: who is told of the track may subscribe at once.
      relay({ type: "import", roomId: room.id, trackId: id, peerId, from, relay: number, parameters });
      room.bringTrack(track);
      this.#mute(remote, id, muted);
    }
  }

  #mute(remote: Remote, id: TrackId, isMuted: boolean): void {
    const track = remote.tracks.get(id);
    const { room, relay } = this.#options;
    if (track === undefined || room.isMuted(id) === isMuted) return;
    relay({ type: "muteImport", roomId: room.id, trackId: id, isMuted });
    room.bringMute(track, isMuted);
  }

  #removeTrack(remote: Remote, id: TrackId, announce: boolean): void {
    const track = remote.tracks.get(id);
    if (track === undefined) return;
    const { room, relay } = this.#options;
    remote.tracks.delete(id);
    relay({ type: "endImport", roomId: room.id, trackId: id });
    room.removeTrack(track, announce);
  }

  #removePeer(remote: Remote, id: PeerId): void {
    const peer = remote.peers.get(id);
    if (peer === undefined) return;
    for (const track of [...remote.tracks.values()]) {
      if (track.peerId === id) this.#removeTrack(remote, track.id, false);
    }
    remote.peers.delete(id);
    this.#options.room.removePeer(peer);
  }

  /** The node is gone from the room, with its peers. What it wanted of the tracks here ends as nothing repeats it (B391). */
  #drop(from: NodeId): void {
    const remote = this.#remotes.get(from);
    if (remote === undefined) return;
    this.#remotes.delete(from);
    for (const id of [...remote.peers.keys()]) this.#removePeer(remote, id);
  }
}
