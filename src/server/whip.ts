import { type Context, Hono, type MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { HttpOpenRequest } from "../io/switchboard.ts";
import type { HttpOpenResult, HttpRefusal, HttpRefusalCode, HttpRole, HttpSession } from "../signaling/http_session.ts";
import { openQuery } from "../signaling/messages.ts";
import { problem, PROBLEM_CODE, type ProblemStatus } from "./problem.ts";

/** Who asks for what. */
export interface HttpAccess {
  readonly protocol: HttpRole;
  readonly roomId: string;
  /** The bearer token of the request (RFC 6750 section 2.1); undefined where it has none. */
  readonly token: string | undefined;
}

/** `unauthorized`: a token is missing or not valid (401); `forbidden`: it is valid, and not for this (403). */
export type Verdict = "allowed" | "unauthorized" | "forbidden";

/** Decides on each request to WHIP and WHEP but OPTIONS. */
export type Authorize = (access: HttpAccess) => Verdict | Promise<Verdict>;

export interface WhipOptions {
  open(request: HttpOpenRequest): HttpOpenResult;
  /** The session with this id; undefined where there is none any more. */
  find(id: string): HttpSession | undefined;
  /** Runs what one request does to a session: a fault costs that session, not the server. */
  act<T>(session: HttpSession, action: () => T): T;
  /** Values of Link fields, which tell a peer of ICE servers. */
  iceLinks(peerId: string): readonly string[];
  /** Told of the code of each problem that is answered. */
  refused(code: string): void;
  readonly authorize: Authorize;
}

const SDP = "application/sdp";
const SDP_FRAGMENT = "application/trickle-ice-sdpfrag";
/** Bytes of a body. */
const MAX_BODY = 1024 * 1024;
/** Seconds that a browser keeps the answer to a preflight. */
const PREFLIGHT_MAX_AGE = 86_400;
const EXPOSED = "Location, ETag, Link, Accept-Post, Accept-Patch, WWW-Authenticate, Retry-After";
/** Seconds after which another peer may be carried again, here or by who takes over. */
const RETRY_AFTER = { "Retry-After": "5" };

const STATUSES: Readonly<Record<HttpRefusalCode, ProblemStatus>> = {
  "bad-sdp": 400,
  "bad-fragment": 400,
  "etag-mismatch": 412,
  "wrong-direction": 422,
  "codec-unsupported": 422,
  "too-many-tracks": 422,
  "wrong-generation": 422,
  "etag-required": 428,
  "server-closing": 503,
  "no-capacity": 503,
};

/** Why a request is refused before a session hears of it. */
const REQUEST_PROBLEMS = [
  "bad-request",
  "unauthorized",
  "forbidden",
  "no-session",
  "wrong-method",
  "too-large",
  "wrong-type",
] as const;

/** All codes that a problem can have. */
export const PROBLEM_CODES: readonly string[] = [...Object.keys(STATUSES), ...REQUEST_PROBLEMS];

/** `/whip/{room}` and `/whep/{room}`, with a session below it for each POST: docs/protocol.md, rules P50 to P60. */
export function createWhip(options: WhipOptions): Hono {
  const app = new Hono();
  for (const role of ["whip", "whep"] as const) {
    app.use(`/${role}/*`, allowOtherOrigins);
    app.use(`/${role}/*`, tellRefusals(options));
    addEndpoint(app, role, options);
    addSession(app, role, options);
  }
  return app;
}

function addEndpoint(app: Hono, role: HttpRole, options: WhipOptions): void {
  const path = `/${role}/:room`;
  const allow = { "Allow": "OPTIONS, GET, POST" };
  // Without the ICE servers: their credentials are for those alone who are authorized.
  app.options(path, (c) => c.body(null, 204, { ...allow, "Accept-Post": SDP }));
  app.use(path, authorized(role, options.authorize));
  app.get(path, (c) => c.body(null, 204));
  app.post(path, ofType(SDP, "Accept-Post"), limited, (c) => open(c, role, options));
  app.all(path, (c) => notAllowed(c, allow));
}

function addSession(app: Hono, role: HttpRole, options: WhipOptions): void {
  const path = `/${role}/:room/:session`;
  const allow = { "Allow": "OPTIONS, GET, PATCH, DELETE" };
  app.options(path, (c) => c.body(null, 204, { ...allow, "Accept-Patch": SDP_FRAGMENT }));
  app.use(path, authorized(role, options.authorize));
  app.get(path, (c) => sessionOf(c, role, options) === undefined ? gone(c) : c.body(null, 204));
  app.patch(path, ofType(SDP_FRAGMENT, "Accept-Patch"), limited, (c) => patch(c, role, options));
  app.delete(path, (c) => {
    const session = sessionOf(c, role, options);
    if (session === undefined) return gone(c);
    options.act(session, () => session.leave());
    return c.body(null, 200);
  });
  app.all(path, (c) => notAllowed(c, allow));
}

async function open(c: Context, role: HttpRole, options: WhipOptions): Promise<Response> {
  const parsed = openQuery.safeParse({ ...c.req.query(), roomId: c.req.param("room") });
  if (!parsed.success) {
    const [{ path, message }] = parsed.error.issues;
    return problem(c, 400, { code: "bad-request", detail: `${path.join(".")}: ${message}` });
  }
  const { roomId, name, publisher } = parsed.data;
  const result = options.open({ role, roomId, name, publisher, sdp: await c.req.text() });
  if (!result.ok) return refusal(c, result);
  for (const link of options.iceLinks(result.session.participant.peer.id)) c.header("Link", link, { append: true });
  return c.body(result.answer, 201, {
    "Content-Type": SDP,
    // Relative to the request: which name and scheme the client sees a proxy may know, not the server.
    "Location": `/${role}/${encodeURIComponent(roomId)}/${result.session.id}`,
    "ETag": result.session.etag,
    "Accept-Patch": SDP_FRAGMENT,
  });
}

async function patch(c: Context, role: HttpRole, options: WhipOptions): Promise<Response> {
  const text = await c.req.text();
  const session = sessionOf(c, role, options);
  if (session === undefined) return gone(c);
  const result = options.act(session, () => session.patch(text, c.req.header("If-Match")));
  if (!result.ok) return refusal(c, result);
  if (!result.restarted) return c.body(null, 204);
  return c.body(result.fragment, 200, { "Content-Type": SDP_FRAGMENT, "ETag": result.etag });
}

function sessionOf(c: Context, role: HttpRole, options: WhipOptions): HttpSession | undefined {
  const session = options.find(c.req.param("session") ?? "");
  return session?.role === role && session.participant.room.id === c.req.param("room") ? session : undefined;
}

function refusal(c: Context, { code, message }: HttpRefusal): Response {
  const status = STATUSES[code];
  return problem(c, status, { code, detail: message }, status === 503 ? RETRY_AFTER : {});
}

function notAllowed(c: Context, allow: { readonly Allow: string }): Response {
  return problem(c, 405, { code: "wrong-method", detail: `${c.req.method} is not one of ${allow.Allow}` }, allow);
}

function gone(c: Context): Response {
  return problem(c, 404, { code: "no-session", detail: "there is no such session, or no more" });
}

/** Pages of any origin may publish and play: what they may do is for the token to say. */
const allowOtherOrigins: MiddlewareHandler = async (c, next) => {
  c.header("Access-Control-Allow-Origin", "*");
  c.header("Access-Control-Expose-Headers", EXPOSED);
  if (c.req.method === "OPTIONS") {
    c.header("Access-Control-Allow-Methods", "OPTIONS, GET, POST, PATCH, DELETE");
    c.header("Access-Control-Allow-Headers", "Authorization, Content-Type, If-Match");
    c.header("Access-Control-Max-Age", String(PREFLIGHT_MAX_AGE));
  }
  await next();
};

function tellRefusals(options: WhipOptions): MiddlewareHandler {
  return async (c, next) => {
    await next();
    const code: unknown = c.get(PROBLEM_CODE);
    if (typeof code === "string") options.refused(code);
  };
}

function authorized(protocol: HttpRole, authorize: Authorize): MiddlewareHandler {
  return async (c, next) => {
    const token = /^Bearer +(\S+) *$/i.exec(c.req.header("Authorization") ?? "")?.[1];
    const verdict = await authorize({ protocol, roomId: c.req.param("room") ?? "", token });
    if (verdict === "allowed") return await next();
    if (verdict === "forbidden") {
      return problem(c, 403, { code: "forbidden", detail: "the token is not for this" });
    }
    const detail = token === undefined ? "the request has no bearer token" : "the bearer token is not valid";
    const challenge = token === undefined ? "Bearer" : 'Bearer error="invalid_token"';
    return problem(c, 401, { code: "unauthorized", detail }, { "WWW-Authenticate": challenge });
  };
}

function ofType(type: string, field: "Accept-Post" | "Accept-Patch"): MiddlewareHandler {
  return async (c, next) => {
    const given = c.req.header("Content-Type")?.split(";")[0].trim().toLowerCase();
    if (given === type) return await next();
    const detail = `Content-Type is ${given ?? "missing"}: expected ${type}`;
    return problem(c, 415, { code: "wrong-type", detail }, { [field]: type });
  };
}

const limited = bodyLimit({
  maxSize: MAX_BODY,
  onError: (c) => problem(c, 413, { code: "too-large", detail: `the body is over ${MAX_BODY} bytes` }),
});
