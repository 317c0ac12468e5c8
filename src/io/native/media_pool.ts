import type { PeerEventHandler, PeerOpening } from "../../media/messages.ts";
import type { RoomId } from "../../sfu/types.ts";
import type { HostedMedia, HostFigures, MediaHost } from "../media_host.ts";

interface PlacedRoom {
  readonly host: MediaHost;
  peers: number;
}

interface OpenedRoom {
  readonly room: PlacedRoom;
  readonly media: HostedMedia;
}

/** Several hosts, each of which has whole rooms: a room begins in the one with the fewest peers, and stays there. */
export class MediaPool implements MediaHost {
  readonly #hosts: readonly MediaHost[];
  readonly #rooms = new Map<RoomId, PlacedRoom>();

  /** At least one host. */
  constructor(hosts: readonly MediaHost[]) {
    this.#hosts = hosts;
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

  /** One host that can take peers is enough: rooms begin there. */
  obstacle(hostname: string): string | undefined {
    let first: string | undefined;
    for (const host of this.#hosts) {
      const obstacle = host.obstacle(hostname);
      if (obstacle === undefined) return undefined;
      first ??= obstacle;
    }
    return first;
  }

  async gather(): Promise<readonly HostFigures[]> {
    return (await Promise.all(this.#hosts.map((host) => host.gather()))).flat();
  }

  openPeer(hostname: string, opening: PeerOpening, handleEvent: PeerEventHandler): HostedMedia {
    const { roomId } = opening;
    const known = this.#rooms.get(roomId);
    const opened = known === undefined
      ? this.#openRoom(hostname, opening, handleEvent)
      : { room: known, media: known.host.openPeer(hostname, opening, handleEvent) };
    const { room, media } = opened;
    room.peers++;
    this.#rooms.set(roomId, room);
    return {
      port: media.port,
      send: (command) => {
        media.send(command);
        if (command.type === "close" && --room.peers === 0) this.#rooms.delete(roomId);
      },
    };
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

  /** In the host with the fewest peers; where that cannot take any, in the next one. */
  #openRoom(hostname: string, opening: PeerOpening, handleEvent: PeerEventHandler): OpenedRoom {
    let problem: unknown;
    for (const host of this.#hosts.toSorted((a, b) => a.socketCount - b.socketCount)) {
      try {
        return { room: { host, peers: 0 }, media: host.openPeer(hostname, opening, handleEvent) };
      } catch (error) {
        problem ??= error;
      }
    }
    throw problem;
  }
}
