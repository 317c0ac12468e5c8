import type { RandomSource } from "./random.ts";

/** 72 random bits: unguessable, and short enough for every packet of signaling that names a peer or track. */
const IDENTIFIER_LENGTH = 12;

/** A new id of URL-safe characters, all of which a msid may have too (RFC 8830 section 2: token-char, so no slash). */
export function newIdentifier(random: RandomSource): string {
  return random.text(IDENTIFIER_LENGTH).replaceAll("+", "-").replaceAll("/", "_");
}
