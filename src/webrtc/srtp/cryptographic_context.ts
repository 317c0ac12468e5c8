import { writeUint32 } from "../../rtp/bytes.ts";
import type { SrtpKeys } from "../dtls.ts";
import type { SrtpCipherFactory } from "./cipher.ts";
import { deriveSessionKeys, type SessionKeys } from "./key_derivation.ts";
import { PacketProtection } from "./packet_protection.ts";
import { SRTP_PROFILES, type SrtpProfile } from "./profile.ts";
import { rollOverCounter } from "./srtp_index.ts";

/** Bytes of the E-bit and the SRTCP index, which end the authenticated part of an SRTCP packet (RFC 3711 section 3.4). */
export const INDEX_WORD_LENGTH = 4;

/** What one call writes, and the next overwrites: in one place for all peers. */
const scratch = { rollOver: new Uint8Array(4), indexWord: new Uint8Array(INDEX_WORD_LENGTH) };

/**
 * What both kinds of packets of one direction share (RFC 3711 section 3.2), but for the state of the SSRCs: session
 * keys, IVs, and where a profile puts the parts.
 */
export class CryptographicContext {
  readonly tagLength: number;
  readonly rtp: PacketProtection;
  readonly rtcp: PacketProtection;

  constructor(profile: SrtpProfile, keys: SrtpKeys, factory: SrtpCipherFactory) {
    this.tagLength = SRTP_PROFILES[profile].tagLength;
    const { rtp, rtcp } = deriveSessionKeys(profile, keys);
    this.rtp = createProtection(profile, rtp, factory);
    this.rtcp = createProtection(profile, rtcp, factory);
  }

  /** What the tag of an SRTP packet covers besides the packet; AEAD has the roll-over counter in the IV instead. */
  rtpTrailer(index: number): Uint8Array | undefined {
    if (this.rtp.isAead) return undefined;
    writeUint32(scratch.rollOver, 0, rollOverCounter(index));
    return scratch.rollOver;
  }

  /** What the tag of an SRTCP packet covers besides header and ciphertext: E-bit and SRTCP index. */
  rtcpTrailer(indexWord: number): Uint8Array {
    writeUint32(scratch.indexWord, 0, indexWord);
    return scratch.indexWord;
  }

  /** Where the tag of an SRTCP packet lies: before the index word with AEAD (RFC 7714 section 9.2), else behind it. */
  rtcpTagOffset(plainLength: number): number {
    return this.rtcp.isAead ? plainLength : plainLength + INDEX_WORD_LENGTH;
  }

  rtcpIndexWordOffset(plainLength: number): number {
    return this.rtcp.isAead ? plainLength + this.tagLength : plainLength;
  }

  /** Wipes the keys; the context is not used afterwards. */
  close(): void {
    this.rtp.cipher.close();
    this.rtcp.cipher.close();
  }
}

function createProtection(
  profile: SrtpProfile,
  { key, authKey, salt }: SessionKeys,
  factory: SrtpCipherFactory,
): PacketProtection {
  const cipher = factory.create(profile, key, authKey);
  key.fill(0);
  authKey.fill(0);
  const protection = new PacketProtection(cipher, salt);
  salt.fill(0);
  return protection;
}
