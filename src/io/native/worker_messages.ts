import type { PeerCommand, PeerEvent } from "../../media/messages.ts";

/** What the main isolate tells a media worker, by ring. */
export type ToWorker =
  | { readonly to: "peer"; readonly peer: number; readonly command: PeerCommand }
  | { readonly to: "worker"; readonly stop: true };

/** What a media worker tells the main isolate, by ring. */
export type FromWorker =
  | { readonly type: "peer"; readonly peer: number; readonly event: PeerEvent }
  /** The worker uses the peer's socket no more. */
  | { readonly type: "released"; readonly peer: number }
  | { readonly type: "counters"; readonly ssrcs: number };

/** The one message that starts a worker: it blocks from then on, and takes no other. */
export interface WorkerStart {
  readonly toWorker: SharedArrayBuffer;
  readonly fromWorker: SharedArrayBuffer;
}

/** What a worker posts besides what is in its ring. */
export type WorkerNotice =
  | { readonly type: "ready"; readonly wakeFd: number; readonly epollFd: number }
  /** There is something in the ring. */
  | { readonly type: "wake" }
  /** It has closed all that it had open, but for the two descriptors of `ready`: those are its owner's to close. */
  | { readonly type: "stopped" };
