import { Hono, type MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { HttpOpenRequest } from "../io/http_open_request.ts";
import type { HttpOpenResult, HttpRefusal, HttpRefusalCode, HttpRole, HttpSession } from "../signaling/http_session.ts";
import type { RoomRefusal } from "../signaling/admission.ts";
import type { JoinTrace } from "../signaling/join_trace.ts";
import { openQuery } from "../signaling/messages.ts";
import type { Grants } from "../signaling/grants.ts";
import { problem, type ProblemStatus } from "./problem.ts";
import {
  type CrossOrigin,
  type HttpContext,
  type HttpEnvironment,
  refuseToken,
  requestRules,
  type RequestRulesOptions,
  RETRY_AFTER_SECONDS,
  tokenOf,
  unauthorized,
} from "./request_rules.ts";
import type { TokenVerifier, VerifyToken } from "./token_verifier.ts";

/** Who asks for what. */
export interface HttpAccess {
  readonly protocol: HttpRole;
  readonly roomId: string;
  /** The bearer token of the request (RFC 6750 section 2.1); undefined where it has none. */
  readonly token: string | undefined;
  /** What the token allows; undefined where the server verifies none itself. */
  readonly grants?: Grants;
}

/** `unauthorized`: a token is missing or not valid (401); `forbidden`: it is valid, and not for this (403). */
export type Verdict = "allowed" | "unauthorized" | "forbidden";

/** Decides on each request to WHIP and WHEP but OPTIONS; where the server verifies tokens, on those with a valid one. */
export type Authorize = (access: HttpAccess) => Verdict | Promise<Verdict>;

export interface WhipOptions extends RequestRulesOptions {
  open(request: HttpOpenRequest): HttpOpenResult;
  /** The session with this id; undefined where there is none any more. */
  find(id: string): HttpSession | undefined;
  /** Runs what one request does to a session: a fault costs that session, not the server. */
  act<T>(session: HttpSession, action: () => T): T;
  /** Values of Link fields, which tell a peer of ICE servers. */
  iceLinks(peerId: string): readonly string[];
  readonly authorize: Authorize;
  /** Verifies tokens before `authorize` is asked; undefined where none are asked for. */
  readonly tokens?: TokenVerifier | undefined;
  /** Why a valid token does not lead into a room; undefined where it does. */
  refuseRoom(grants: Grants, roomId: string): RoomRefusal | undefined;
  /** Begins to trace the join that a request asks for; undefined where none are traced. */
  readonly traceJoin?: ((role: HttpRole) => JoinTrace) | undefined;
}

const SDP = "application/sdp";
const SDP_FRAGMENT = "application/trickle-ice-sdpfrag";
/** Bytes of a body. */
const MAX_BODY = 1024 * 1024;
/** What pages of other origins may do with the answers, and ask for. */
const CROSS_ORIGIN: CrossOrigin = {
  methods: "OPTIONS, GET, POST, PATCH, DELETE",
  headers: "Authorization, Content-Type, If-Match",
  exposed: "Location, ETag, Link, Accept-Post, Accept-Patch, WWW-Authenticate, Retry-After",
};

const STATUSES: Readonly<Record<HttpRefusalCode, ProblemStatus>> = {
  "bad-sdp": 400,
  "bad-fragment": 400,
  "forbidden": 403,
  "duplicate-identity": 409,
  "etag-mismatch": 412,
  "wrong-direction": 422,
  "codec-unsupported": 422,
  "too-many-tracks": 422,
  "wrong-generation": 422,
  "etag-required": 428,
  "too-many-joins": 429,
  "server-closing": 503,
  "server-draining": 503,
  "no-capacity": 503,
  "too-many-rooms": 503,
  "room-full": 503,
};

/** Why a request is refused before a session hears of it. */
const REQUEST_PROBLEMS = [
  "bad-request",
  "origin-not-allowed",
  "unauthorized",
  "auth-unavailable",
  "forbidden",
  "no-session",
  "wrong-method",
  "too-many-requests",
  "too-large",
  "wrong-type",
] as const;

/** All codes that a problem can have. */
export const PROBLEM_CODES: readonly string[] = [...Object.keys(STATUSES), ...REQUEST_PROBLEMS];

/** `/whip/{room}` and `/whep/{room}`, with a session below it for each POST: docs/protocol.md, rules P50 to P60. */
export function createWhip(options: WhipOptions): Hono<HttpEnvironment> {
  const app = new Hono<HttpEnvironment>();
  for (const role of ["whip", "whep"] as const) {
    app.use(`/${role}/*`, ...requestRules(options, CROSS_ORIGIN));
    addEndpoint(app, role, options);
    addSession(app, role, options);
  }
  return app;
}

function addEndpoint(app: Hono<HttpEnvironment>, role: HttpRole, options: WhipOptions): void {
  const path = `/${role}/:room`;
  const allow = { "Allow": "OPTIONS, GET, POST" };
  // Without the ICE servers: their credentials are for those alone who are authorized.
  app.options(path, (c) => c.body(null, 204, { ...allow, "Accept-Post": SDP }));
  app.use(path, ...authorized(role, options, "verify"));
  app.get(path, (c) => c.body(null, 204));
  app.post(path, ofType(SDP, "Accept-Post"), limited, (c) => open(c, role, options));
  app.all(path, (c) => notAllowed(c, allow));
}

function addSession(app: Hono<HttpEnvironment>, role: HttpRole, options: WhipOptions): void {
  const path = `/${role}/:room/:session`;
  const allow = { "Allow": "OPTIONS, GET, PATCH, DELETE" };
  app.options(path, (c) => c.body(null, 204, { ...allow, "Accept-Patch": SDP_FRAGMENT }));
  app.use(path, ...authorized(role, options, "verifyOutlasted"));
  app.get(path, (c) => status(c, role, options));
  app.patch(path, ofType(SDP_FRAGMENT, "Accept-Patch"), limited, (c) => patch(c, role, options));
  app.delete(path, (c) => {
    const session = sessionOf(c, role, options);
    if (session === undefined) return gone(c);
    options.act(session, () => session.leave());
    return c.body(null, 200);
  });
  app.all(path, (c) => notAllowed(c, allow));
}

async function open(c: HttpContext, role: HttpRole, options: WhipOptions): Promise<Response> {
  const parsed = openQuery.safeParse({ ...c.req.query(), roomId: c.req.param("room") });
  if (!parsed.success) {
    const [{ path, message }] = parsed.error.issues;
    return problem(c, 400, { code: "bad-request", detail: `${path.join(".")}: ${message}` });
  }
  const { roomId, publisher } = parsed.data;
  const grants = c.get("grants");
  const name = grants?.name ?? parsed.data.name;
  const trace = options.traceJoin?.(role);
  const asked = { role, roomId, name, publisher, ...(grants !== undefined && { grants }) };
  const result = options.open({
    ...asked,
    sdp: await c.req.text(),
    address: c.env.address,
    ...(trace !== undefined && { trace }),
  });
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

async function patch(c: HttpContext, role: HttpRole, options: WhipOptions): Promise<Response> {
  const text = await c.req.text();
  const session = sessionOf(c, role, options);
  if (session === undefined) return gone(c);
  const result = options.act(session, () => session.patch(text, c.req.header("If-Match")));
  if (!result.ok) return refusal(c, result);
  if (!result.restarted) return c.body(null, 204);
  return c.body(result.fragment, 200, { "Content-Type": SDP_FRAGMENT, "ETag": result.etag });
}

/** WHIP and WHEP have nothing to say to a GET: who asks for JSON has read of this one (rule P103). */
function status(c: HttpContext, role: HttpRole, options: WhipOptions): Response {
  const session = sessionOf(c, role, options);
  if (session === undefined) return gone(c);
  c.header("Vary", "Accept", { append: true });
  c.header("Cache-Control", "no-store");
  const wantsJson = /(?:^|[\s,])application\/json(?:[\s,;]|$)/i.test(c.req.header("Accept") ?? "");
  return wantsJson ? c.json(session.status) : c.body(null, 204);
}

function sessionOf(c: HttpContext, role: HttpRole, options: WhipOptions): HttpSession | undefined {
  const session = options.find(c.req.param("session") ?? "");
  if (session?.role !== role || session.participant.room.id !== roomOf(c)) return undefined;
  // A bearer's own sessions alone, whoever has told whom of their URLs.
  return session.participant.peer.identity === c.get("grants")?.identity ? session : undefined;
}

function refusal(c: HttpContext, { code, message, retryAfterSeconds }: HttpRefusal): Response {
  const status = STATUSES[code];
  const seconds = retryAfterSeconds ?? (status === 503 ? RETRY_AFTER_SECONDS : undefined);
  if (seconds !== undefined) c.header("Retry-After", String(seconds));
  return problem(c, status, { code, detail: message });
}

function notAllowed(c: HttpContext, allow: { readonly Allow: string }): Response {
  return problem(c, 405, { code: "wrong-method", detail: `${c.req.method} is not one of ${allow.Allow}` }, allow);
}

function gone(c: HttpContext): Response {
  return problem(c, 404, { code: "no-session", detail: "there is no such session, or no more" });
}

/** First the token, where one is asked for, then the embedder: both must allow the request. */
function authorized(
  role: HttpRole,
  options: WhipOptions,
  how: keyof TokenVerifier,
): MiddlewareHandler<HttpEnvironment>[] {
  const { tokens, authorize } = options;
  return [...(tokens === undefined ? [] : [verified(tokens[how], options.refuseRoom)]), allowed(role, authorize)];
}

function verified(verify: VerifyToken, refuseRoom: WhipOptions["refuseRoom"]): MiddlewareHandler<HttpEnvironment> {
  return async (c, next) => {
    const token = tokenOf(c);
    const result = await verify(token);
    if (!result.ok) return refuseToken(c, token, result);
    const refusal = refuseRoom(result.grants, roomOf(c));
    if (refusal?.code === "forbidden") return forbidden(c, refusal.message);
    if (refusal !== undefined) return unauthorized(c, token, refusal.message);
    c.set("grants", result.grants);
    await next();
  };
}

function allowed(protocol: HttpRole, authorize: Authorize): MiddlewareHandler<HttpEnvironment> {
  return async (c, next) => {
    const token = tokenOf(c);
    const grants = c.get("grants");
    const verdict = await authorize({ protocol, roomId: roomOf(c), token, ...(grants !== undefined && { grants }) });
    if (verdict === "allowed") return await next();
    if (verdict === "forbidden") return forbidden(c, "the token is not for this");
    return unauthorized(
      c,
      token,
      token === undefined ? "the request has no bearer token" : "the bearer token is not valid",
    );
  };
}

function forbidden(c: HttpContext, detail: string): Response {
  return problem(c, 403, { code: "forbidden", detail });
}

function roomOf(c: HttpContext): string {
  return c.req.param("room") ?? "";
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
