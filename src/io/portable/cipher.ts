import { type CipherGCMTypes, createCipheriv, createDecipheriv, createHmac, timingSafeEqual } from "node:crypto";
import type { SrtpCipher, SrtpCipherFactory } from "../../webrtc/srtp/cipher.ts";
import { SRTP_PROFILES, type SrtpProfile } from "../../webrtc/srtp/profile.ts";

// A node:crypto cipher serves one message, so each packet makes its own. `final` has to be called even where it gives
// nothing, as in counter mode: in Deno it frees the native side, which no garbage collection does.

/** SRTP ciphers by node:crypto: they work wherever Deno does, for 10 to 15 us a packet of 1200 bytes. */
export const portableCiphers: SrtpCipherFactory = {
  create(profile: SrtpProfile, key: Uint8Array, authKey: Uint8Array): SrtpCipher {
    return SRTP_PROFILES[profile].aead ? new GcmCipher(profile, key) : new CounterModeCipher(key, authKey);
  },
};

/** AEAD_AES_128_GCM and AEAD_AES_256_GCM (RFC 7714). */
class GcmCipher implements SrtpCipher {
  readonly ivLength = 12;
  readonly tagLength: number;
  readonly #algorithm: CipherGCMTypes;
  readonly #key: Uint8Array;

  constructor(profile: SrtpProfile, key: Uint8Array) {
    const { tagLength, keyLength } = SRTP_PROFILES[profile];
    this.tagLength = tagLength;
    this.#algorithm = keyLength === 32 ? "aes-256-gcm" : "aes-128-gcm";
    this.#key = key.slice();
  }

  seal(
    iv: Uint8Array,
    packet: Uint8Array,
    headerLength: number,
    source: Uint8Array,
    sourceOffset: number,
    length: number,
    trailer: Uint8Array | undefined,
    tagOffset: number,
  ): void {
    const cipher = createCipheriv(this.#algorithm, this.#key, iv);
    cipher.setAAD(associatedData(packet, headerLength, trailer));
    packet.set(cipher.update(source.subarray(sourceOffset, sourceOffset + length)), headerLength);
    cipher.final();
    packet.set(cipher.getAuthTag(), tagOffset);
  }

  open(
    iv: Uint8Array,
    packet: Uint8Array,
    headerLength: number,
    length: number,
    trailer: Uint8Array | undefined,
    tagOffset: number,
  ): boolean {
    const decipher = createDecipheriv(this.#algorithm, this.#key, iv);
    decipher.setAAD(associatedData(packet, headerLength, trailer));
    decipher.setAuthTag(packet.subarray(tagOffset, tagOffset + this.tagLength));
    const plaintext = decipher.update(packet.subarray(headerLength, headerLength + length));
    try {
      decipher.final();
    } catch {
      return false; // A wrong tag; `packet` has not been written to.
    }
    packet.set(plaintext, headerLength);
    return true;
  }

  close(): void {
    this.#key.fill(0);
  }
}

/** What GCM authenticates besides the ciphertext: a view of the header, or a copy with the trailer behind it (SRTCP). */
function associatedData(packet: Uint8Array, headerLength: number, trailer: Uint8Array | undefined): Uint8Array {
  const header = packet.subarray(0, headerLength);
  if (trailer === undefined) return header;
  const joined = new Uint8Array(headerLength + trailer.length);
  joined.set(header);
  joined.set(trailer, headerLength);
  return joined;
}

/** AES in counter mode with HMAC-SHA1, cut to 80 bits (RFC 3711 sections 4.1.1 and 4.2.1). */
class CounterModeCipher implements SrtpCipher {
  readonly ivLength = 16;
  readonly tagLength = SRTP_PROFILES.SRTP_AES128_CM_HMAC_SHA1_80.tagLength;
  readonly #key: Uint8Array;
  readonly #authKey: Uint8Array;

  constructor(key: Uint8Array, authKey: Uint8Array) {
    this.#key = key.slice();
    this.#authKey = authKey.slice();
  }

  seal(
    iv: Uint8Array,
    packet: Uint8Array,
    headerLength: number,
    source: Uint8Array,
    sourceOffset: number,
    length: number,
    trailer: Uint8Array | undefined,
    tagOffset: number,
  ): void {
    this.#crypt(iv, packet, headerLength, source.subarray(sourceOffset, sourceOffset + length));
    packet.set(this.#tag(packet, headerLength + length, trailer), tagOffset);
  }

  open(
    iv: Uint8Array,
    packet: Uint8Array,
    headerLength: number,
    length: number,
    trailer: Uint8Array | undefined,
    tagOffset: number,
  ): boolean {
    const tag = this.#tag(packet, headerLength + length, trailer);
    if (!timingSafeEqual(tag, packet.subarray(tagOffset, tagOffset + this.tagLength))) return false;
    this.#crypt(iv, packet, headerLength, packet.subarray(headerLength, headerLength + length));
    return true;
  }

  close(): void {
    this.#key.fill(0);
    this.#authKey.fill(0);
  }

  /** Counter mode is its own inverse. */
  #crypt(iv: Uint8Array, packet: Uint8Array, offset: number, input: Uint8Array): void {
    const cipher = createCipheriv("aes-128-ctr", this.#key, iv);
    packet.set(cipher.update(input), offset);
    cipher.final();
  }

  #tag(packet: Uint8Array, length: number, trailer: Uint8Array | undefined): Uint8Array {
    const hmac = createHmac("sha1", this.#authKey).update(packet.subarray(0, length));
    if (trailer !== undefined) hmac.update(trailer);
    return hmac.digest().subarray(0, this.tagLength);
  }
}
