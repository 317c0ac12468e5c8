import assert from "node:assert/strict";
import { crc32 as zlibCrc32 } from "node:zlib";
import { crc32 } from "./crc32.ts";

Deno.test({
  name: "the CRC-32 of '123456789' is its published check value",
  permissions: "none",
  fn() {
    assert.equal(crc32(new TextEncoder().encode("123456789"), 9), 0xcbf43926);
  },
});

Deno.test({
  name: "the CRC-32 of every length from 0 to 299 is zlib's, and bytes behind the length do not count",
  permissions: "none",
  fn() {
    const bytes = Uint8Array.from({ length: 300 }, (_, i) => i * 7 + (i >> 3));
    for (let length = 0; length < bytes.length; length++) {
      assert.equal(crc32(bytes, length), zlibCrc32(bytes.subarray(0, length)));
    }
  },
});
