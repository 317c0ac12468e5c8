import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import { WipeSpy } from "../../../tests/harness/wipe_spy.ts";
import { prf } from "./prf.ts";

const SECRET = Uint8Array.from({ length: 48 }, (_, index) => 200 - index);
const SEED = Buffer.from("key expansion and some randomness");

/** P_hash by node:crypto's HMAC. */
function reference(hash: "sha256" | "sha384", length: number): Buffer {
  const blocks: Buffer[] = [];
  let a = SEED;
  while (Buffer.concat(blocks).length < length) {
    a = createHmac(hash, SECRET).update(a).digest();
    blocks.push(createHmac(hash, SECRET).update(a).update(SEED).digest());
  }
  return Buffer.concat(blocks, length);
}

for (const hash of ["sha256", "sha384"] as const) {
  Deno.test({
    name: `P_${hash} is what node:crypto's HMAC makes of it, at any length`,
    permissions: "none",
    fn() {
      for (const length of [1, 12, 32, 40, 48, 72, 200]) {
        assert.deepEqual(prf(hash, SECRET, SEED, length), reference(hash, length));
      }
    },
  });
}

Deno.test({
  name: "B210: the PRF wipes what it makes in passing",
  permissions: "none",
  fn() {
    using spy = new WipeSpy();
    const result = prf("sha256", SECRET, SEED, 64);
    for (const block of [result.subarray(0, 32), result.subarray(32)]) assert.equal(spy.count(block), 1);
    const outerPad = Uint8Array.from({ length: 64 }, (_, index) => 0x5c ^ (SECRET[index] ?? 0));
    assert.equal(spy.count(outerPad), 4, "two rounds of two digests");
  },
});
