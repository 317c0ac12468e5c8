import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { RtcpHeader, TransportWideCC } from "werift";
import { randomSeed } from "../../../tests/harness/random_seed.ts";
import { arrivalsOf, statusesOf } from "../../../tests/harness/transport_feedback.ts";
import { RtcpReader } from "./rtcp_reader.ts";
import { type Arrivals, TransportFeedbackWriter } from "./transport_feedback_writer.ts";

const SENDER = 0x80000001;
const MEDIA = 0x90000002;

function arrivals(ticks: ReadonlyMap<number, number>): Arrivals {
  return { has: (number) => ticks.has(number), ticksOf: (number) => ticks.get(number) ?? 0 };
}

/** Feedback on `count` packets from `base` on, of which those in `ticks` came. */
function written(ticks: ReadonlyMap<number, number>, base: number, count: number, room = 1200): Uint8Array {
  const out = new Uint8Array(room);
  return out.slice(0, new TransportFeedbackWriter().write(out, 0, SENDER, MEDIA, base, count, arrivals(ticks)));
}

function inARow(base: number, ticks: readonly number[]): Map<number, number> {
  return new Map(ticks.map((time, index) => [(base + index) & 0xffff, time]));
}

Deno.test({
  name: "eleven packets in a row are one run and eleven small deltas",
  permissions: "none",
  fn() {
    const ticks = inARow(7, [256, ...Array.from({ length: 10 }, (_, i) => 260 + i * 4)]);
    const bytes = written(ticks, 7, 11);
    assert.deepEqual([...bytes.subarray(0, 4)], [0x8f, 205, 0, 8]);
    assert.deepEqual([...bytes.subarray(12, 22)], [0, 7, 0, 11, 0, 0, 1, 0, 0x20, 11]);
    assert.deepEqual([...bytes.subarray(22)], [0, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 0, 0, 0]);
    const reader = new RtcpReader();
    reader.reset(bytes, bytes.length);
    assert.ok(reader.next());
    assert.equal(reader.senderSsrc, SENDER);
  },
});

Deno.test({
  name: "reference times and arrivals wrap together: 2^32 units of 250 us are 2^24 of 64 ms",
  permissions: "none",
  fn() {
    const bytes = written(inARow(65_535, [-3, 5, 200]), 65_535, 3);
    assert.deepEqual(statusesOf(bytes), [[65_535, 253], [0, 8], [1, 195]]);
    assert.deepEqual([...bytes.subarray(16, 19)], [0xff, 0xff, 0xff]);
    const signed = written(inARow(1, [0x7fff_fffe, -0x8000_0000]), 1, 2);
    assert.deepEqual(statusesOf(signed), [[1, 254], [2, 2]]);
  },
});

Deno.test({
  name: "feedback ends before a packet that no delta can tell, and where the room ends; what is left is for the next",
  permissions: "none",
  fn() {
    const writer = new TransportFeedbackWriter();
    const out = new Uint8Array(1200);
    const ticks = inARow(1, [0, 0x7fff, 0x7fff + 0x8000]);
    const first = out.slice(0, writer.write(out, 0, SENDER, MEDIA, 1, 3, arrivals(ticks)));
    assert.equal(writer.statusCount, 2);
    const second = out.slice(0, writer.write(out, 0, SENDER, MEDIA, 3, 1, arrivals(ticks)));
    assert.deepEqual([first[19], second[19]], [0, 1], "feedback is counted");
    assert.deepEqual(arrivalsOf(second), [[3, 0x7fff + 0x8000]]);

    const many = inARow(1, Array.from({ length: 900 }, (_, i) => i * 300));
    for (let room = 0; room < 200; room++) {
      const one = new TransportFeedbackWriter();
      const length = one.write(out.subarray(0, room), 0, SENDER, MEDIA, 1, 900, arrivals(many));
      assert.ok(length <= room);
      assert.equal(length === 0, one.statusCount === 0);
      assert.ok(one.statusCount <= 90);
    }
  },
});

Deno.test({
  name: "whatever came, and whenever, the reader and another implementation read what was written",
  permissions: "none",
  fn() {
    const seed = randomSeed();
    const gap = fc.oneof(fc.nat(3), fc.nat(20), fc.constantFrom(0, 100, 600));
    const delta = fc.oneof(fc.nat(40), fc.integer({ min: -200, max: 500 }), fc.integer({ min: -0x8000, max: 0x7fff }));
    const packets = fc.array(fc.tuple(gap, delta), { maxLength: 300 });
    const property = fc.property(fc.nat(0xffff), fc.nat(0x7fff_ffff), packets, (base, start, packets) => {
      const ticks = new Map([[base, start]]);
      let [count, time] = [1, start];
      for (const [gap, delta] of packets) {
        count += gap + 1;
        ticks.set((base + count - 1) & 0xffff, time = (time + delta) | 0);
      }
      const bytes = written(ticks, base, count);
      const statuses = statusesOf(bytes);
      assert.ok(bytes.length <= 1200 && statuses.length > 0);
      let expected = start & -256;
      for (const [index, [number, delta]] of statuses.entries()) {
        assert.equal(number, (base + index) & 0xffff);
        assert.equal(delta !== undefined, ticks.has(number), `packet ${index}`);
        if (delta === undefined) continue;
        expected = (expected + delta) | 0;
        assert.equal(expected, ticks.get(number), `packet ${index}`);
      }
      assert.deepEqual(readByWerift(bytes), statuses.flatMap(([, delta]) => delta ?? []));
    });
    fc.assert(property, { seed, numRuns: 300 });
  },
});

/** The deltas; which packets they are of it counts otherwise than the draft, by one for each run. */
function readByWerift(bytes: Uint8Array): number[] {
  const header = RtcpHeader.deSerialize(Buffer.from(bytes.subarray(0, 4)));
  return TransportWideCC.deSerialize(Buffer.from(bytes.subarray(4)), header).recvDeltas.map(({ delta }) => delta / 250);
}
