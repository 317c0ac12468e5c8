import assert from "node:assert/strict";
import { fixedKeys } from "../../../tests/harness/keyed_dtls.ts";
import type { SrtpCipher, SrtpCipherFactory } from "./cipher.ts";
import { CryptographicContext } from "./cryptographic_context.ts";
import { SRTP_PROFILES, type SrtpProfile } from "./profile.ts";

/** Ciphers that do nothing; keys as they were given, and after the context wiped its own. */
function recordingFactory() {
  const given: { readonly copy: Uint8Array; readonly original: Uint8Array }[] = [];
  let closed = 0;
  const factory: SrtpCipherFactory = {
    create(profile, key): SrtpCipher {
      given.push({ copy: key.slice(), original: key });
      const { aead, tagLength } = SRTP_PROFILES[profile];
      return { ivLength: aead ? 12 : 16, tagLength, seal: () => {}, open: () => true, close: () => closed++ };
    },
  };
  return { factory, given, closedCount: () => closed };
}

function contextOf(profile: SrtpProfile, factory: SrtpCipherFactory): CryptographicContext {
  return new CryptographicContext(profile, fixedKeys(profile).local, factory);
}

Deno.test({
  name: "with AEAD the tag of SRTCP stands before the index, and SRTP has no trailer (RFC 7714 section 9)",
  permissions: "none",
  fn() {
    const context = contextOf("SRTP_AEAD_AES_128_GCM", recordingFactory().factory);
    assert.equal(context.rtpTrailer(0x12345), undefined);
    assert.equal(context.rtcpTagOffset(100), 100);
    assert.equal(context.rtcpIndexWordOffset(100), 116);
  },
});

Deno.test({
  name: "with HMAC the tag covers the roll-over counter, and stands behind the index (RFC 3711 section 3.4)",
  permissions: "none",
  fn() {
    const context = contextOf("SRTP_AES128_CM_HMAC_SHA1_80", recordingFactory().factory);
    assert.deepEqual([...(context.rtpTrailer(0x1_2345 + 0x70000) ?? [])], [0, 0, 0, 8]);
    assert.equal(context.rtcpTagOffset(100), 104);
    assert.equal(context.rtcpIndexWordOffset(100), 100);
    assert.deepEqual([...context.rtcpTrailer(0x80000007)], [0x80, 0, 0, 7]);
  },
});

Deno.test({
  name: "SRTP and SRTCP have keys of their own, which are wiped here, and both ciphers are closed",
  permissions: "none",
  fn() {
    const { factory, given, closedCount } = recordingFactory();
    const context = contextOf("SRTP_AEAD_AES_128_GCM", factory);
    assert.equal(given.length, 2);
    assert.notDeepEqual(given[0].copy, given[1].copy);
    assert.ok(given.every(({ original }) => original.every((byte) => byte === 0)));
    context.close();
    assert.equal(closedCount(), 2);
  },
});
