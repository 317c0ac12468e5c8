import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import fc from "fast-check";
import { hmacSha1 } from "./hmac_sha1.ts";

const SEED = 2104;
const NOTHING = new Uint8Array(0);
const ascii = (text: string) => new TextEncoder().encode(text);

Deno.test({
  name: "HMAC-SHA1 gives the digests of RFC 2202 section 3 with keys that are text",
  permissions: "none",
  fn() {
    const digest = (key: string, text: string) => hmacSha1(key, NOTHING, ascii(text), 0, text.length).toHex();
    assert.equal(digest("\x0b".repeat(20), "Hi There"), "b617318655057264e28bc0b6fb378c8ef146be00");
    assert.equal(digest("Jefe", "what do ya want for nothing?"), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    assert.equal(digest("\x0c".repeat(20), "Test With Truncation"), "4c1a03424b55e07fe7f27be1d58bb9324a9a5a04");
  },
});

Deno.test({
  name: `HMAC-SHA1 is that of node:crypto, whatever key, head, text and lengths; seed ${SEED}`,
  permissions: "none",
  fn() {
    const text = (maxLength: number) => fc.uint8Array({ maxLength });
    const key = fc.string({
      unit: fc.integer({ min: 0, max: 127 }).map((code) => String.fromCharCode(code)),
      maxLength: 300,
    });
    const property = fc.property(key, text(8), text(5000), fc.nat(70), fc.nat(70), (key, head, bytes, from, cut) => {
      const start = Math.min(from, bytes.length);
      const end = Math.max(start, bytes.length - cut);
      const expected = createHmac("sha1", key).update(head).update(bytes.subarray(start, end)).digest("hex");
      assert.equal(hmacSha1(key, head, bytes, start, end).toHex(), expected);
    });
    fc.assert(property, { seed: SEED, numRuns: 300 });
    for (let length = 0; length < 300; length++) {
      const bytes = new Uint8Array(length).fill(length);
      const expected = createHmac("sha1", "key").update(bytes).digest("hex");
      assert.equal(hmacSha1("key", NOTHING, bytes, 0, length).toHex(), expected, `${length} bytes`);
    }
  },
});
