import type { PeerId } from "../sfu/types.ts";
import type { RemoteAddress } from "../webrtc/datagram.ts";
import type { JoinOutcome } from "./join_outcome.ts";

/** Told of the steps of one join as they happen, for whoever measures them. Of each the first one counts. */
export interface JoinTrace {
  /** The client may speak: its WebSocket is open, and its token, where one is asked for, is good. */
  opened(): void;
  /** There is a peer for it. */
  admitted(peerId: PeerId): void;
  /** It speaks for a peer that there was already; what that negotiates is no step of a join. */
  resumed(peerId: PeerId): void;
  /** An offer is answered. */
  answered(): void;
  /** ICE has found where its media goes. */
  addressSelected(address: RemoteAddress): void;
  /** The DTLS handshake is complete. */
  connected(): void;
  /** The first packet of media has come from the peer or gone to it, within half a minute. */
  mediaStarted(): void;
  /** The join is over otherwise; `code` says why: an error code of the protocol, or the reason for which the peer left. */
  ended(outcome: JoinOutcome, code: string): void;
}
