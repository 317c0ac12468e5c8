import type { RefusalCounts } from "../signaling/refusals.ts";

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
