import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { fingerprintOf, matchesFingerprint } from "./fingerprint.ts";

const certificate = new Uint8Array([1, 2, 3, 4]);
const sha256 = fingerprintOf(certificate, "sha-256") ?? "";

Deno.test({
  name: "a fingerprint is upper-case hex in pairs with colons between",
  permissions: "none",
  fn() {
    assert.match(sha256, /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    assert.equal(sha256.replaceAll(":", "").toLowerCase(), createHash("sha256").update(certificate).digest("hex"));
    assert.equal(fingerprintOf(certificate, "md5"), undefined);
  },
});

Deno.test({
  name: "a certificate must fit every fingerprint of a sound algorithm, and there must be one",
  permissions: "none",
  fn() {
    const good = { algorithm: "sha-256", value: sha256 };
    const goodLong = { algorithm: "sha-512", value: fingerprintOf(certificate, "sha-512") ?? "" };
    const wrong = { algorithm: "sha-512", value: "00:11" };
    const unknown = { algorithm: "md5", value: "00:11" };
    assert.equal(matchesFingerprint(certificate, [good]), true);
    assert.equal(matchesFingerprint(certificate, [good, goodLong, unknown]), true);
    assert.equal(matchesFingerprint(certificate, [good, wrong]), false);
    assert.equal(matchesFingerprint(certificate, [unknown]), false);
    assert.equal(matchesFingerprint(certificate, []), false);
  },
});
