import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { ProtectedRecords } from "./protected_records.ts";
import { APPLICATION_DATA, readRecords } from "./record.ts";

/** A cipher that adds 24 bytes and never refuses. */
const OPEN_CIPHER = {
  encrypt: (data: Buffer) => Buffer.concat([Buffer.alloc(8), data, Buffer.alloc(16)]),
  decrypt: (data: Buffer) => data.subarray(8, -16),
  wipe() {},
};

Deno.test({
  name: "B27: sealed records count up from 0 in epoch 1",
  permissions: "none",
  fn() {
    const protection = new ProtectedRecords(OPEN_CIPHER);
    for (const expected of [0, 1, 2]) {
      const [record] = readRecords(protection.seal(APPLICATION_DATA, Buffer.of(9))) ?? [];
      assert.deepEqual([record.epoch, record.sequenceNumber, record.fragment.length], [1, expected, 25]);
    }
  },
});

Deno.test({
  name: "a record shorter than nonce and tag, or refused by the cipher, opens to nothing",
  permissions: "none",
  fn() {
    const record = { type: APPLICATION_DATA, version: 0xfefd, epoch: 1, sequenceNumber: 0, fragment: Buffer.alloc(24) };
    const refusing = {
      ...OPEN_CIPHER,
      decrypt: () => {
        throw new Error("wrong tag");
      },
    };
    assert.deepEqual(new ProtectedRecords(OPEN_CIPHER).open(record), Buffer.alloc(0));
    assert.equal(new ProtectedRecords(OPEN_CIPHER).open({ ...record, fragment: Buffer.alloc(23) }), undefined);
    assert.equal(new ProtectedRecords(refusing).open(record), undefined);
  },
});

for (const first of [0, 1, 63, 64, 2 ** 32 - 3, 2 ** 48 - 200]) {
  Deno.test({
    name: `B27: each number is taken once within the last 64, from ${first} on`,
    permissions: "none",
    fn() {
      const protection = new ProtectedRecords(OPEN_CIPHER);
      assert.equal(protection.accept(first), true);
      assert.equal(protection.accept(first), false);
      assert.equal(protection.accept(first + 63), true);
      assert.equal(protection.accept(first + 1), true);
      assert.equal(protection.accept(first + 1), false);
      assert.equal(protection.accept(first), false);
      assert.equal(protection.accept(first + 66), true);
      assert.equal(protection.accept(first + 2), false, "too old");
      assert.equal(protection.accept(first + 3), true);
      assert.equal(protection.accept(first + 63), false);
    },
  });
}
