import assert from "node:assert/strict";
import fc from "fast-check";
import { frame, readFrames } from "../../tests/harness/frames.ts";
import { SLOT_SIZE } from "./datagram.ts";
import { FRAME_QUEUE_SIZE, FrameQueue } from "./frame_queue.ts";
import { FrameReader } from "./frame_reader.ts";

const SEED = 195;

function setUp() {
  const allocated: number[] = [];
  const queue = new FrameQueue((byteLength) => {
    allocated.push(byteLength);
    return { bytes: new Uint8Array(byteLength) };
  });
  return { queue, allocated };
}

/** Takes `length` bytes off, or all that wait. */
function take(queue: FrameQueue<{ readonly bytes: Uint8Array }>, length = Infinity): Uint8Array {
  const taken = queue.memory?.bytes.slice(queue.start, Math.min(queue.end, queue.start + length)) ?? new Uint8Array(0);
  queue.consume(taken.length);
  return taken;
}

/** A datagram that tells its number. */
function numbered(number: number, length: number): Uint8Array {
  const datagram = new Uint8Array(Math.max(length, 4));
  new DataView(datagram.buffer).setUint32(0, number);
  return datagram.fill(number, 4);
}

function numberOf(datagram: Uint8Array): number {
  return new DataView(datagram.buffer).getUint32(0);
}

Deno.test({
  name:
    `B195: whatever is queued and however it is taken off, what arrives are whole frames in order, the rest was dropped
and counted, and no more than 256 kB ever wait (seed ${SEED})`.replaceAll("\n", " "),
  permissions: "none",
  fn() {
    const push = fc.record({ count: fc.integer({ min: 1, max: 80 }), length: fc.integer({ min: 1, max: SLOT_SIZE }) });
    const step = fc.oneof(push, push, fc.nat(3 * SLOT_SIZE), fc.nat(FRAME_QUEUE_SIZE));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { queue } = setUp();
        const reader = new FrameReader();
        const arrived: number[] = [];
        let pushed = 0;
        const receive = (bytes: Uint8Array) => {
          for (const datagram of readFrames(reader, bytes)) {
            const number = numberOf(datagram);
            assert.deepEqual(datagram, numbered(number, datagram.length));
            arrived.push(number);
          }
        };
        for (const step of steps) {
          if (typeof step === "number") receive(take(queue, step));
          else for (let i = 0; i < step.count; i++) queue.push(numbered(pushed++, step.length));
          assert.ok(queue.waiting <= FRAME_QUEUE_SIZE);
        }
        receive(take(queue));
        assert.deepEqual(arrived, [...new Set(arrived)].sort((a, b) => a - b));
        assert.equal(arrived.length + queue.dropped, pushed);
        assert.equal(reader.isBroken, false);
      }),
      { seed: SEED, numRuns: 200 },
    );
  },
});

Deno.test({
  name: "B195: a frame that was sent in part is never dropped, whatever comes behind it",
  permissions: "none",
  fn() {
    const { queue } = setUp();
    queue.push(numbered(0, 1000));
    const reader = new FrameReader();
    assert.deepEqual(readFrames(reader, take(queue, 500)), []);
    for (let number = 1; number < 1000; number++) queue.push(numbered(number, 1200));
    assert.ok(queue.dropped > 700);
    const arrived = readFrames(reader, take(queue)).map(numberOf);
    const kept = arrived.length - 1;
    assert.deepEqual(arrived, [0, ...Array.from({ length: kept }, (_, i) => 1000 - kept + i)], "and then the newest");
  },
});

Deno.test({
  name: "B195: memory grows as it is needed, stays while little waits, and goes when much has waited",
  permissions: "none",
  fn() {
    const { queue, allocated } = setUp();
    assert.equal(queue.memory, undefined);
    for (let round = 0; round < 50; round++) {
      for (let i = 0; i < 10; i++) queue.push(numbered(i, 1200));
      take(queue);
    }
    assert.deepEqual(allocated, [16 * 1024]);
    for (let i = 0; i < 1000; i++) queue.push(numbered(i, 1200));
    assert.deepEqual(allocated, [16, 32, 64, 128, 256].map((kilobytes) => kilobytes * 1024));
    take(queue);
    assert.equal(queue.memory, undefined);
  },
});

Deno.test({
  name: "a cleared queue holds nothing, begins anew, and takes it well when more is taken off than waits",
  permissions: "none",
  fn() {
    const { queue } = setUp();
    queue.consume(5);
    queue.push(numbered(1, 10));
    take(queue, 3);
    queue.clear();
    assert.deepEqual([queue.waiting, queue.memory], [0, undefined]);
    queue.push(numbered(2, 10));
    assert.deepEqual(take(queue), frame(numbered(2, 10)));
    queue.consume(5);
    assert.equal(queue.waiting, 0);
  },
});
