import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { HANDSHAKE, packRecords, readRecords, writeRecord } from "./record.ts";

Deno.test({
  name: "records that are written one after the other are read back",
  permissions: "none",
  fn() {
    const records = readRecords(Buffer.concat([
      writeRecord(HANDSHAKE, 0, 2 ** 48 - 1, Buffer.of(1, 2, 3)),
      writeRecord(HANDSHAKE, 1, 7, Buffer.alloc(0)),
    ]));
    assert.deepEqual(records, [
      { type: HANDSHAKE, version: 0xfefd, epoch: 0, sequenceNumber: 2 ** 48 - 1, fragment: Buffer.of(1, 2, 3) },
      { type: HANDSHAKE, version: 0xfefd, epoch: 1, sequenceNumber: 7, fragment: Buffer.alloc(0) },
    ]);
  },
});

Deno.test({
  name: "a datagram is read whole or not at all",
  permissions: "none",
  fn() {
    const record = writeRecord(HANDSHAKE, 0, 1, Buffer.of(1, 2, 3));
    assert.equal(readRecords(Buffer.alloc(0)), undefined);
    for (let length = 1; length < record.length; length++) {
      assert.equal(readRecords(record.subarray(0, length)), undefined);
      assert.equal(readRecords(Buffer.concat([record, record.subarray(0, length)])), undefined);
    }
  },
});

Deno.test({
  name: "other content types than 20 to 23 and other versions than DTLS 1.0 and 1.2 are not records",
  permissions: "none",
  fn() {
    for (const [offset, value] of [[0, 19], [0, 24], [1, 3], [2, 0xfe], [2, 0xfc]]) {
      const record = writeRecord(HANDSHAKE, 0, 1, Buffer.of(1));
      record[offset] = value;
      assert.equal(readRecords(record), undefined, `byte ${offset} is ${value}`);
    }
    const old = writeRecord(HANDSHAKE, 0, 1, Buffer.of(1));
    old[2] = 0xff;
    assert.equal(readRecords(old)?.[0].version, 0xfeff);
  },
});

Deno.test({
  name: "records share datagrams up to the limit, and one beyond it goes alone",
  permissions: "none",
  fn() {
    const records = [40, 60, 1, 200, 50, 50].map((length) => Buffer.alloc(length));
    assert.deepEqual(packRecords(records, 100).map((datagram) => datagram.length), [100, 1, 200, 100]);
    assert.deepEqual(packRecords([], 100), []);
  },
});
