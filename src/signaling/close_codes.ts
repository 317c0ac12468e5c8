/**
 * What the server closes a WebSocket with, by why it does (RFC 6455 section 7.4): docs/protocol.md has the table. From 4000
 * on they are the application's own; from 4400 on after the HTTP status that says the same.
 */
export const CLOSE_CODES = {
  "leave": 1000,
  "server-closing": 1001,
  "refused": 1008,
  "too-many": 1008,
  "fault": 1011,
  "server-draining": 1012,
  "internal": 1011,
  "no-capacity": 1013,
  "too-many-connections": 1013,
  "too-many-joins": 1013,
  "too-many-rooms": 1013,
  "room-full": 1013,
  "transport-failed": 4000,
  // Only where the peer was resumed just as its time was over: else there is nothing to close.
  "signaling-lost": 4000,
  "superseded": 4001,
  "replaced": 4002,
  // The peer stays, and its client comes back by another WebSocket.
  "media-lost": 4003,
  "kicked": 4004,
  "room-ended": 4005,
  "moved": 4006,
  "unauthorized": 4401,
  "forbidden": 4403,
  "join-timeout": 4408,
  "duplicate-identity": 4409,
  "auth-unavailable": 4503,
} as const;

/** Why the server closes a WebSocket. */
export type CloseReason = keyof typeof CLOSE_CODES;

/** What is heard where the client closed without naming a code. */
const NO_STATUS = 1005;

/** Whether a client that closes so means to leave; in any other way it has lost its WebSocket (rules P13 and P14). */
export function meansLeaving(code: number): boolean {
  return code === CLOSE_CODES.leave || code === CLOSE_CODES["server-closing"] || code === NO_STATUS;
}
