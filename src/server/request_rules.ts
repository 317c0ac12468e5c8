import type { Context, MiddlewareHandler } from "hono";
import type { ConnectionRefusal } from "../signaling/connection_limit.ts";
import type { Grants } from "../signaling/grants.ts";
import { bearerToken } from "./bearer.ts";
import { type AllowsOrigin, originWords } from "./origins.ts";
import { problem, PROBLEM_CODE } from "./problem.ts";
import type { TokenRefusal } from "./token_verifier.ts";

/** What Hono hands to the routes of one request. */
export interface HttpEnvironment {
  Bindings: {
    /** The client's IP address in text form. */
    readonly address: string;
  };
  Variables: {
    /** What the request's token allows; undefined where no tokens are asked for. */
    grants: Grants | undefined;
  };
}

export type HttpContext = Context<HttpEnvironment>;

export interface RequestRulesOptions {
  readonly allowsOrigin: AllowsOrigin;
  /** Told of the code of each problem that is answered. */
  refused(code: string): void;
  /** Why a request of a client with this IP address is one too many; undefined where it is not. */
  tooMany(address: string): ConnectionRefusal | undefined;
}

/** What pages of other origins, where they are allowed, may send and read: values of Access-Control fields. */
export interface CrossOrigin {
  readonly methods: string;
  readonly headers: string;
  readonly exposed: string;
}

/** Seconds after which what cannot be had now may be had again, here or of who takes over. */
export const RETRY_AFTER_SECONDS = 5;
/** Seconds that a browser keeps the answer to a preflight. */
const PREFLIGHT_MAX_AGE = 86_400;

/** What holds for every request to WHIP, WHEP and the admin API, whoever sends it. */
export function requestRules(
  options: RequestRulesOptions,
  crossOrigin: CrossOrigin,
): MiddlewareHandler<HttpEnvironment>[] {
  return [tellRefusals(options), allowOrigins(options, crossOrigin), limitedInNumber(options)];
}

function tellRefusals({ refused }: RequestRulesOptions): MiddlewareHandler {
  return async (c, next) => {
    await next();
    const code: unknown = c.get(PROBLEM_CODE);
    if (typeof code === "string") refused(code);
  };
}

/** Pages of the allowed origins may do all, as may what is no page: what they may do is for the token to say. */
function allowOrigins({ allowsOrigin }: RequestRulesOptions, crossOrigin: CrossOrigin): MiddlewareHandler {
  return async (c, next) => {
    c.header("Vary", "Origin");
    const origin = c.req.header("Origin");
    if (origin === undefined) return await next();
    if (!allowsOrigin(origin, new URL(c.req.url))) {
      return problem(c, 403, { code: "origin-not-allowed", detail: originWords(origin) });
    }
    c.header("Access-Control-Allow-Origin", origin);
    c.header("Access-Control-Expose-Headers", crossOrigin.exposed);
    if (c.req.method === "OPTIONS") {
      c.header("Access-Control-Allow-Methods", crossOrigin.methods);
      c.header("Access-Control-Allow-Headers", crossOrigin.headers);
      c.header("Access-Control-Max-Age", String(PREFLIGHT_MAX_AGE));
    }
    await next();
  };
}

/** Behind the origin, so that a page can read the refusal, and before all that costs more. */
function limitedInNumber({ tooMany }: RequestRulesOptions): MiddlewareHandler<HttpEnvironment> {
  return async (c, next) => {
    const refusal = tooMany(c.env.address);
    if (refusal === undefined) return await next();
    const { code, message, retryAfterSeconds } = refusal;
    return problem(c, 429, { code, detail: message }, { "Retry-After": String(retryAfterSeconds) });
  };
}

/** The bearer token of a request (RFC 6750 section 2.1). */
export function tokenOf(c: HttpContext): string | undefined {
  return bearerToken(c.req.header("Authorization"));
}

export function refuseToken(c: HttpContext, token: string | undefined, { code, message }: TokenRefusal): Response {
  if (code === "unauthorized") return unauthorized(c, token, message);
  return problem(c, 503, { code, detail: message }, { "Retry-After": String(RETRY_AFTER_SECONDS) });
}

/** RFC 6750 section 3: who has brought no token is told no error. */
export function unauthorized(c: HttpContext, token: string | undefined, detail: string): Response {
  const challenge = token === undefined ? "Bearer" : 'Bearer error="invalid_token"';
  return problem(c, 401, { code: "unauthorized", detail }, { "WWW-Authenticate": challenge });
}
