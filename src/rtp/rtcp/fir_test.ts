import assert from "node:assert/strict";
import { firEntryCount, firMediaSsrc, firSequenceNumber, writeFir } from "./fir.ts";
import { RtcpReader } from "./rtcp_reader.ts";

function entries(bytes: Uint8Array): number[][] {
  const reader = new RtcpReader();
  reader.reset(bytes, bytes.length);
  assert.equal(reader.next(), true);
  return Array.from(
    { length: firEntryCount(reader) },
    (_, i) => [firMediaSsrc(reader, i), firSequenceNumber(reader, i)],
  );
}

Deno.test({
  name: "a FIR names its stream in the entry, not in the header (RFC 5104 section 4.3.1)",
  permissions: "none",
  fn() {
    const out = new Uint8Array(20).fill(0xff);
    assert.equal(writeFir(out, 0, 0x80000001, 0x90000002, 255), 20);
    assert.deepEqual(
      [...out],
      [0x84, 206, 0, 4, 0x80, 0, 0, 1, 0, 0, 0, 0, 0x90, 0, 0, 2, 255, 0, 0, 0],
    );
    assert.deepEqual(entries(out), [[0x90000002, 255]]);
  },
});

Deno.test({
  name: "all entries of a FIR are read, a broken last one is not",
  permissions: "none",
  fn() {
    const header = [0, 0, 0, 1, 0, 0, 0, 0];
    const two = [0, 0, 0, 5, 1, 0, 0, 0, 0, 0, 0, 6, 2, 0, 0, 0];
    assert.deepEqual(entries(Uint8Array.of(0x84, 206, 0, 6, ...header, ...two)), [[5, 1], [6, 2]]);
    assert.deepEqual(entries(Uint8Array.of(0x84, 206, 0, 5, ...header, ...two.slice(0, 12))), [[5, 1]]);
    assert.deepEqual(entries(Uint8Array.of(0x84, 206, 0, 2, ...header)), []);
    assert.deepEqual(entries(Uint8Array.of(0x84, 206, 0, 1, ...header.slice(0, 4))), []);
    assert.deepEqual(entries(Uint8Array.of(0x81, 206, 0, 6, ...header, ...two)), []);
    assert.equal(writeFir(new Uint8Array(19), 0, 1, 2, 3), 0);
  },
});
