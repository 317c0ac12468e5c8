import assert from "node:assert/strict";
import type { SrtpCipher, SrtpCipherFactory } from "../../src/webrtc/srtp/cipher.ts";
import { WipeSpy } from "./wipe_spy.ts";
import { SLOT_SIZE } from "../../src/webrtc/datagram.ts";
import { SRTP_PROFILE_PREFERENCE, SRTP_PROFILES, type SrtpProfile } from "../../src/webrtc/srtp/profile.ts";

const GCM_128: SrtpProfile = "SRTP_AEAD_AES_128_GCM";
const GCM_256: SrtpProfile = "SRTP_AEAD_AES_256_GCM";
const CM: SrtpProfile = "SRTP_AES128_CM_HMAC_SHA1_80";
const GCM_128_KEY = "000102030405060708090a0b0c0d0e0f";
const GCM_256_KEY = `${GCM_128_KEY}101112131415161718191a1b1c1d1e1f`;
const NO_KEY = new Uint8Array(0);
const MAX_PAYLOAD = 1460;
const HEADER = Uint8Array.fromHex("9060f17b8041f8d35501a0b2bede000110ff0000");
/** Bytes that a cipher must not touch, behind the tag. */
const GUARD = 0xa5;

/** Ciphers under test. */
export interface CipherBackend {
  readonly factory: SrtpCipherFactory;
  /** Called when all its ciphers are closed. */
  close?(): void;
}

export interface CipherContractOptions {
  /** Called once for each test. */
  readonly open: () => CipherBackend;
  readonly permissions: "none" | Deno.PermissionOptionsObject;
  /** Where what it needs is not there. */
  readonly ignore?: boolean;
  /** All where it is left out. */
  readonly profiles?: readonly SrtpProfile[];
}

/** Where the parts of one sealed packet lie. */
interface Sealed {
  readonly packet: Uint8Array;
  readonly iv: Uint8Array;
  readonly headerLength: number;
  readonly length: number;
  readonly trailer: Uint8Array | undefined;
  readonly tagOffset: number;
}

/**
 * What every SRTP cipher backend must do, as tests: known answers of the RFCs, round trips of all sizes, refusal of any
 * changed byte.
 */
export function cipherContract(
  name: string,
  { open, permissions, ignore = false, profiles = SRTP_PROFILE_PREFERENCE }: CipherContractOptions,
): void {
  const contract = (behaviour: string, check: (factory: SrtpCipherFactory) => void) =>
    Deno.test({
      name: `SRTP cipher ${name}: ${behaviour}`,
      permissions,
      ignore,
      fn: () => closingAll(open(), check),
    });

  for (const { profile, check, behaviour } of KNOWN_ANSWERS) {
    if (profiles.includes(profile)) contract(`${profile} gives ${behaviour}`, check);
  }
  for (const profile of profiles) {
    const behaves = (behaviour: string, check: (cipher: SrtpCipher) => void) =>
      contract(`${profile} ${behaviour}`, (factory) => check(createCipher(factory, profile)));
    behaves("has the lengths of its profile", (cipher) => hasProfileLengths(cipher, profile));
    behaves("opens what it seals, of 0 to 1460 bytes", roundTrips);
    behaves("seals in place as it does from elsewhere", sealsInPlace);
    behaves("seals in one slot again and again, in its turn, as anywhere", sealsInOneSlot);
    behaves("refuses any changed byte and leaves the packet as it was", refusesChanges);
    contract(`${profile} refuses a packet of another key`, (factory) => refusesOtherKey(factory, profile));
    contract(`${profile} keeps keys of its own`, (factory) => keepsOwnKeys(factory, profile));
    contract(`${profile} ciphers used in turn do not disturb each other`, (factory) => takesTurns(factory, profile));
    contract(`${profile} leaves no copy of its keys`, (factory) => leavesNoCopy(factory, profile));
    behaves("seals from a longer array than a slot, and from the end of one", sealsFromLongArrays);
    behaves("opens nothing once it is closed, and may be closed again", opensNothingClosed);
  }
}

const KNOWN_ANSWERS: readonly {
  readonly profile: SrtpProfile;
  readonly behaviour: string;
  readonly check: (factory: SrtpCipherFactory) => void;
}[] = [
  { profile: GCM_128, behaviour: "the SRTP packet of RFC 7714 section 16.1", check: knowsGcm128Rtp },
  { profile: GCM_256, behaviour: "the SRTP packet of RFC 7714 section 16.2", check: knowsGcm256Rtp },
  { profile: GCM_128, behaviour: "the SRTCP packets of RFC 7714 sections 17.1 and 17.3", check: knowsGcm128Rtcp },
  { profile: GCM_256, behaviour: "the SRTCP packets of RFC 7714 sections 17.2 and 17.4", check: knowsGcm256Rtcp },
  { profile: CM, behaviour: "the key stream of RFC 3711 appendix B.2", check: knowsCounterMode },
  { profile: CM, behaviour: "the digest of RFC 2202 section 3, cut to 80 bits", check: knowsHmac },
];

/** Runs `check` and closes the ciphers that it made. */
function closingAll(backend: CipherBackend, check: (factory: SrtpCipherFactory) => void): void {
  const ciphers: SrtpCipher[] = [];
  check({
    create(profile, key, authKey) {
      const cipher = backend.factory.create(profile, key, authKey);
      ciphers.push(cipher);
      return cipher;
    },
  });
  for (const cipher of ciphers) cipher.close();
  backend.close?.();
}

function createCipher(factory: SrtpCipherFactory, profile: SrtpProfile, seed = 1): SrtpCipher {
  const { keyLength, aead } = SRTP_PROFILES[profile];
  return factory.create(profile, pattern(keyLength, seed), aead ? NO_KEY : pattern(20, seed + 1));
}

function knowsGcm128Rtp(factory: SrtpCipherFactory): void {
  knowsGcmRtp(
    factory.create(GCM_128, hex(GCM_128_KEY), NO_KEY),
    "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b 36de3adf" +
      "8833899d 7f27beb1 6a9152cf 765ee439 0cce",
  );
}

function knowsGcm256Rtp(factory: SrtpCipherFactory): void {
  knowsGcmRtp(
    factory.create(GCM_256, hex(GCM_256_KEY), NO_KEY),
    "8040f17b 8041f8d3 5501a0b2 32b1de78 a822fe12 ef9f78fa 332e33aa b1801238 9a58e2f3 b50b2a02 76ffae0f 1ba63799" +
      "b87b7aa3 db36dfff d6b0f9bb 7878d7a7 6c13",
  );
}

function knowsGcmRtp(cipher: SrtpCipher, answer: string): void {
  const iv = hex("51753c6580c2726f20718414");
  const plain = hex(
    "8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070 61727465 73207472 6573",
  );
  const sealed = hex(answer);
  const packet = new Uint8Array(sealed.length);
  packet.set(plain);
  cipher.seal(iv, packet, 12, packet, 12, plain.length - 12, undefined, plain.length);
  assert.deepEqual(packet, sealed);
  assert.ok(cipher.open(iv, packet, 12, plain.length - 12, undefined, plain.length));
  assert.deepEqual(packet.slice(0, plain.length), plain);
}

function knowsGcm128Rtcp(factory: SrtpCipherFactory): void {
  knowsGcmRtcp(
    factory.create(GCM_128, hex(GCM_128_KEY), NO_KEY),
    "81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda 4ce09b46 86303ded" +
      "0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade",
    "841dd968 3dd78ec9 2ae58790 125f62b3",
  );
}

function knowsGcm256Rtcp(factory: SrtpCipherFactory): void {
  knowsGcmRtcp(
    factory.create(GCM_256, hex(GCM_256_KEY), NO_KEY),
    "81c8000d 4d617273 d50ae4d1 f5ce5d30 4ba297e4 7d470c28 2c3ece5d bffe0a50 a2eaa5c1 110555be 8415f658 c61de047" +
      "6f1b6fad 1d1eb30c 4446839f 57ff6f6c b26ac3be",
    "91db4afb feee5a97 8fab4393 ed2615fe",
  );
}

/** One packet that is encrypted, and the same one authenticated only. */
function knowsGcmRtcp(cipher: SrtpCipher, encryptedAnswer: string, tagAnswer: string): void {
  const iv = hex("517524055203726f207170bb");
  const plain = hex(
    "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef deadbeef deadbeef deadbeef",
  );
  const encrypted = hex(encryptedAnswer);
  const packet = new Uint8Array(encrypted.length);
  packet.set(plain);
  cipher.seal(iv, packet, 8, packet, 8, plain.length - 8, hex("800005d4"), plain.length);
  assert.deepEqual(packet, encrypted);
  assert.ok(cipher.open(iv, packet, 8, plain.length - 8, hex("800005d4"), plain.length));
  assert.deepEqual(packet.slice(0, plain.length), plain);

  const tagOnly = hex(tagAnswer);
  cipher.seal(iv, packet, plain.length, plain, plain.length, 0, hex("000005d4"), plain.length);
  assert.deepEqual(packet.slice(plain.length), tagOnly);
  assert.ok(cipher.open(iv, packet, plain.length, 0, hex("000005d4"), plain.length));
  assert.deepEqual(packet.slice(0, plain.length), plain);
}

function knowsCounterMode(factory: SrtpCipherFactory): void {
  const cipher = factory.create(CM, hex("2b7e151628aed2a6abf7158809cf4f3c"), pattern(20, 5));
  const keyStream = hex(
    "e03ead0935c95e80e166b16dd92b4eb4 d23513162b02d0f72a43a2fe4a5f97ab 41e95b3bb0a2e8dd477901e4fca894c0",
  );
  const packet = new Uint8Array(12 + keyStream.length + cipher.tagLength);
  const iv = hex("f0f1f2f3f4f5f6f7f8f9fafbfcfd0000");
  cipher.seal(iv, packet, 12, packet, 12, keyStream.length, new Uint8Array(4), 12 + keyStream.length);
  assert.deepEqual(packet.slice(12, 12 + keyStream.length), keyStream);
}

function knowsHmac(factory: SrtpCipherFactory): void {
  const cipher = factory.create(CM, pattern(16, 1), new Uint8Array(20).fill(0xaa));
  const packet = new Uint8Array(46 + 10).fill(0xdd);
  cipher.seal(new Uint8Array(16), packet, 46, packet, 46, 0, new Uint8Array(4).fill(0xdd), 46);
  assert.deepEqual(packet.slice(46), hex("125d7342b9ac11cd91a3"));
}

function hasProfileLengths(cipher: SrtpCipher, profile: SrtpProfile): void {
  assert.equal(cipher.tagLength, SRTP_PROFILES[profile].tagLength);
  assert.equal(cipher.ivLength, SRTP_PROFILES[profile].aead ? 12 : 16);
}

function roundTrips(cipher: SrtpCipher): void {
  for (let length = 0; length <= MAX_PAYLOAD; length++) {
    for (const trailer of trailers(cipher)) {
      const sealed = seal(cipher, length, trailer);
      assert.ok(open(cipher, sealed, sealed.packet), `${length} bytes`);
      assert.deepEqual(part(sealed.packet, 0, HEADER.length), HEADER);
      assert.deepEqual(part(sealed.packet, HEADER.length, length), pattern(length, length), `${length} bytes`);
    }
  }
}

function sealsInPlace(cipher: SrtpCipher): void {
  for (let length = 0; length <= MAX_PAYLOAD; length += 73) {
    for (const trailer of trailers(cipher)) {
      const { packet, iv, tagOffset } = seal(cipher, length, trailer);
      const inPlace = new Uint8Array(packet.length).fill(GUARD);
      inPlace.set(HEADER);
      inPlace.set(pattern(length, length), HEADER.length);
      cipher.seal(iv, inPlace, HEADER.length, inPlace, HEADER.length, length, trailer, tagOffset);
      assert.deepEqual(inPlace, packet);
      assert.ok(packet.subarray(tagOffset + cipher.tagLength).every((byte) => byte === GUARD));
    }
  }
}

/** A backend may find out that the slot is the same one each time. */
function sealsInOneSlot(cipher: SrtpCipher): void {
  const [slot, another] = [new Uint8Array(SLOT_SIZE), new Uint8Array(SLOT_SIZE)];
  for (const trailer of trailers(cipher)) {
    const sealed = Array.from({ length: 600 }, (_, count) => seal(cipher, (count * 37) % MAX_PAYLOAD, trailer));
    for (const [count, expected] of sealed.entries()) {
      // From 300 on slots change, and change back.
      const packet = count < 300 || count % 100 < 80 ? slot : another;
      const { length } = expected;
      const end = expected.tagOffset + cipher.tagLength;
      packet.fill(GUARD).set(HEADER);
      const source = pattern(length, length);
      cipher.seal(expected.iv, packet, HEADER.length, source, 0, length, trailer, expected.tagOffset);
      assert.deepEqual(packet.subarray(0, end), expected.packet.subarray(0, end), `the ${count}th packet`);
      assert.ok(packet.subarray(end).every((byte) => byte === GUARD));
    }
  }
}

function refusesChanges(cipher: SrtpCipher): void {
  for (const length of [0, 1, 100]) {
    for (const trailer of trailers(cipher)) {
      const sealed = seal(cipher, length, trailer);
      const end = sealed.tagOffset + cipher.tagLength;
      for (let at = 0; at < end; at++) {
        if (at >= HEADER.length + length && at < sealed.tagOffset) continue;
        const forged = sealed.packet.slice();
        forged[at] ^= 1 << (at % 8);
        const before = forged.slice();
        assert.equal(open(cipher, sealed, forged), false, `byte ${at}`);
        assert.deepEqual(forged, before, `byte ${at}`);
      }
      refusesOtherTrailer(cipher, sealed);
      assert.ok(open(cipher, sealed, sealed.packet), "the true packet passes afterwards");
    }
  }
}

function refusesOtherTrailer(cipher: SrtpCipher, sealed: Sealed): void {
  if (sealed.trailer === undefined) return;
  for (let at = 0; at < sealed.trailer.length; at++) {
    const trailer = sealed.trailer.slice();
    trailer[at] ^= 0x80;
    const before = sealed.packet.slice();
    assert.equal(open(cipher, { ...sealed, trailer }, sealed.packet), false);
    assert.deepEqual(sealed.packet, before);
  }
}

function refusesOtherKey(factory: SrtpCipherFactory, profile: SrtpProfile): void {
  const sealed = seal(createCipher(factory, profile, 1), 50, new Uint8Array(4));
  assert.equal(open(createCipher(factory, profile, 2), sealed, sealed.packet), false);
}

function keepsOwnKeys(factory: SrtpCipherFactory, profile: SrtpProfile): void {
  const key = pattern(SRTP_PROFILES[profile].keyLength, 1);
  const authKey = SRTP_PROFILES[profile].aead ? NO_KEY : pattern(20, 2);
  const cipher = factory.create(profile, key, authKey);
  key.fill(0);
  authKey.fill(0);
  const sealed = seal(createCipher(factory, profile), 50, new Uint8Array(4));
  assert.ok(open(cipher, sealed, sealed.packet));
}

function takesTurns(factory: SrtpCipherFactory, profile: SrtpProfile): void {
  const ciphers = [1, 2, 3].map((seed) => createCipher(factory, profile, seed));
  const [trailer] = trailers(ciphers[0]);
  const sealed = [900, 40, 1300, 0, 1, 77].map((length, at) => seal(ciphers[at % 3], length, trailer));
  for (const at of [5, 0, 3, 1, 4, 2]) {
    const { packet, length } = sealed[at];
    assert.equal(open(ciphers[(at + 1) % 3], sealed[at], packet), false);
    assert.ok(open(ciphers[at % 3], sealed[at], packet));
    assert.deepEqual(part(packet, HEADER.length, length), pattern(length, length));
  }
}

function sealsFromLongArrays(cipher: SrtpCipher): void {
  for (const trailer of trailers(cipher)) {
    const { packet, iv, tagOffset } = seal(cipher, 500, trailer);
    for (const arrayLength of [510, 2048, 2049, 70_000]) {
      const source = new Uint8Array(arrayLength);
      const offset = arrayLength - 500;
      source.set(pattern(500, 500), offset);
      const again = new Uint8Array(packet.length).fill(GUARD);
      again.set(HEADER);
      cipher.seal(iv, again, HEADER.length, source, offset, 500, trailer, tagOffset);
      assert.deepEqual(again, packet, `an array of ${arrayLength} bytes`);
    }
  }
}

/** What is the library's it wipes itself. */
function leavesNoCopy(factory: SrtpCipherFactory, profile: SrtpProfile): void {
  using spy = new WipeSpy();
  const { keyLength, aead } = SRTP_PROFILES[profile];
  const key = pattern(keyLength, 41);
  const authKey = aead ? NO_KEY : pattern(20, 97);
  factory.create(profile, key, authKey).close();
  assert.ok(spy.count(key) > 0, "a copy of the key stays");
  if (!aead) assert.ok(spy.count(authKey) > 0, "a copy of the HMAC's key stays");
}

function opensNothingClosed(cipher: SrtpCipher): void {
  const [trailer] = trailers(cipher);
  const sealed = seal(cipher, 100, trailer);
  const before = sealed.packet.slice();
  cipher.close();
  cipher.close();
  assert.equal(open(cipher, sealed, sealed.packet), false);
  assert.deepEqual(sealed.packet, before);
}

/** AEAD SRTP has no trailer; all else has four bytes. */
function trailers(cipher: SrtpCipher): (Uint8Array | undefined)[] {
  return cipher.ivLength === 12 ? [undefined, pattern(4, 9)] : [pattern(4, 9)];
}

/** Seals `length` bytes from another buffer. As in SRTCP, a trailer's room is kept between ciphertext and tag. */
function seal(cipher: SrtpCipher, length: number, trailer: Uint8Array | undefined): Sealed {
  const tagOffset = HEADER.length + length + (trailer?.length ?? 0);
  const packet = new Uint8Array(tagOffset + cipher.tagLength + 8).fill(GUARD);
  packet.set(HEADER);
  const source = new Uint8Array(length + 10);
  source.set(pattern(length, length), 7);
  const iv = pattern(cipher.ivLength, length);
  cipher.seal(iv, packet, HEADER.length, source, 7, length, trailer, tagOffset);
  return { packet, iv, headerLength: HEADER.length, length, trailer, tagOffset };
}

function open(cipher: SrtpCipher, sealed: Sealed, packet: Uint8Array): boolean {
  return cipher.open(sealed.iv, packet, sealed.headerLength, sealed.length, sealed.trailer, sealed.tagOffset);
}

function part(bytes: Uint8Array, offset: number, length: number): Uint8Array {
  return bytes.slice(offset, offset + length);
}

function pattern(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => at * 31 + seed * 7);
}

function hex(text: string): Uint8Array {
  return Uint8Array.fromHex(text.replaceAll(" ", ""));
}
