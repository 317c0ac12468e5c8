import assert from "node:assert/strict";
import { rembBitsPerSecond } from "./remb.ts";
import { RtcpReader } from "./rtcp_reader.ts";

const SOURCES = [0, 0, 0, 9, 0, 0, 0, 0];
const REMB = [0x52, 0x45, 0x4d, 0x42];

function read(bytes: readonly number[]): number {
  const reader = new RtcpReader();
  reader.reset(Uint8Array.from(bytes), bytes.length);
  assert.equal(reader.next(), true);
  return rembBitsPerSecond(reader);
}

Deno.test({
  name: "a REMB tells bits per second as a mantissa of 18 bits and an exponent of 6",
  permissions: "none",
  fn() {
    const ssrc = [0, 0, 0, 7];
    assert.equal(read([0x8f, 206, 0, 5, ...SOURCES, ...REMB, 1, 0, 0x03, 0xe8, ...ssrc]), 1000);
    assert.equal(read([0x8f, 206, 0, 5, ...SOURCES, ...REMB, 1, (3 << 2) | 3, 0xff, 0xff, ...ssrc]), 0x3ffff * 8);
    assert.equal(read([0x8f, 206, 0, 5, ...SOURCES, ...REMB, 1, 0xff, 0xff, 0xff, ...ssrc]), 0x3ffff * 2 ** 63);
    assert.equal(read([0x8f, 206, 0, 4, ...SOURCES, ...REMB, 0, 0, 0, 0]), 0);
  },
});

Deno.test({
  name: "what is cut short, claims 255 SSRCs in 20 bytes, or is of another format or name is no REMB",
  permissions: "none",
  fn() {
    assert.equal(read([0x8f, 206, 0, 4, ...SOURCES, ...REMB, 255, 0, 0x03, 0xe8]), -1);
    assert.equal(read([0x8f, 206, 0, 3, ...SOURCES, ...REMB]), -1);
    assert.equal(read([0x8f, 206, 0, 4, ...SOURCES, 0x52, 0x45, 0x4d, 0x43, 0, 0, 0, 0]), -1);
    assert.equal(read([0x81, 206, 0, 4, ...SOURCES, ...REMB, 0, 0, 0, 0]), -1);
    assert.equal(read([0x8f, 205, 0, 4, ...SOURCES, ...REMB, 0, 0, 0, 0]), -1);
  },
});
