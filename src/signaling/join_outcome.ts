/** Why a peer has left its room. */
export type LeaveReason =
  | "leave"
  | "replaced"
  | "kicked"
  | "room-ended"
  /** To another room; the detail is its name. */
  | "moved"
  | "transport-failed"
  | "signaling-lost"
  | "media-lost"
  | "server-closing"
  | "refused"
  | "fault";

/**
 * How a join ends: media is connected; the client left before; the transport, the client's time or the server failed
 * before; no peer was made.
 */
export const JOIN_OUTCOMES = ["connected", "left", "failed", "refused"] as const;
export type JoinOutcome = (typeof JOIN_OUTCOMES)[number];

/** What a join has come to that ends for this reason before media is connected. */
export function outcomeOf(reason: LeaveReason): JoinOutcome {
  if (reason === "leave" || reason === "server-closing" || reason === "room-ended" || reason === "moved") return "left";
  return reason === "refused" ? "refused" : "failed";
}
