import assert from "node:assert/strict";
import { RtcpReader } from "./rtcp_reader.ts";
import { writeSourceDescription } from "./sdes.ts";

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

Deno.test({
  name: "a CNAME chunk ends with a zero byte and fills the word (RFC 3550 section 6.5)",
  permissions: "none",
  fn() {
    const out = new Uint8Array(20).fill(0xff);
    assert.equal(writeSourceDescription(out, 0, 0x80000001, utf8("a")), 12);
    assert.deepEqual([...out.subarray(0, 13)], [0x81, 202, 0, 2, 0x80, 0, 0, 1, 1, 1, 0x61, 0, 0xff]);
  },
});

Deno.test({
  name: "a CNAME of every length is a whole packet with at least one zero byte behind the text",
  permissions: "none",
  fn() {
    const reader = new RtcpReader();
    for (let size = 0; size <= 255; size++) {
      const out = new Uint8Array(300).fill(0xff);
      const length = writeSourceDescription(out, 0, 1, utf8("x".repeat(size)));
      reader.reset(out, length);
      assert.equal(reader.next(), true);
      assert.equal(reader.length, length, `size ${size}`);
      assert.ok(length - (10 + size) >= 1 && length - (10 + size) <= 4, `size ${size}`);
      assert.ok(out.subarray(10 + size, length).every((byte) => byte === 0), `size ${size}`);
      assert.equal(out[length], 0xff);
    }
  },
});

Deno.test({
  name: "a CNAME over 255 bytes of UTF-8, or one that does not fit, is not written",
  permissions: "none",
  fn() {
    const out = new Uint8Array(600);
    assert.equal(writeSourceDescription(out, 0, 1, utf8("ä".repeat(128))), 0);
    assert.equal(writeSourceDescription(out.subarray(0, 11), 0, 1, utf8("a")), 0);
    assert.ok(out.every((byte) => byte === 0));
  },
});
