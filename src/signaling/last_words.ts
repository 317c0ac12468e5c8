import type { LeaveReason } from "./join_outcome.ts";
import type { ErrorCode, ServerMessage } from "./messages.ts";

/** What is said where the reason has no detail of its own. */
const WORDS: Partial<Record<LeaveReason, readonly [code: ErrorCode, message: string]>> = {
  "replaced": ["replaced", "somebody else with this identity has joined"],
  "kicked": ["kicked", "somebody has had this peer leave"],
  "room-ended": ["room-ended", "somebody has ended the room"],
  "signaling-lost": ["resume-failed", "the peer was resumed too late"],
};

/** What a client is told last, by why its peer has left; undefined where it knows, or the close code says it all. */
export function lastWords(reason: LeaveReason, detail: string): ServerMessage | undefined {
  if (reason === "moved") return { type: "moved", roomId: detail };
  if (reason === "transport-failed") return { type: "error", code: "transport-failed", message: detail };
  const words = WORDS[reason];
  return words && { type: "error", code: words[0], message: words[1] };
}
