import assert from "node:assert/strict";
import { pliMediaSsrc, writePli } from "./pli.ts";
import { RtcpReader } from "./rtcp_reader.ts";

function mediaSsrc(bytes: Uint8Array): number {
  const reader = new RtcpReader();
  reader.reset(bytes, bytes.length);
  assert.equal(reader.next(), true);
  return pliMediaSsrc(reader);
}

Deno.test({
  name: "a PLI names sender and media source (RFC 4585 section 6.3.1)",
  permissions: "none",
  fn() {
    const out = new Uint8Array(12);
    assert.equal(writePli(out, 0, 0x80000001, 0x90000002), 12);
    assert.deepEqual([...out], [0x81, 206, 0, 2, 0x80, 0, 0, 1, 0x90, 0, 0, 2]);
    assert.equal(mediaSsrc(out), 0x90000002);
  },
});

Deno.test({
  name: "what is too short, of another format or of another type is no PLI; without room none is written",
  permissions: "none",
  fn() {
    assert.equal(mediaSsrc(Uint8Array.of(0x81, 206, 0, 1, 0, 0, 0, 1)), -1);
    assert.equal(mediaSsrc(Uint8Array.of(0x82, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2)), -1);
    assert.equal(mediaSsrc(Uint8Array.of(0x81, 205, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2)), -1);
    assert.equal(writePli(new Uint8Array(12), 1, 1, 2), 0);
  },
});
