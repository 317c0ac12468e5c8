import { base64url, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";

/** A shared secret, of the length that is needed. */
export const SECRET = "north south east west, and back!";

/** Claims that a test wants; `exp`, `nbf` and `iat`, where it is a number, are in seconds from now. */
export interface TokenClaims {
  readonly exp?: number;
  readonly nbf?: number;
  readonly [claim: string]: unknown;
}

/** Claims of a token for `room`, good for a minute. */
export const FOR_ROOM = { exp: 60, switchboard: { room: "room" } } satisfies TokenClaims;

function absolute({ exp, nbf, ...claims }: TokenClaims, nowMs: number): Record<string, unknown> {
  const seconds = Math.floor(nowMs / 1000);
  return {
    ...claims,
    ...(exp !== undefined && { exp: seconds + exp }),
    ...(nbf !== undefined && { nbf: seconds + nbf }),
    ...(typeof claims.iat === "number" && { iat: seconds + claims.iat }),
  };
}

/** A token by a shared secret. */
export function secretToken(claims: TokenClaims, secret: string | Uint8Array = SECRET, alg = "HS256"): Promise<string> {
  const key = typeof secret === "string" ? new TextEncoder().encode(secret) : secret;
  return new SignJWT(absolute(claims, Date.now())).setProtectedHeader({ alg }).sign(key);
}

/** What somebody writes who has no key: a header and claims of their choice, and any signature. */
export function forgedToken(header: object, claims: TokenClaims, signature = ""): string {
  const parts = [header, absolute(claims, Date.now())].map((part) => base64url.encode(JSON.stringify(part)));
  return [...parts, signature].join(".");
}

/** A key pair of an issuer, and tokens by it. */
export interface Issuer {
  readonly publicKey: JWK & { readonly kid: string };
  sign(claims: TokenClaims): Promise<string>;
}

export async function newIssuer(kid: string, alg = "ES256"): Promise<Issuer> {
  const { publicKey, privateKey } = await generateKeyPair(alg);
  return {
    publicKey: { ...await exportJWK(publicKey), kid, alg },
    sign: (claims) => new SignJWT(absolute(claims, Date.now())).setProtectedHeader({ alg, kid }).sign(privateKey),
  };
}
