import { createHash } from "node:crypto";

/** A certificate's digest as SDP gives it (RFC 8122 section 5). */
export interface Fingerprint {
  /** Lower case, as in `sha-256`. */
  readonly algorithm: string;
  /** Upper-case hex pairs with colons between. */
  readonly value: string;
}

/** The hash functions of RFC 8122 that are still sound, by the names that node:crypto has for them. */
const HASHES = new Map([["sha-256", "sha256"], ["sha-384", "sha384"], ["sha-512", "sha512"]]);

/** The fingerprint of a certificate in DER; undefined where the algorithm is not a sound one. */
export function fingerprintOf(certificate: Uint8Array, algorithm: string): string | undefined {
  const hash = HASHES.get(algorithm);
  if (hash === undefined) return undefined;
  const hex = createHash(hash).update(certificate).digest("hex").toUpperCase();
  return hex.replaceAll(/..(?=.)/g, "$&:");
}

/**
 * Whether the certificate is the one announced: all fingerprints of a sound algorithm must fit, and there must be one
 * (RFC 8122 section 5.1).
 */
export function matchesFingerprint(certificate: Uint8Array, fingerprints: readonly Fingerprint[]): boolean {
  const known = fingerprints.filter((fingerprint) => HASHES.has(fingerprint.algorithm));
  return known.length > 0 &&
    known.every((fingerprint) => fingerprintOf(certificate, fingerprint.algorithm) === fingerprint.value);
}
