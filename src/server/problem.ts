import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";

const TITLES = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  412: "Precondition Failed",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  428: "Precondition Required",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
} satisfies Partial<Record<ContentfulStatusCode, string>>;

export type ProblemStatus = keyof typeof TITLES;

/** What a problem tells beyond its status. */
export interface ProblemDetails {
  /** Names the cause for programs, as in `bad-sdp`. */
  readonly code: string;
  /** Says it in words. */
  readonly detail: string;
}

/** Under this name the context has the code of the problem that was answered. */
export const PROBLEM_CODE = "problemCode";

export const PROBLEM_TYPE = "application/problem+json";

/** Problem details as RFC 9457 has them. */
export function problemBody(status: ProblemStatus, details?: ProblemDetails): object {
  return { type: "about:blank", title: TITLES[status], status, ...details };
}

/** An error response with problem details (RFC 9457). */
export function problem(
  c: Context,
  status: ProblemStatus,
  details?: ProblemDetails,
  headers?: Readonly<Record<string, string>>,
): Response {
  if (details !== undefined) c.set(PROBLEM_CODE, details.code);
  return c.json(problemBody(status, details), status, { ...headers, "Content-Type": PROBLEM_TYPE });
}
