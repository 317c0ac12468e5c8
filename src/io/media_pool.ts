import type { NodeId } from "../media/media_bus.ts";
import type { PeerEventHandler, PeerOpening } from "../media/messages.ts";
import type { RoomId } from "../sfu/types.ts";
import type { Clock } from "./clock.ts";
import type { HostedMedia, HostFigures, MediaHost, NodeHost } from "./media_host.ts";
import { type PooledPeer, PooledRoom } from "./pooled_room.ts";

/**
 * Peers of a room that a host gets, if nothing else is said. Where each of so many sees 25 videos and hears five voices a
 * worker forwards some 175,000 packets a second: two thirds of what a core does.
 */
export const ROOM_PEERS_PER_WORKER = 100;

export interface MediaPoolOptions {
  readonly clock: Pick<Clock, "now">;
  /** Peers of one room that a host gets before the room grows into another one. */
  readonly roomPeersPerWorker: number;
}

/**
 * Several hosts that share rooms: a room begins in the one with the fewest peers, and grows into others. Hosts are nodes of
 * their bus by their index here.
 */
export class MediaPool implements MediaHost {
  readonly #hosts: readonly NodeHost[];
  readonly #options: MediaPoolOptions;
  readonly #rooms = new Map<RoomId, PooledRoom>();
  readonly #drained = new Set<NodeId>();
  #lastRelay = 0;

  /** At least one host; those of several are nodes of one bus. */
  constructor(hosts: readonly NodeHost[], options: MediaPoolOptions) {
    this.#hosts = hosts;
    this.#options = options;
    for (const [node, host] of hosts.entries()) host.onFailure(() => this.#handleFailure(node));
  }

  get socketCount(): number {
    return this.#hosts.reduce((sum, host) => sum + host.socketCount, 0);
  }

  get connectionCount(): number {
    return this.#hosts.reduce((sum, host) => sum + host.connectionCount, 0);
  }

  get needsTicks(): boolean {
    return this.#hosts.some((host) => host.needsTicks);
  }

  get ssrcCount(): number {
    return this.#hosts.reduce((sum, host) => sum + host.ssrcCount, 0);
  }

  /** Rooms with peers, and the tracks that are published in them. */
  get placed(): { readonly rooms: number; readonly tracks: number } {
    let tracks = 0;
    for (const room of this.#rooms.values()) tracks += room.trackCount;
    return { rooms: this.#rooms.size, tracks };
  }

  /** One host that can take peers is enough: rooms begin there, or grow into it. */
  obstacle(hostname: string): string | undefined {
    let first: string | undefined;
    for (const [node, host] of this.#hosts.entries()) {
      const obstacle = this.#drained.has(node) ? `media worker ${node} is drained` : host.obstacle(hostname);
      if (obstacle === undefined) return undefined;
      first ??= obstacle;
    }
    return first;
  }

  /** New peers go elsewhere from now on, also those of rooms that are there. Throws RangeError where there is no such host. */
  drain(index: number): void {
    this.#check(index);
    this.#drained.add(index);
  }

  /** Takes new peers again. Throws RangeError where there is no such host. */
  undrain(index: number): void {
    this.#check(index);
    this.#drained.delete(index);
  }

  async gather(): Promise<readonly HostFigures[]> {
    return (await Promise.all(this.#hosts.map((host) => host.gather()))).flat();
  }

  openPeer(hostname: string, opening: PeerOpening, handleEvent: PeerEventHandler): HostedMedia {
    const { roomId, peerId } = opening;
    const room = this.#rooms.get(roomId) ?? this.#newRoom(roomId);
    let problem: unknown = new Error("all media workers are drained");
    let isFirst = true;
    for (const node of this.#candidates(room)) {
      const peer: PooledPeer = { peerId, node, handleEvent, tracks: new Map() };
      try {
        const media = this.#hosts[node].openPeer(hostname, opening, this.#listen(room, peer));
        room.add(peer);
        this.#rooms.set(roomId, room);
        return this.#intercept(room, peer, media);
      } catch (error) {
        if (isFirst) problem = error;
        isFirst = false;
      }
    }
    throw problem;
  }

  handleTimeout(nowMs: number): void {
    for (const host of this.#hosts) host.handleTimeout(nowMs);
  }

  flush(): void {
    for (const host of this.#hosts) host.flush();
  }

  async close(): Promise<void> {
    await Promise.all(this.#hosts.map((host) => host.close()));
  }

  #newRoom(roomId: RoomId): PooledRoom {
    return new PooledRoom({
      roomId,
      relay: (node, command) => this.#hosts[node].relay(command),
      nextRelay: () => ++this.#lastRelay,
    });
  }

  /**
   * Hosts for another peer of the room, the best one first: where the room is and has space, the least loaded of them;
   * then where it is not yet; then where it has the fewest peers.
   */
  #candidates(room: PooledRoom): NodeId[] {
    const { roomPeersPerWorker } = this.#options;
    const rank = (peers: number) => peers === 0 ? 1 : peers < roomPeersPerWorker ? 0 : 2;
    const load = (node: NodeId) => this.#hosts[node].socketCount;
    return [...this.#hosts.keys()]
      .filter((node) => !this.#drained.has(node))
      .map((node) => ({ node, peers: room.peersOf(node) }))
      .sort((a, b) =>
        rank(a.peers) - rank(b.peers) || (rank(a.peers) === 2 ? a.peers - b.peers : 0) || load(a.node) - load(b.node)
      )
      .map(({ node }) => node);
  }

  #listen(room: PooledRoom, peer: PooledPeer): PeerEventHandler {
    return (event, nowMs) => {
      if (event.type === "ended" && event.reason === "fault") room.handleFault(peer);
      if (event.type !== "speakersChanged") return peer.handleEvent(event, nowMs);
      const speakers = room.handleSpeakers(peer, event.speakers);
      if (speakers !== undefined) peer.handleEvent({ type: "speakersChanged", speakers }, nowMs);
    };
  }

  #intercept(room: PooledRoom, peer: PooledPeer, { port, send }: HostedMedia): HostedMedia {
    return {
      port,
      send: (command) => {
        // Imports end before the room does that they are in.
        if (command.type === "close") this.#remove(room, peer);
        send(command);
        if (command.type === "publish") room.publish(peer, command.trackId, command.parameters);
        else if (command.type === "unpublish") room.unpublish(peer, command.mid);
        else if (command.type === "mute") room.mute(peer, command.mid, command.isMuted);
        else if (command.type === "leave") room.leave(peer);
      },
    };
  }

  #remove(room: PooledRoom, peer: PooledPeer): void {
    room.remove(peer, this.#options.clock.now());
    this.#forget(room);
  }

  /** What its rooms' other nodes have of it ends there; its peers hear of their end from the host. */
  #handleFailure(node: NodeId): void {
    for (const [other, host] of this.#hosts.entries()) if (other !== node) host.relay({ type: "dropNode", node });
    const nowMs = this.#options.clock.now();
    for (const room of this.#rooms.values()) {
      room.drop(node, nowMs);
      this.#forget(room);
    }
  }

  #forget(room: PooledRoom): void {
    if (room.isEmpty && this.#rooms.get(room.id) === room) this.#rooms.delete(room.id);
  }

  #check(index: number): void {
    if (!Number.isInteger(index) || index < 0 || index >= this.#hosts.length) {
      throw new RangeError(`there is no media worker ${index}: they are 0 to ${this.#hosts.length - 1}`);
    }
  }
}
