import assert from "node:assert/strict";
import fc from "fast-check";
import { frame, frames, readFrames } from "../../tests/harness/frames.ts";
import { SLOT_SIZE } from "./datagram.ts";
import { FrameReader } from "./frame_reader.ts";

const SEED = 4571;
const EMPTY = new Uint8Array(0);

/** A datagram that no other one of a test is equal to. */
function datagram(length: number, index = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i * 7 + index);
}

Deno.test({
  name:
    `B191: frames come out whole and in order, wherever their stream is cut; empty ones are passed over (seed ${SEED})`,
  permissions: "none",
  fn() {
    const lengths = fc.array(fc.oneof(fc.nat(5), fc.nat(SLOT_SIZE), fc.constant(SLOT_SIZE)), { maxLength: 12 });
    const cuts = fc.array(fc.oneof(fc.nat(4), fc.nat(5000)), { maxLength: 40 });
    fc.assert(
      fc.property(lengths, cuts, (lengths, cuts) => {
        const sent = lengths.map(datagram);
        const stream = frames(sent);
        const reader = new FrameReader();
        const received: Uint8Array[] = [];
        let at = 0;
        for (const cut of [...cuts, stream.length]) {
          received.push(...readFrames(reader, stream.subarray(at, at + cut)));
          at = Math.min(stream.length, at + cut);
        }
        assert.equal(reader.isBroken, false);
        assert.deepEqual(received, sent.filter(({ length }) => length > 0));
      }),
      { seed: SEED, numRuns: 300 },
    );
  },
});

Deno.test({
  name: "B191: a stream of single bytes is read as well, at each length of a frame",
  permissions: "none",
  fn() {
    for (const length of [1, 2, 255, 256, SLOT_SIZE - 1, SLOT_SIZE]) {
      const reader = new FrameReader();
      const stream = frames([datagram(length), datagram(3, 1)]);
      const received = [...stream].flatMap((byte) => readFrames(reader, Uint8Array.of(byte)));
      assert.deepEqual(received, [datagram(length), datagram(3, 1)]);
    }
  },
});

Deno.test({
  name: "B191: a frame that is longer than a slot breaks the stream: what came before it counts, nothing behind it",
  permissions: "none",
  fn() {
    for (const length of [SLOT_SIZE + 1, 0xffff]) {
      const reader = new FrameReader();
      const received = readFrames(reader, frames([datagram(5), datagram(length), datagram(6)]));
      assert.deepEqual(received, [datagram(5)]);
      assert.equal(reader.isBroken, true);
      assert.deepEqual(readFrames(reader, frame(datagram(7))), []);
    }
    const reader = new FrameReader();
    readFrames(reader, Uint8Array.of(0x08));
    assert.equal(reader.isBroken, false);
    readFrames(reader, Uint8Array.of(0x01));
    assert.equal(reader.isBroken, true, "its length alone says so");
  },
});

Deno.test({
  name: "B191: 64 empty frames in a row are passed over, one more breaks the stream",
  permissions: "none",
  fn() {
    const reader = new FrameReader();
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 64; i++) assert.deepEqual(readFrames(reader, frame(EMPTY)), []);
      assert.deepEqual(readFrames(reader, frame(datagram(1))), [datagram(1)]);
    }
    const endless = new FrameReader();
    assert.deepEqual(readFrames(endless, frames([...new Array<Uint8Array>(65).fill(EMPTY), datagram(1)])), []);
    assert.equal(endless.isBroken, true);
  },
});
