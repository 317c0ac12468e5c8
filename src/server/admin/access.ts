import { REVOKED } from "../../signaling/admission.ts";
import { coversRoom, type Grants } from "../../signaling/grants.ts";
import { problem } from "../problem.ts";
import { type HttpContext, refuseToken, tokenOf, unauthorized } from "../request_rules.ts";
import type { TokenVerifier } from "../token_verifier.ts";
import type { Administrator, Operation } from "./operations.ts";
import { ADMIN_PROBLEMS, type Refusal, refusal } from "./problems.ts";

export interface AccessOptions {
  /** Undefined where no tokens are asked for: then nobody can be told to be an administrator. */
  readonly tokens: TokenVerifier | undefined;
  /** Whether a token was revoked for a room, or for all; without a room, for all. */
  isRevoked(grants: Grants, roomId?: string): boolean;
}

const NEEDS_AUTH = "the admin API needs tokens: start the server with AUTH_SECRET or --auth-jwks, and make one with " +
  'the claim switchboard: {"room": "*", "admin": true}, as by `deno task token --room=* --admin=yes`';

/** Whoever's token of the request has the `admin` grant; for all others the answer that says what is wrong. */
export async function authorize(c: HttpContext, options: AccessOptions): Promise<Administrator | Response> {
  const { tokens } = options;
  if (tokens === undefined) return sendRefusal(c, refusal("admin-needs-auth", NEEDS_AUTH));
  const token = tokenOf(c);
  const result = await tokens.verify(token);
  if (!result.ok) return refuseToken(c, token, result);
  const { grants } = result;
  if (options.isRevoked(grants)) return unauthorized(c, token, REVOKED);
  if (!grants.admin) return sendRefusal(c, refusal("forbidden", "the token has no grant `admin`"));
  return {
    identity: grants.identity,
    covers: (roomId) => coversRoom(grants, roomId) && !options.isRevoked(grants, roomId),
    // What is a pattern for every room is made of stars alone.
    isOfServer: /^\*+$/.test(grants.room),
    isAllowed: async () => {
      const again = await tokens.verify(token);
      return (again.ok || again.code === "auth-unavailable") && !options.isRevoked(grants);
    },
  };
}

/** Why an operation is beyond the grants of an administrator; undefined where it is not. */
export function refuseScope({ covers, isOfServer }: Administrator, scope: Operation["scope"], room: string) {
  if (scope === "server" && !isOfServer) {
    return refusal("forbidden", "the token is not for the whole server (room `*`)");
  }
  return scope === "room" && !covers(room) ? refusal("forbidden", "the token is not for this room") : undefined;
}

export function sendRefusal(
  c: HttpContext,
  { problem: code, detail }: Refusal,
  headers?: Readonly<Record<string, string>>,
): Response {
  return problem(c, ADMIN_PROBLEMS[code].status, { code, detail }, headers);
}
