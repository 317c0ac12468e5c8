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

/** The labels of one kind of packets (RFC 3711 section 4.3). */
export interface KeyLabels {
  readonly cipher: number;
  readonly authentication: number;
  readonly salt: number;
}

/** RFC 3711 section 4.3.1. */
export const SRTP_LABELS: KeyLabels = { cipher: 0, authentication: 1, salt: 2 };
/** RFC 3711 section 4.3.2. */
export const SRTCP_LABELS: KeyLabels = { cipher: 3, authentication: 4, salt: 5 };

/** What protects SRTP, or SRTCP, of one direction. */
export interface SessionKeys {
  readonly key: Uint8Array;
  /** Empty for AEAD profiles. */
  readonly authKey: Uint8Array;
  readonly salt: Uint8Array;
}

/** Derives the session keys from a master key (RFC 3711 section 4.3; AEAD: RFC 7714 sections 11 and 12). */
export function deriveSessionKeys(profile: SrtpProfile, master: SrtpKeys, labels: KeyLabels): SessionKeys {
  const { keyLength, saltLength, aead } = SRTP_PROFILES[profile];
  return {
    key: deriveBytes(master, labels.cipher, keyLength),
    authKey: deriveBytes(master, labels.authentication, aead ? 0 : AUTH_KEY_LENGTH),
    salt: deriveBytes(master, labels.salt, saltLength),
  };
}

/**
 * The first `length` bytes of AES_CM_PRF (RFC 3711 section 4.3.3), or of AES_256_CM_PRF (RFC 6188 section 3) where the
 * master key has 256 bits: key stream of AES in counter mode.
 */
function deriveBytes(master: SrtpKeys, label: number, length: number): Uint8Array {
  const counter = new Uint8Array(BLOCK_LENGTH);
  // The 12-byte salt of AEAD is padded with zeros at its end, which the rest of the counter block already is.
  counter.set(master.salt);
  counter[LABEL_OFFSET] ^= label;
  const cipher = createCipheriv(`aes-${master.key.length === 32 ? 256 : 128}-ctr`, master.key, counter);
  const keyStream = cipher.update(new Uint8Array(length));
  cipher.final();
  const bytes = new Uint8Array(keyStream);
  keyStream.fill(0);
  return bytes;
}
