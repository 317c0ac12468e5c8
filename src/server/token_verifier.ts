import { errors, type JWTPayload, jwtVerify, type JWTVerifyGetKey, type JWTVerifyOptions } from "jose";
import { type Grants, grantsOf } from "../signaling/grants.ts";
import { type AuthOptions, checkAuthOptions } from "./auth_options.ts";
import { KeySetUnavailableError, remoteKeySet } from "./key_set.ts";

/** Characters of a token that are looked at. */
export const MAX_TOKEN_LENGTH = 8192;
/** Seconds by which the clocks of whoever makes tokens and of this machine may differ. */
const CLOCK_TOLERANCE = 30;

/** RFC 7518 section 3.1, RFC 8037, RFC 9864: never both, or a public key could be used as a secret. */
const SYMMETRIC = ["HS256", "HS384", "HS512"];
const ASYMMETRIC = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];

export interface TokenRefusal {
  readonly ok: false;
  /** `auth-unavailable`: whether the token is valid cannot be told at present. */
  readonly code: "unauthorized" | "auth-unavailable";
  /** Says why, and holds nothing of the token. */
  readonly message: string;
}

export type TokenResult = { readonly ok: true; readonly grants: Grants } | TokenRefusal;

/** Verifies one token; undefined where none was given. Never rejects. */
export type VerifyToken = (token: string | undefined) => Promise<TokenResult>;

export interface TokenVerifier {
  /** Of one that is to be valid now. */
  readonly verify: VerifyToken;
  /** Of one that may have expired meanwhile, as a call outlasts its token (rule P78). */
  readonly verifyOutlasted: VerifyToken;
}

/** Throws a TypeError where the options are of no use. */
export function createTokenVerifier(options: AuthOptions): TokenVerifier {
  checkAuthOptions(options);
  const { issuer, audience } = options;
  const { key, algorithms } = keyOf(options);
  const common: JWTVerifyOptions = {
    algorithms,
    clockTolerance: CLOCK_TOLERANCE,
    requiredClaims: ["exp"],
    ...(issuer !== undefined && { issuer }),
    ...(audience !== undefined && { audience }),
  };
  const read = async (token: string, currentDate?: Date): Promise<JWTPayload> => {
    const verified = { ...common, ...(currentDate !== undefined && { currentDate }) };
    const { payload } = await jwtVerify(token, key, verified);
    if (audience === undefined && payload.aud !== undefined) throw new ForeignAudienceError();
    return payload;
  };
  const readOutlasted = (token: string) =>
    read(token).catch((error) => {
      if (error instanceof errors.JWTExpired) return read(token, lastMoment(error.payload));
      throw error;
    });
  return { verify: verifier((token) => read(token)), verifyOutlasted: verifier(readOutlasted) };
}

/** The token is for others, and this server is nobody (RFC 7519 section 4.1.3). */
class ForeignAudienceError extends Error {}

function keyOf({ secret, jwks = "" }: AuthOptions): { key: JWTVerifyGetKey; algorithms: string[] } {
  if (secret === undefined) return { key: remoteKeySet(new URL(jwks)), algorithms: ASYMMETRIC };
  const bytes = new TextEncoder().encode(secret);
  return { key: () => bytes, algorithms: SYMMETRIC };
}

function lastMoment({ exp = 0 }: JWTPayload): Date {
  return new Date((exp - 1) * 1000);
}

function verifier(read: (token: string) => Promise<JWTPayload>): VerifyToken {
  return async (token) => {
    if (token === undefined) return unauthorized("a token is needed");
    if (token.length > MAX_TOKEN_LENGTH) {
      return unauthorized(`the token has more than ${MAX_TOKEN_LENGTH} characters`);
    }
    try {
      const result = grantsOf(await read(token));
      return result.ok ? result : unauthorized(`the token is not valid: ${result.message}`);
    } catch (error) {
      return refusalOf(error);
    }
  };
}

function refusalOf(error: unknown): TokenRefusal {
  if (error instanceof KeySetUnavailableError || error instanceof errors.JWKSTimeout) {
    return { ok: false, code: "auth-unavailable", message: "tokens cannot be verified at present" };
  }
  // What jose says may hold claims.
  return unauthorized(`the token is not valid: ${reasonOf(error)}`);
}

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return "it has expired";
  if (error instanceof ForeignAudienceError) return "it is for another audience";
  if (error instanceof errors.JWTClaimValidationFailed) return claimReason(error);
  if (error instanceof errors.JOSEAlgNotAllowed) return "its algorithm is not allowed";
  if (error instanceof errors.JWKSNoMatchingKey) return "its key is not known";
  if (error instanceof errors.JWKSMultipleMatchingKeys) return "it does not say which key it is signed by";
  if (error instanceof errors.JWSSignatureVerificationFailed) return "its signature is wrong";
  return "it is no signed JWT";
}

function claimReason({ claim, reason }: errors.JWTClaimValidationFailed): string {
  if (reason === "missing") return `it has no ${claim}`;
  if (claim === "nbf") return "it is not valid yet";
  return claim === "aud" ? "it is for another audience" : `its ${claim} is wrong`;
}

function unauthorized(message: string): TokenRefusal {
  return { ok: false, code: "unauthorized", message };
}
