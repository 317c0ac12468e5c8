import type { SrtpProfile } from "./profile.ts";

/**
 * One direction of one SRTP or SRTCP session: session keys are inside, the framing (index, roll-over counter, IV,
 * where the parts lie) is the caller's. Nothing here throws; an instance belongs to one stream direction.
 *
 * A packet is `header | ciphertext | ...`. `trailer` is authenticated but not encrypted: nothing (AEAD SRTP), the
 * roll-over counter (HMAC SRTP), or the E-bit and SRTCP index (both, SRTCP; RFC 3711 section 3.4, RFC 7714 section 9).
 */
export interface SrtpCipher {
  /** Bytes of `iv`: 12 for AEAD, 16 for counter mode. */
  readonly ivLength: number;
  readonly tagLength: number;
  /** Where it reads the IV of each packet: who forms IVs here saves a copy. Others may share it; left out, any array does. */
  readonly iv?: Uint8Array;
  /**
   * Encrypts `source[sourceOffset, sourceOffset + length)` to `packet[headerLength, headerLength + length)` and writes
   * the tag to `packet[tagOffset, tagOffset + tagLength)`. `source` may be `packet` itself, in place.
   */
  seal(
    iv: Uint8Array,
    packet: Uint8Array,
    headerLength: number,
    source: Uint8Array,
    sourceOffset: number,
    length: number,
    trailer: Uint8Array | undefined,
    tagOffset: number,
  ): void;
  /**
   * Checks the tag at `tagOffset`, then decrypts `packet[headerLength, headerLength + length)` in place. False, with
   * the packet as it was, where the tag is wrong.
   */
  open(
    iv: Uint8Array,
    packet: Uint8Array,
    headerLength: number,
    length: number,
    trailer: Uint8Array | undefined,
    tagOffset: number,
  ): boolean;
  /** Wipes the keys that this code owns. */
  close(): void;
}

/** The cipher seam: one for each backend. */
export interface SrtpCipherFactory {
  /** `authKey` is empty for AEAD profiles. */
  create(profile: SrtpProfile, key: Uint8Array, authKey: Uint8Array): SrtpCipher;
}
