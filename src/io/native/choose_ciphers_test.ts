import assert from "node:assert/strict";
import { needsOf } from "../../../tests/harness/native_library.ts";
import type { SrtpCipher } from "../../webrtc/srtp/cipher.ts";
import { SRTP_PROFILE_PREFERENCE, type SrtpProfile } from "../../webrtc/srtp/profile.ts";
import { portableCiphers } from "../portable/cipher.ts";
import { BORINGSSL } from "./boringssl_cipher.ts";
import { chooseCiphers } from "./choose_ciphers.ts";
import type { CipherLibraryResult } from "./cipher_library.ts";
import { GNUTLS } from "./gnutls_cipher.ts";
import { OPENSSL } from "./openssl_cipher.ts";

const [GCM_128, GCM_256, CM] = SRTP_PROFILE_PREFERENCE;

/** How a cipher that is right is made wrong. */
type Fault = (cipher: SrtpCipher) => Partial<SrtpCipher>;

interface Stub {
  readonly open: () => CipherLibraryResult;
  opened: number;
  closed: number;
}

/** A library with the portable ciphers in it, made wrong by `fault`. */
function stub(name: string, profiles: readonly SrtpProfile[], fault: Fault = () => ({})): Stub {
  const ciphers = Object.fromEntries(profiles.map((profile) => [
    profile,
    (key: Uint8Array, authKey: Uint8Array) => faulty(portableCiphers.create(profile, key, authKey), fault),
  ]));
  const counts = { opened: 0, closed: 0 };
  return Object.assign(counts, {
    open: () => {
      counts.opened++;
      return { library: { name, path: `/lib/${name}.so`, ciphers, close: () => counts.closed++ } };
    },
  });
}

function faulty(cipher: SrtpCipher, fault: Fault): SrtpCipher {
  return {
    ivLength: cipher.ivLength,
    tagLength: cipher.tagLength,
    seal: (...packet) => cipher.seal(...packet),
    open: (...packet) => cipher.open(...packet),
    close: () => cipher.close(),
    ...fault(cipher),
  };
}

const FAULTS: Readonly<Record<string, Fault>> = {
  "it encrypts the known packet to something else": (cipher) => ({
    seal(...args) {
      cipher.seal(...args);
      args[1][15] ^= 4;
    },
  }),
  "it takes a changed byte 0": () => ({ open: () => true }),
  "it changes a packet that it refuses": (cipher) => ({
    open(...args) {
      const isRight = cipher.open(...args);
      if (!isRight) args[1].fill(0, 12);
      return isRight;
    },
  }),
  "it refuses the known packet": () => ({ open: () => false }),
  "it decrypts the known packet to something else": (cipher) => ({
    open(...args) {
      const isRight = cipher.open(...args);
      if (isRight) args[1][12] ^= 1;
      return isRight;
    },
  }),
  "it gives no context": () => {
    throw new Error("it gives no context");
  },
};

for (const [problem, fault] of Object.entries(FAULTS)) {
  Deno.test({
    name: `B145: a library is passed over where ${problem}`,
    permissions: "none",
    fn() {
      const broken = stub("Broken", SRTP_PROFILE_PREFERENCE, fault);
      const right = stub("Right", SRTP_PROFILE_PREFERENCE);
      const choice = chooseCiphers(portableCiphers, [broken.open, right.open]);
      assert.deepEqual([...choice.libraries.values()], ["Right", "Right", "Right"]);
      assert.ok(choice.reasons.includes(`Broken is passed over for ${CM}: ${problem}`), `${choice.reasons}`);
      assert.deepEqual([broken.closed, right.closed], [1, 0]);
      choice.close();
      assert.deepEqual([broken.closed, right.closed], [1, 1]);
    },
  });
}

Deno.test({
  name: "B145: each profile is taken from the first library that has it, in their order, and else from the fallback",
  permissions: "none",
  fn() {
    const first = stub("First", [GCM_256]);
    const second = stub("Second", [GCM_256, GCM_128]);
    const { libraries, ciphers } = chooseCiphers(portableCiphers, [first.open, second.open]);
    assert.deepEqual([...libraries], [[GCM_128, "Second"], [GCM_256, "First"], [CM, undefined]]);
    for (const profile of SRTP_PROFILE_PREFERENCE) {
      const cipher = ciphers.create(profile, new Uint8Array(profile === GCM_256 ? 32 : 16), new Uint8Array(20));
      assert.equal(cipher.ivLength, profile === CM ? 16 : 12);
      cipher.close();
    }
  },
});

Deno.test({
  name: "B145: a library is opened once, and only where the ones before it leave something to do",
  permissions: "none",
  fn() {
    const all = stub("All", SRTP_PROFILE_PREFERENCE);
    const spare = stub("Spare", SRTP_PROFILE_PREFERENCE);
    chooseCiphers(portableCiphers, [all.open, spare.open]);
    assert.deepEqual([all.opened, spare.opened], [1, 0]);
  },
});

Deno.test({
  name: "B146: what was taken, and why not what comes before it, is told in words and once",
  permissions: "none",
  fn() {
    const missing = (): CipherLibraryResult => ({ name: "Missing", reason: "it is not installed" });
    const { reasons } = chooseCiphers(portableCiphers, [missing, stub("Some", [GCM_128, GCM_256]).open]);
    assert.deepEqual(reasons, [
      "Missing is passed over: it is not installed",
      `${GCM_128} by Some, /lib/Some.so`,
      `${GCM_256} by Some, /lib/Some.so`,
      `Some is passed over for ${CM}: it has no such cipher`,
      `${CM} by the portable cipher`,
    ]);
  },
});

Deno.test({
  name: "B147: without FFI all ciphers are portable, and the reasons name what --allow-ffi lacks",
  permissions: "none",
  ignore: Deno.build.os !== "linux",
  fn() {
    const { libraries, reasons } = chooseCiphers(portableCiphers);
    assert.deepEqual([...libraries.values()], [undefined, undefined, undefined]);
    const lacking = reasons.filter((reason) => /may not be opened without --allow-ffi=\/usr\/lib\//.test(reason));
    assert.equal(lacking.length, 3, `${reasons}`);
  },
});

const needs = [GNUTLS, BORINGSSL, OPENSSL].map(needsOf);

Deno.test({
  name: `B145: this machine's libraries give the known answers: ${needs.map(({ title }) => title).join(", ")}`,
  permissions: { ffi: needs.flatMap(({ permissions, ignore }) => ignore ? [] : permissions.ffi) },
  ignore: needs.every(({ ignore }) => ignore),
  fn() {
    const choice = chooseCiphers(portableCiphers);
    const first = needs.find(({ ignore }) => !ignore);
    assert.equal(choice.libraries.get(GCM_128), first?.title);
    assert.equal(choice.libraries.get(GCM_256), first?.title);
    choice.close();
  },
});
