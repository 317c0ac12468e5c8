import { createCipheriv } from "node:crypto";
import type { SrtpKeys } from "../dtls.ts";
import { SRTP_PROFILES, type SrtpProfile } from "./profile.ts";

/** Bytes of the HMAC-SHA1 session key (RFC 3711 section 5.2). */
const AUTH_KEY_LENGTH = 20;
/** Bytes of the master salt that the key derivation works on. */
const PRF_SALT_LENGTH = 14;
/** The byte of the salt that meets the label: six bytes of zero index stand behind it (key derivation rate 0). */
const LABEL_OFFSET = PRF_SALT_LENGTH - 7;
const BLOCK_LENGTH = 16;
/** Of key stream for each label: no part is longer than a key of 256 bits. */
const BLOCKS = 2;
const STREAM_LENGTH = BLOCKS * BLOCK_LENGTH;

/** Labels in their order: cipher, authentication and salt of SRTP (RFC 3711 section 4.3.1), then of SRTCP (4.3.2). */
const LABELS = 6;

/** What protects SRTP, or SRTCP, of one direction. */
export interface SessionKeys {
  readonly key: Uint8Array;
  /** Empty for AEAD profiles. */
  readonly authKey: Uint8Array;
  readonly salt: Uint8Array;
}

/** Derives the session keys from a master key (RFC 3711 section 4.3; AEAD: RFC 7714 sections 11 and 12). */
export function deriveSessionKeys(
  profile: SrtpProfile,
  master: SrtpKeys,
): { readonly rtp: SessionKeys; readonly rtcp: SessionKeys } {
  const { keyLength, saltLength, aead } = SRTP_PROFILES[profile];
  const streams = keyStreams(master);
  const derived = (label: number, length: number) => {
    const start = label * STREAM_LENGTH;
    return Uint8Array.from(streams.subarray(start, start + length));
  };
  const keysFrom = (first: number): SessionKeys => ({
    key: derived(first, keyLength),
    authKey: derived(first + 1, aead ? 0 : AUTH_KEY_LENGTH),
    salt: derived(first + 2, saltLength),
  });
  const keys = { rtp: keysFrom(0), rtcp: keysFrom(LABELS / 2) };
  streams.fill(0);
  return keys;
}

/**
 * The beginning of AES_CM_PRF (RFC 3711 section 4.3.3) for each label, or of AES_256_CM_PRF (RFC 6188 section 3) where
 * the master key has 256 bits: key stream of AES in counter mode, which is its counter blocks encrypted one by one. All
 * in one go, since to make a cipher costs far more than to use it.
 */
function keyStreams({ key, salt }: SrtpKeys): Uint8Array {
  const counters = new Uint8Array(LABELS * STREAM_LENGTH);
  for (let block = 0; block < LABELS * BLOCKS; block++) {
    const start = block * BLOCK_LENGTH;
    // The 12-byte salt of AEAD is padded with zeros at its end, which the rest of the counter block already is.
    counters.set(salt, start);
    counters[start + LABEL_OFFSET] ^= Math.floor(block / BLOCKS);
    counters[start + BLOCK_LENGTH - 1] = block % BLOCKS;
  }
  const cipher = createCipheriv(`aes-${key.length === 32 ? 256 : 128}-ecb`, key, null).setAutoPadding(false);
  const streams = cipher.update(counters);
  cipher.final();
  return streams;
}
