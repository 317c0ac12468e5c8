import { limitRefusals, type RefusalCounts } from "../signaling/refusals.ts";
import type { Room } from "../signaling/room.ts";
import type { MediaHost } from "./media_host.ts";

/** What is alive at present, all of it 0 where nobody is connected, and what was refused. */
export interface Stats {
  readonly rooms: number;
  readonly peers: number;
  readonly producers: number;
  readonly consumers: number;
  readonly ssrcs: number;
  readonly sessions: number;
  readonly sockets: number;
  /** TCP connections of clients' media. */
  readonly connections: number;
  readonly timers: number;
  /** Since the start, by code. */
  readonly refusals: RefusalCounts;
}

/** What is counted where it is. */
export interface Countable {
  readonly rooms: readonly Room[];
  readonly media: Pick<MediaHost, "ssrcCount" | "socketCount" | "connectionCount">;
  readonly sessions: number;
  readonly timers: number;
  /** By code. */
  readonly refusals: Readonly<Record<string, number>>;
}

export function countStats({ rooms, media, sessions, timers, refusals }: Countable): Stats {
  const peers = rooms.flatMap((room) => [...room.ownPeers()]);
  const sum = (count: (peer: (typeof peers)[number]) => number) => peers.reduce((total, p) => total + count(p), 0);
  return {
    rooms: rooms.length,
    peers: peers.length,
    producers: sum((peer) => peer.producers.size),
    consumers: sum((peer) => peer.consumers.size),
    ssrcs: media.ssrcCount,
    sessions,
    sockets: media.socketCount,
    connections: media.connectionCount,
    timers,
    refusals: limitRefusals(refusals),
  };
}
