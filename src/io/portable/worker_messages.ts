import type { NodeId } from "../../media/media_bus.ts";
import type { MediaFigures } from "../../media/media_figures.ts";
import type { PeerCommand, PeerEvent, RelayCommand, SocketHandle } from "../../media/messages.ts";
import type { TrackId } from "../../sfu/types.ts";

/** The first message to a portable media worker. */
export interface PortableWorkerStart {
  /** Address that UDP sockets bind to. */
  readonly hostname: string;
  readonly node: NodeId;
  /** Of the channels that the workers of one pool share rooms by. */
  readonly busPrefix: string;
}

/** What the main isolate tells a portable media worker behind that. */
export type ToPortableWorker =
  | { readonly to: "peer"; readonly peer: number; readonly command: PeerCommand }
  | { readonly to: "relay"; readonly command: RelayCommand }
  /** `gather`: it is to tell its figures; `beat`: that it goes on. */
  | { readonly to: "worker"; readonly order: "gather" | "beat" | "stop" };

/** What a portable media worker tells the main isolate. */
export type FromPortableWorker =
  /** Sockets that it has opened, for peers to come. */
  | { readonly type: "sockets"; readonly handles: readonly SocketHandle[] }
  /** Why it can open no more of them. */
  | { readonly type: "noSockets"; readonly reason: string }
  | { readonly type: "peer"; readonly peer: number; readonly event: PeerEvent }
  /** The worker uses the peer's socket no more. */
  | { readonly type: "released"; readonly peer: number }
  | { readonly type: "figures"; readonly figures: MediaFigures }
  | { readonly type: "counters"; readonly ssrcs: number }
  /** A track on its way between workers has ended by a fault. */
  | { readonly type: "relayFaulty"; readonly trackId: TrackId; readonly detail: string }
  | { readonly type: "beat" }
  | { readonly type: "stopped" };
