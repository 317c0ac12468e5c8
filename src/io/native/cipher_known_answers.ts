import { messageOf } from "../../webrtc/error_message.ts";
import type { SrtpCipher } from "../../webrtc/srtp/cipher.ts";
import type { SrtpProfile } from "../../webrtc/srtp/profile.ts";
import type { CreateCipher } from "./cipher_library.ts";

/** A packet before and after. */
interface KnownAnswer {
  readonly key: Uint8Array;
  readonly authKey: Uint8Array;
  readonly iv: Uint8Array;
  /** The RTP header, twelve bytes, with the payload. */
  readonly plain: Uint8Array;
  readonly sealed: Uint8Array;
  readonly trailer?: Uint8Array;
}

const HEADER_LENGTH = 12;
const NONE = new Uint8Array(0);

/** "Gallia est omnis divisa in partes tres" under the keys of RFC 7714 section 16. */
const GALLIA = {
  authKey: NONE,
  iv: hex("51753c6580c2726f20718414"),
  plain: hex(
    "8040f17b8041f8d35501a0b2" +
      "47616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573",
  ),
};

const KNOWN_ANSWERS: Readonly<Record<SrtpProfile, KnownAnswer>> = {
  // RFC 7714 section 16.1.
  SRTP_AEAD_AES_128_GCM: {
    ...GALLIA,
    key: hex("000102030405060708090a0b0c0d0e0f"),
    sealed: hex(
      "8040f17b8041f8d35501a0b2" +
        "f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833" +
        "899d7f27beb16a9152cf765ee4390cce",
    ),
  },
  // RFC 7714 section 16.2.
  SRTP_AEAD_AES_256_GCM: {
    ...GALLIA,
    key: hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"),
    sealed: hex(
      "8040f17b8041f8d35501a0b2" +
        "32b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b" +
        "7aa3db36dfffd6b0f9bb7878d7a76c13",
    ),
  },
  // The session keys of RFC 3711 appendix B.3, and the packet that libsrtp checks itself with under them.
  SRTP_AES128_CM_HMAC_SHA1_80: {
    key: hex("c61e7a93744f39ee10734afe3ff7a087"),
    authKey: hex("cebe321f6ff7716b6fd4ab49af256a156d38baa4"),
    iv: hex("30cbbc084cc3363bd49db34a88d50000"),
    trailer: new Uint8Array(4),
    plain: hex(`800f1234decafbadcafebabe${"ab".repeat(16)}`),
    sealed: hex("800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb"),
  },
};

/** What is wrong with a library's ciphers of a profile, in words; undefined where nothing is. */
export function problemOf(profile: SrtpProfile, create: CreateCipher): string | undefined {
  const answer = KNOWN_ANSWERS[profile];
  let cipher: SrtpCipher | undefined;
  try {
    cipher = create(answer.key, answer.authKey);
    return sealProblem(cipher, answer) ?? openProblem(cipher, answer);
  } catch (error) {
    return messageOf(error);
  } finally {
    cipher?.close();
  }
}

function sealProblem(cipher: SrtpCipher, { iv, plain, sealed, trailer }: KnownAnswer): string | undefined {
  const packet = new Uint8Array(sealed.length);
  packet.set(plain.subarray(0, HEADER_LENGTH));
  const length = plain.length - HEADER_LENGTH;
  cipher.seal(iv, packet, HEADER_LENGTH, plain, HEADER_LENGTH, length, trailer, plain.length);
  return isSame(packet, sealed) ? undefined : "it encrypts the known packet to something else";
}

function openProblem(cipher: SrtpCipher, { iv, plain, sealed, trailer }: KnownAnswer): string | undefined {
  const length = plain.length - HEADER_LENGTH;
  for (let at = 0; at < sealed.length; at++) {
    const forged = sealed.slice();
    forged[at] ^= 1;
    const before = forged.slice();
    if (cipher.open(iv, forged, HEADER_LENGTH, length, trailer, plain.length)) return `it takes a changed byte ${at}`;
    if (!isSame(forged, before)) return "it changes a packet that it refuses";
  }
  const packet = sealed.slice();
  if (!cipher.open(iv, packet, HEADER_LENGTH, length, trailer, plain.length)) return "it refuses the known packet";
  return isSame(packet.subarray(0, plain.length), plain) ? undefined : "it decrypts the known packet to something else";
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

function hex(text: string): Uint8Array {
  return Uint8Array.fromHex(text);
}
