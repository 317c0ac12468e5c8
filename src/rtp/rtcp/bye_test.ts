import assert from "node:assert/strict";
import { byeSource, byeSourceCount, writeBye } from "./bye.ts";
import { RtcpReader } from "./rtcp_reader.ts";

function sources(bytes: Uint8Array, length: number): number[] {
  const reader = new RtcpReader();
  reader.reset(bytes, length);
  assert.equal(reader.next(), true);
  return Array.from({ length: byeSourceCount(reader) }, (_, i) => byeSource(reader, i));
}

Deno.test({
  name: "a BYE names 1 to 31 sources",
  permissions: "none",
  fn() {
    const out = new Uint8Array(200);
    for (let count = 1; count <= 31; count++) {
      const ssrcs = Array.from({ length: count }, (_, i) => 0xffffffff - i);
      assert.deepEqual(sources(out, writeBye(out, 0, ssrcs, 0, count)), ssrcs);
    }
    assert.deepEqual(sources(out, writeBye(out, 0, [1, 2, 3, 4], 1, 2)), [2, 3], "some of them");
    assert.equal(writeBye(out, 0, [], 0, 0), 0);
    assert.equal(writeBye(out, 0, new Array(32).fill(1), 0, 32), 0);
    assert.equal(writeBye(out.subarray(0, 7), 0, [1], 0, 1), 0);
  },
});

Deno.test({
  name: "a BYE with a reason, without sources, or with a false count is read as far as it goes",
  permissions: "none",
  fn() {
    assert.deepEqual(sources(Uint8Array.of(0x81, 203, 0, 2, 0, 0, 0, 9, 2, 0x6f, 0x6b, 0), 12), [9]);
    assert.deepEqual(sources(Uint8Array.of(0x80, 203, 0, 0), 4), []);
    assert.deepEqual(sources(Uint8Array.of(0x9f, 203, 0, 1, 0, 0, 0, 9), 8), [9]);
    assert.deepEqual(sources(Uint8Array.of(0x9f, 203, 0, 0), 4), []);
    assert.deepEqual(sources(Uint8Array.of(0x81, 202, 0, 1, 0, 0, 0, 9), 8), []);
  },
});
