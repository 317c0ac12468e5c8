import type { JoinReply } from "../../src/load/replies.ts";
import type { BurstRequest, ChurnRequest, JoinRequest, VideoRate } from "../../src/load/requests.ts";

/** What the load process is asked and what it answers: JSON, one line each. A request that fails gets a `Failure`. */
export type Request =
  | { readonly type: "open"; readonly target: Target }
  | (JoinRequest & { readonly type: "join" })
  | { readonly type: "measure"; readonly ms: number }
  | { readonly type: "publish"; readonly video: VideoRate }
  /** Publishers send no media until `resume`; connections stay. */
  | { readonly type: "pause" }
  | { readonly type: "resume" }
  | (BurstRequest & { readonly type: "measureJoins" })
  | (ChurnRequest & { readonly type: "measureChurn" })
  /** Those of the last join leave. */
  | { readonly type: "leave" }
  | { readonly type: "close" };

/** A server that speaks WHIP and WHEP on this machine, or the reference in C. */
export type Target =
  /** `token`, where the server asks for one, is that of every peer. */
  | { readonly kind: "http"; readonly url: string; readonly token?: string }
  | { readonly kind: "reference"; readonly port: number };

/** To `join`. */
export interface ToldJoinReply extends JoinReply {
  /** Lines for the reference's stdin. */
  readonly reference: readonly string[];
}

export interface Failure {
  readonly error: string;
}
