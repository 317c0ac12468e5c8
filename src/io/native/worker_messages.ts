import type { MediaFigures } from "../../media/media_figures.ts";
import type { PeerCommand, PeerEvent } from "../../media/messages.ts";
import type { TcpHandover } from "./tcp_connection.ts";

/** What the main isolate tells a media worker, by ring. */
export type ToWorker =
  | { readonly to: "peer"; readonly peer: number; readonly command: PeerCommand }
  /** A client's connection, whose descriptor is the worker's from now on. */
  | { readonly to: "tcp"; readonly connection: TcpHandover }
  /** `gather`: it is to tell its figures. */
  | { readonly to: "worker"; readonly order: "stop" | "gather" };

/** What a media worker tells the main isolate, by ring. */
export type FromWorker =
  | { readonly type: "peer"; readonly peer: number; readonly event: PeerEvent }
  /** The worker uses the peer's socket no more. */
  | { readonly type: "released"; readonly peer: number }
  /** A client's connection that is for another worker's peer, if for any; its descriptor is the main isolate's from now on. */
  | { readonly type: "connection"; readonly connection: TcpHandover }
  | { readonly type: "figures"; readonly figures: MediaFigures }
  | { readonly type: "counters"; readonly ssrcs: number; readonly connections: number };

/** The one message that starts a worker: it blocks from then on, and takes no other. */
export interface WorkerStart {
  readonly toWorker: SharedArrayBuffer;
  readonly fromWorker: SharedArrayBuffer;
  /** Left out: peers have UDP alone. */
  readonly tcp?: WorkerTcp | undefined;
}

/** What a worker has of the TCP port. */
export interface WorkerTcp {
  /** The socket to accept from, where this worker is the one that does. */
  readonly listener: number | undefined;
  /** Whether connections may be for peers of other workers. */
  readonly handsOver: boolean;
}

/** What a worker posts besides what is in its ring. */
export type WorkerNotice =
  | { readonly type: "ready"; readonly wakeFd: number; readonly epollFd: number }
  /** There is something in the ring. */
  | { readonly type: "wake" }
  /** It has closed all that it had open, but for the two descriptors of `ready`: those are its owner's to close. */
  | { readonly type: "stopped" };
