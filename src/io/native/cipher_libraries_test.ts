import assert from "node:assert/strict";
import { cipherContract } from "../../../tests/harness/cipher_contract.ts";
import { needsOf } from "../../../tests/harness/native_library.ts";
import { randomSeed } from "../../../tests/harness/random_seed.ts";
import { seededRandom } from "../../../tests/harness/seeded_random.ts";
import { SLOT_SIZE } from "../../webrtc/datagram.ts";
import type { SrtpCipher } from "../../webrtc/srtp/cipher.ts";
import { SRTP_PROFILE_PREFERENCE, SRTP_PROFILES, type SrtpProfile } from "../../webrtc/srtp/profile.ts";
import { portableCiphers } from "../portable/cipher.ts";
import { BORINGSSL, openBoringSsl } from "./boringssl_cipher.ts";
import type { CipherLibrary, CipherLibraryResult } from "./cipher_library.ts";
import { GNUTLS, openGnuTls } from "./gnutls_cipher.ts";
import { openOpenSsl, OPENSSL } from "./openssl_cipher.ts";

const AEAD_ONLY = SRTP_PROFILE_PREFERENCE.filter((profile) => SRTP_PROFILES[profile].aead);
const FUZZ_PACKETS = 400;
const PACKETS_A_ROUND = 3000;
const MAX_LENGTH = 1500;
const MAX_HEADER = 80;

function opened(open: () => CipherLibraryResult): CipherLibrary {
  const result = open();
  assert.ok("library" in result);
  return result.library;
}

function create(library: CipherLibrary, profile: SrtpProfile, seed: number): SrtpCipher {
  const make = library.ciphers[profile];
  assert.ok(make, `${library.name} has ${profile}`);
  return make(...keysOf(profile, seed));
}

function keysOf(profile: SrtpProfile, seed: number): [Uint8Array, Uint8Array] {
  const { keyLength, aead } = SRTP_PROFILES[profile];
  return [bytes(keyLength, seed), bytes(aead ? 0 : 20, seed + 1)];
}

function bytes(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => at * 29 + seed * 13);
}

/** A packet as SRTP and SRTCP lay it out, with lengths of all kinds. */
function randomPacket(random: ReturnType<typeof seededRandom>, { ivLength, tagLength }: SrtpCipher) {
  const headerLength = 12 + random.uint32() % (MAX_HEADER - 11);
  const length = random.uint32() % (MAX_LENGTH + 1);
  const sourceOffset = random.uint32() % (SLOT_SIZE - length);
  const trailer = ivLength === 16 || random.uint32() % 4 === 0 ? bytes(4, random.uint32() & 0xff) : undefined;
  const gap = trailer === undefined || random.uint32() % 2 === 0 ? 0 : 4;
  const tagOffset = headerLength + length + gap;
  const packet = bytes(tagOffset + tagLength + random.uint32() % 40, random.uint32() & 0xff);
  const source = random.uint32() % 3 === 0 ? packet : bytes(SLOT_SIZE, random.uint32() & 0xff);
  const offset = source === packet ? headerLength : sourceOffset;
  return {
    iv: bytes(ivLength, random.uint32() & 0xff),
    packet,
    headerLength,
    source,
    offset,
    length,
    trailer,
    tagOffset,
  };
}

/** The sealed packet; the one that was given stays as it is. */
function seal(cipher: SrtpCipher, given: ReturnType<typeof randomPacket>): Uint8Array {
  const { iv, headerLength, offset, length, trailer, tagOffset } = given;
  const packet = given.packet.slice();
  const source = given.source === given.packet ? packet : given.source;
  cipher.seal(iv, packet, headerLength, source, offset, length, trailer, tagOffset);
  return packet;
}

function checkAgainstPortable(native: SrtpCipher, portable: SrtpCipher, seed: number): void {
  const random = seededRandom(seed);
  for (let count = 0; count < FUZZ_PACKETS; count++) {
    const given = randomPacket(random, native);
    const { iv, headerLength, offset, source, length, trailer, tagOffset } = given;
    const message = `seed ${seed}, packet ${count}: header ${headerLength}, payload ${length}`;
    const sealed = seal(native, given);
    assert.deepEqual(sealed, seal(portable, given), message);

    const forged = sealed.slice();
    const at = random.uint32() % (headerLength + length);
    forged[at] ^= 1 + random.uint32() % 255;
    const before = forged.slice();
    assert.equal(native.open(iv, forged, headerLength, length, trailer, tagOffset), false, message);
    assert.deepEqual(forged, before, message);

    const byPortable = sealed.slice();
    assert.ok(portable.open(iv, byPortable, headerLength, length, trailer, tagOffset), message);
    assert.ok(native.open(iv, sealed, headerLength, length, trailer, tagOffset), message);
    assert.deepEqual(sealed, byPortable, message);
    assert.deepEqual(sealed.slice(headerLength, headerLength + length), source.slice(offset, offset + length), message);
  }
}

/** Nothing of the plaintext is in a packet that could not be sealed. */
function sealsToZeros(cipher: SrtpCipher, headerLength: number, length: number): void {
  const tagOffset = headerLength + length;
  const packet = bytes(tagOffset + cipher.tagLength, 1);
  const trailer = cipher.ivLength === 16 ? new Uint8Array(4) : undefined;
  const iv = new Uint8Array(cipher.ivLength);
  cipher.seal(iv, packet, headerLength, packet, headerLength, length, trailer, tagOffset);
  assert.deepEqual(packet.slice(headerLength), new Uint8Array(length + cipher.tagLength));
  assert.equal(cipher.open(iv, packet, headerLength, length, trailer, tagOffset), false);
}

/** Bytes by which the heap grows with many packets sealed and opened. */
function heapGrowth(cipher: SrtpCipher, packets: readonly Uint8Array[]): number {
  const iv = new Uint8Array(cipher.ivLength);
  const trailer = cipher.ivLength === 16 ? new Uint8Array(4) : undefined;
  const source = new Uint8Array(SLOT_SIZE);
  const before = Deno.memoryUsage().heapUsed;
  for (let count = 0; count < PACKETS_A_ROUND; count++) {
    const length = 1000 + count % 64;
    const packet = packets[count % packets.length];
    cipher.seal(iv, packet, 20, source, 24, length, trailer, 20 + length);
    cipher.open(iv, packet, 20, length, trailer, 20 + length);
  }
  return Deno.memoryUsage().heapUsed - before;
}

for (
  const { shared, open, profiles } of [
    { shared: BORINGSSL, open: openBoringSsl, profiles: SRTP_PROFILE_PREFERENCE },
    { shared: GNUTLS, open: openGnuTls, profiles: AEAD_ONLY },
    { shared: OPENSSL, open: openOpenSsl, profiles: SRTP_PROFILE_PREFERENCE },
  ]
) {
  const { title, permissions, ignore } = needsOf(shared);

  cipherContract(title, {
    open() {
      const library = opened(open);
      return {
        factory: { create: (profile, ...keys) => library.ciphers[profile]?.(...keys) ?? assert.fail(profile) },
        close: () => library.close(),
      };
    },
    permissions,
    ignore,
    profiles,
  });

  Deno.test({
    name: `SRTP cipher ${title}: has the profiles ${profiles.join(", ")}`,
    permissions,
    ignore,
    fn() {
      const library = opened(open);
      assert.deepEqual(Object.keys(library.ciphers), profiles);
      assert.equal(library.path, permissions.ffi[0]);
      library.close();
    },
  });

  for (const profile of profiles) {
    Deno.test({
      name: `B140: ${title} and node:crypto make and take the same ${profile} packets, whatever their lengths`,
      permissions,
      ignore,
      fn() {
        const library = opened(open);
        const native = create(library, profile, 7);
        checkAgainstPortable(native, portableCiphers.create(profile, ...keysOf(profile, 7)), randomSeed());
        native.close();
        library.close();
      },
    });

    Deno.test({
      name: `B141: ${title} sends zeros, and nothing in the clear, for what it cannot seal with ${profile}`,
      permissions,
      ignore,
      fn() {
        const library = opened(open);
        const cipher = create(library, profile, 1);
        sealsToZeros(cipher, 12, SLOT_SIZE);
        sealsToZeros(cipher, SLOT_SIZE, 100);
        cipher.close();
        sealsToZeros(cipher, 12, 100);
        library.close();
      },
    });

    Deno.test({
      name: `B143: ${title} seals and opens ${profile} packets without an allocation`,
      permissions,
      ignore,
      fn() {
        const library = opened(open);
        const cipher = create(library, profile, 1);
        const slots = Array.from({ length: 3 }, () => new Uint8Array(SLOT_SIZE));
        for (const packets of [slots.slice(0, 1), slots]) {
          const growth = Array.from({ length: 20 }, () => heapGrowth(cipher, packets));
          // A round in which the collector or the compiler was at work says nothing.
          assert.ok(growth.filter((bytes) => bytes >= 0 && bytes < PACKETS_A_ROUND).length >= 5, `${growth}`);
        }
        cipher.close();
        library.close();
      },
    });

    Deno.test({
      name: `B142: ${title} gives back the memory of closed ${profile} contexts`,
      permissions,
      ignore,
      fn() {
        const library = opened(open);
        const churn = (contexts: number) => {
          for (let seed = 0; seed < contexts; seed++) create(library, profile, seed).close();
        };
        churn(20_000);
        const before = Deno.memoryUsage().rss;
        churn(80_000);
        // A context is 600 bytes at least, so these would be 48 MB.
        assert.ok(Deno.memoryUsage().rss - before < 30_000_000);
        library.close();
      },
    });
  }
}

const boringSsl = needsOf(BORINGSSL);
const WORKER = new URL("../../../tests/harness/cipher_worker.ts", import.meta.url);

Deno.test({
  name: `B144: a worker that has used ${boringSsl.title} ends without the process`,
  permissions: { ...boringSsl.permissions, read: [new URL("../../", import.meta.url), new URL("./", WORKER)] },
  ignore: boringSsl.ignore,
  async fn() {
    for (let round = 0; round < 2; round++) {
      const worker = new Worker(WORKER, { type: "module" });
      const answer = await new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = (event) => reject(new Error(event.message));
      });
      worker.terminate();
      assert.equal(answer, false);
    }
  },
});
