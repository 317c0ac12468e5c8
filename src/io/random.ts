import type { RandomSource } from "../sfu/random.ts";

/** The 64 characters of ice-char (RFC 8839 section 5.4). */
const ICE_CHARS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Text of ice-char, 6 bits of each byte; `bytes` are random. */
export function iceText(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += ICE_CHARS[byte & 63];
  return text;
}

/** Cryptographic randomness. */
export const cryptoRandom: RandomSource = {
  uint32: () => crypto.getRandomValues(new Uint32Array(1))[0],
  text: (length) => iceText(crypto.getRandomValues(new Uint8Array(length))),
};
