import { readInt32, readUint16, writeUint32 } from "../../rtp/bytes.ts";
import type { SrtpCipher } from "./cipher.ts";

const AEAD_LENGTH = 12;
/** What one call forms, and the next overwrites: IVs of all streams in one place, for each of the two lengths. */
const scratch = { aead: new Uint8Array(AEAD_LENGTH), counterMode: new Uint8Array(16) };

/**
 * The cipher of SRTP, or of SRTCP, and the IV of each packet, formed in a buffer that is used again: the session salt XOR
 * the SSRC and the packet's index. AEAD has 12 bytes (RFC 7714 sections 8.1 and 9.1), counter mode 16, the last two of them
 * zero (RFC 3711 section 4.1.1). An SRTCP index of 31 bits fills the 48 bits of an SRTP index from the right in both.
 */
export class PacketProtection {
  readonly cipher: SrtpCipher;
  readonly #iv: Uint8Array;
  readonly tagLength: number;
  /** Whether the IV has the roll-over counter; else the tag covers it. */
  readonly isAead: boolean;
  /** The salt as words, the last one filled up by zeros. */
  readonly #salt0: number;
  readonly #salt1: number;
  readonly #salt2: number;
  readonly #salt3: number;

  /** `salt` is as long as the part of the IV that the index ends: 12 bytes for AEAD, 14 for counter mode. */
  constructor(cipher: SrtpCipher, salt: Uint8Array) {
    this.cipher = cipher;
    this.tagLength = cipher.tagLength;
    this.isAead = cipher.ivLength === AEAD_LENGTH;
    this.#iv = cipher.iv ?? (this.isAead ? scratch.aead : scratch.counterMode);
    this.#salt0 = readInt32(salt, 0);
    this.#salt1 = readInt32(salt, 4);
    this.#salt2 = readInt32(salt, 8);
    this.#salt3 = this.isAead ? 0 : readUint16(salt, 12) << 16;
  }

  /** Reads what the next packet needs: see MediaSender. */
  readAhead(): number {
    return this.#salt2 + this.cipher.ivLength;
  }

  /** The IV of one packet, valid until the next call for whichever stream. */
  formIv(ssrc: number, index: number): Uint8Array {
    // Most indices are small, and a division costs more than to ask.
    const rollOver = index < 2 ** 31 ? index >> 16 : Math.floor(index / 2 ** 16);
    return this.isAead ? this.#formAead(ssrc, index, rollOver) : this.#formCounterMode(ssrc, index, rollOver);
  }

  /** 2 bytes of nothing, SSRC, roll-over counter, sequence number. */
  #formAead(ssrc: number, index: number, rollOver: number): Uint8Array {
    const iv = this.#iv;
    writeUint32(iv, 0, this.#salt0 ^ (ssrc >>> 16));
    writeUint32(iv, 4, this.#salt1 ^ (ssrc << 16) ^ (rollOver >>> 16));
    writeUint32(iv, 8, this.#salt2 ^ index);
    return iv;
  }

  /** 4 bytes of nothing, SSRC, roll-over counter, sequence number, block counter. */
  #formCounterMode(ssrc: number, index: number, rollOver: number): Uint8Array {
    const iv = this.#iv;
    writeUint32(iv, 0, this.#salt0);
    writeUint32(iv, 4, this.#salt1 ^ ssrc);
    writeUint32(iv, 8, this.#salt2 ^ rollOver);
    writeUint32(iv, 12, this.#salt3 ^ (index << 16));
    return iv;
  }
}
