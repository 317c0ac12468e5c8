/** Bytes of the index in an IV. */
const INDEX_LENGTH = 6;

/**
 * The IV of each packet, formed in one buffer that is used again: the session salt XOR the SSRC and the packet's
 * index. AEAD has 12 bytes (RFC 7714 sections 8.1 and 9.1), counter mode 16, the last two of them zero (RFC 3711
 * section 4.1.1). An SRTCP index of 31 bits fills the 48 bits of an SRTP index from the right in both.
 */
export class PacketIv {
  readonly #salt: Uint8Array;
  readonly #bytes: Uint8Array;
  readonly #ssrcOffset: number;
  readonly #indexOffset: number;

  /** `salt` is as long as the part of the IV that the index ends: 12 bytes for AEAD, 14 for counter mode. */
  constructor(salt: Uint8Array, ivLength: number) {
    this.#salt = salt;
    this.#bytes = new Uint8Array(ivLength);
    this.#bytes.set(salt);
    this.#indexOffset = salt.length - INDEX_LENGTH;
    this.#ssrcOffset = this.#indexOffset - 4;
  }

  /** The IV of one packet, valid until the next call. */
  form(ssrc: number, index: number): Uint8Array {
    this.#mix(this.#ssrcOffset, ssrc);
    const high = index < 2 ** 32 ? 0 : Math.floor(index / 2 ** 32);
    const at = this.#indexOffset;
    this.#bytes[at] = this.#salt[at] ^ (high >>> 8);
    this.#bytes[at + 1] = this.#salt[at + 1] ^ high;
    this.#mix(at + 2, index >>> 0);
    return this.#bytes;
  }

  #mix(at: number, value: number): void {
    this.#bytes[at] = this.#salt[at] ^ (value >>> 24);
    this.#bytes[at + 1] = this.#salt[at + 1] ^ (value >>> 16);
    this.#bytes[at + 2] = this.#salt[at + 2] ^ (value >>> 8);
    this.#bytes[at + 3] = this.#salt[at + 3] ^ value;
  }
}
