import type { PeerEventHandler, PeerOpening } from "../../media/messages.ts";
import type { RoomId } from "../../sfu/types.ts";
import type { HostedMedia, MediaHost } from "../media_host.ts";

interface PlacedRoom {
  readonly host: MediaHost;
  peers: number;
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

  get ssrcCount(): number {
    return this.#hosts.reduce((sum, host) => sum + host.ssrcCount, 0);
  }

  openPeer(hostname: string, opening: PeerOpening, handleEvent: PeerEventHandler): HostedMedia {
    const { roomId } = opening;
    const room = this.#rooms.get(roomId) ?? { host: this.#leastLoaded(), peers: 0 };
    const media = room.host.openPeer(hostname, opening, handleEvent);
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

  #leastLoaded(): MediaHost {
    return this.#hosts.reduce((least, host) => host.socketCount < least.socketCount ? host : least);
  }
}
