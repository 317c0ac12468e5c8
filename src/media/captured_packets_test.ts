import assert from "node:assert/strict";
import { type CapturedBatch, CaptureWriter, readCaptured } from "./captured_packets.ts";

/** A batch of packets of these lengths, all of the same time, of which the first byte is kept. */
function batchOf(lengths: readonly number[], atMs = 0, toldMs = atMs): CapturedBatch {
  const writer = new CaptureWriter(1024);
  for (const length of lengths) {
    writer.begin(atMs, length % 2 === 0, length, 1);
    writer.append(new Uint8Array([9, 8, length]), 2, 1);
  }
  return { number: 1, toldMs, bytes: writer.take(), missed: 0 };
}

Deno.test({
  name: "B522: packets are read as they were written: direction, length, and as much of them as was kept",
  permissions: "none",
  fn() {
    assert.deepEqual([...readCaptured(batchOf([4, 1201], 5000.5, 5001))], [
      { ageUs: 500, isSent: true, length: 4, bytes: new Uint8Array([4]) },
      { ageUs: 500, isSent: false, length: 1201, bytes: new Uint8Array([1201]) },
    ]);
  },
});

Deno.test({
  name: "B522: the time of packets goes over 2^32 microseconds",
  permissions: "none",
  fn() {
    const atMs = 2 ** 32 / 1000 - 1;
    assert.deepEqual([...readCaptured(batchOf([1], atMs, atMs + 2))].map(({ ageUs }) => ageUs), [2000]);
  },
});

Deno.test({
  name: "B522: of a batch that is cut the packets before the cut are read",
  permissions: "none",
  fn() {
    const batch = batchOf([3, 4, 5]);
    const cut = { ...batch, bytes: batch.bytes.subarray(0, batch.bytes.length - 1) };
    assert.deepEqual([...readCaptured(cut)].map(({ length }) => length), [3, 4]);
    assert.deepEqual([...readCaptured({ ...batch, bytes: new Uint8Array(7) })], []);
  },
});

Deno.test({
  name: "B525: a batch has room for so much, and begins anew once it is taken",
  permissions: "none",
  fn() {
    const writer = new CaptureWriter(20);
    assert.deepEqual([writer.hasRoom(12), writer.hasRoom(13)], [true, false]);
    writer.begin(0, true, 100, 12);
    writer.append(new Uint8Array(12), 0, 12);
    assert.deepEqual([writer.length, writer.hasRoom(0)], [20, false]);
    assert.equal(writer.take().length, 20);
    assert.deepEqual([writer.length, writer.hasRoom(12)], [0, true]);
  },
});
