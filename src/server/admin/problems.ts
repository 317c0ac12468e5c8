import type { ProblemStatus } from "../problem.ts";

interface AdminProblem {
  readonly status: ProblemStatus;
  /** Said in the documents. */
  readonly means: string;
}

/** Why the admin API refuses, by the code of the problem document (RFC 9457). */
export const ADMIN_PROBLEMS = {
  "bad-request": { status: 400, means: "a parameter or the body is not as the operation wants it; `detail` names it" },
  "unauthorized": { status: 401, means: "the token is missing or not valid, or was revoked" },
  "admin-needs-auth": { status: 403, means: "the server asks for no tokens, and so has no admin API" },
  "forbidden": {
    status: 403,
    means: "the token has no `admin` grant, or not for this room, or not for the whole server",
  },
  "origin-not-allowed": { status: 403, means: "pages of this origin may not use the server" },
  "unknown-operation": { status: 404, means: "there is nothing under this path" },
  "unknown-room": { status: 404, means: "the room has no peers at this server" },
  "unknown-peer": { status: 404, means: "the room has no such peer, as far as this server knows" },
  "unknown-track": { status: 404, means: "the peer publishes no such track" },
  "wrong-method": { status: 405, means: "`Allow` names the methods that the path has" },
  "elsewhere": { status: 409, means: "the peer is at another server, which alone can do it; `detail` names it" },
  "same-room": { status: 409, means: "the peer is in that room already" },
  "not-granted": { status: 409, means: "the peer's own token is not for the other room, or was revoked for it" },
  "not-heard": { status: 409, means: "the client hears nothing: it is one of WHIP or WHEP, or its WebSocket is lost" },
  "capturing": { status: 409, means: "somebody captures the peer already" },
  "logs-not-here": { status: 409, means: "whoever embeds the server configures its logs" },
  "too-large": { status: 413, means: "the body, or the message in it, is too large" },
  "wrong-type": { status: 415, means: "the body is no `application/json`" },
  "too-many-requests": { status: 429, means: "too many requests of this network; `Retry-After` says when again" },
  "auth-unavailable": { status: 503, means: "tokens cannot be verified at present" },
  "too-many-captures": { status: 503, means: "four peers are captured already" },
  "too-many-listeners": { status: 503, means: "there are 64 listeners to events already" },
  "server-closing": { status: 503, means: "the server ends" },
} as const satisfies Readonly<Record<string, AdminProblem>>;

export type AdminProblemCode = keyof typeof ADMIN_PROBLEMS;

export const ADMIN_PROBLEM_CODES = Object.keys(ADMIN_PROBLEMS) as readonly AdminProblemCode[];

/** What any operation may answer. */
export const COMMON_PROBLEMS = [
  "bad-request",
  "unauthorized",
  "admin-needs-auth",
  "forbidden",
  "origin-not-allowed",
  "too-many-requests",
  "auth-unavailable",
] as const satisfies readonly AdminProblemCode[];

/** Why an operation does not do what it was asked for. */
export interface Refusal {
  readonly problem: AdminProblemCode;
  readonly detail: string;
}

export function refusal(problem: AdminProblemCode, detail: string): Refusal {
  return { problem, detail };
}
