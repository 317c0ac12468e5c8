import type { NodeId } from "../../media/media_bus.ts";
import type { MediaFigures } from "../../media/media_figures.ts";
import type { PeerCommand, PeerEvent, RelayCommand } from "../../media/messages.ts";
import type { TrackId } from "../../sfu/types.ts";
import type { TcpHandover } from "./tcp_connection.ts";

/** What the main isolate tells a media worker, by ring. */
export type ToWorker =
  | { readonly to: "peer"; readonly peer: number; readonly command: PeerCommand }
  | { readonly to: "relay"; readonly command: RelayCommand }
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
  | { readonly type: "counters"; readonly ssrcs: number; readonly connections: number }
  /** A track on its way between workers has ended by a fault. */
  | { readonly type: "relayFaulty"; readonly trackId: TrackId; readonly detail: string };

/** The one message that starts a worker: it blocks from then on, and takes no other. */
export interface WorkerStart {
  readonly toWorker: SharedArrayBuffer;
  readonly fromWorker: SharedArrayBuffer;
  /** See createWorkerState. */
  readonly state: SharedArrayBuffer;
  /** See runInSlices. */
  readonly limitMs: number;
  /** The eventfd that wakes it: its owner's, who keeps it open until the worker is no more. */
  readonly wakeFd: number;
  /** The nice value that its thread is to have, where it may: its owner's may be another one by now (see yieldToOthers). */
  readonly nice: number;
  /** Left out: peers have UDP alone. */
  readonly tcp?: WorkerTcp | undefined;
  /** Left out: it shares rooms with no other worker. */
  readonly bus?: WorkerBus | undefined;
}

/** What a worker has of the bus of those that share rooms. */
export interface WorkerBus {
  readonly node: NodeId;
  /** Of all nodes: see createRings. */
  readonly rings: readonly SharedArrayBuffer[];
  /** The eventfds of all nodes: open as long as any of them runs, and those of their successors as well. */
  readonly wakeFds: readonly number[];
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
  | { readonly type: "ready"; readonly epollFd: number }
  /** There is something in the ring. */
  | { readonly type: "wake" }
  /** It has closed all that it had open, but for the descriptor of `ready`: that is its owner's to close. */
  | { readonly type: "stopped" };
