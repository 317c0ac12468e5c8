import { isIP } from "node:net";

/** Bytes that a shared secret has at least (RFC 7518 section 3.2, for HS256). */
export const MIN_SECRET_BYTES = 32;

/** Whose tokens are taken: either those of whoever knows `secret`, or those signed by a key behind `jwks`. */
export interface AuthOptions {
  /** Shared with whoever makes tokens (HS256, HS384, HS512); its UTF-8 has 32 bytes at least. */
  readonly secret?: string;
  /** The URL of a JWK Set (RFC 7517) of public keys: https, or http on this machine. */
  readonly jwks?: string;
  /** What `iss` must be. Default: anything. */
  readonly issuer?: string;
  /** What `aud` must name. Default: a token must name no audience (RFC 7519 section 4.1.3). */
  readonly audience?: string;
}

export function isLongEnough(secret: string): boolean {
  return new TextEncoder().encode(secret).length >= MIN_SECRET_BYTES;
}

/** Whether keys may be fetched from there: nobody on the way must be able to put in one of their own. */
export function isKeySetUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== "" || url.password !== "" || url.hash !== "") return false;
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname));
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || (isIP(hostname) === 4 && hostname.startsWith("127."));
}

/** Throws a TypeError where tokens could not be verified by these; it does not repeat the secret. */
export function checkAuthOptions({ secret, jwks }: AuthOptions): void {
  if ((secret === undefined) === (jwks === undefined)) throw new TypeError("auth: give either secret or jwks");
  if (secret !== undefined && !isLongEnough(secret)) {
    throw new TypeError(`auth: the secret needs ${MIN_SECRET_BYTES} bytes at least`);
  }
  if (jwks !== undefined && !isKeySetUrl(jwks)) {
    throw new TypeError("auth: jwks must be an https URL without credentials; http is for this machine alone");
  }
}
