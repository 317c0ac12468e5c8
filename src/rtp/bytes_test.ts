import assert from "node:assert/strict";
import fc from "fast-check";
import { readUint16, readUint32, writeUint16, writeUint32 } from "./bytes.ts";

Deno.test({
  name: "integers are big-endian",
  permissions: "none",
  fn() {
    const bytes = Uint8Array.of(0xff, 0xfe, 0x80, 0x01, 0x00);
    assert.equal(readUint16(bytes, 1), 0xfe80);
    assert.equal(readUint32(bytes, 0), 0xfffe8001);
    writeUint16(bytes, 3, 0x1234);
    writeUint32(bytes, 0, 0x89abcdef);
    assert.deepEqual([...bytes], [0x89, 0xab, 0xcd, 0xef, 0x34]);
  },
});

Deno.test({
  name: "what is written is read back, and the bytes around it stay",
  permissions: "none",
  fn() {
    const value16 = fc.integer({ min: 0, max: 0xffff });
    const value32 = fc.integer({ min: 0, max: 0xffffffff });
    const property = fc.property(value16, value32, fc.nat(9), (short, long, offset) => {
      const bytes = new Uint8Array(20).fill(0xa5);
      writeUint16(bytes, offset + 1, short);
      writeUint32(bytes, offset + 3, long);
      assert.equal(readUint16(bytes, offset + 1), short);
      assert.equal(readUint32(bytes, offset + 3), long);
      assert.equal(bytes[offset], 0xa5);
      assert.equal(bytes[offset + 7], 0xa5);
    });
    fc.assert(property, { seed: 1, numRuns: 500 });
  },
});

Deno.test({
  name: "a number out of range is written by its low bits",
  permissions: "none",
  fn() {
    const bytes = new Uint8Array(4);
    writeUint32(bytes, 0, -2);
    assert.equal(readUint32(bytes, 0), 0xfffffffe);
    writeUint16(bytes, 0, 0x12345);
    assert.equal(readUint16(bytes, 0), 0x2345);
  },
});
