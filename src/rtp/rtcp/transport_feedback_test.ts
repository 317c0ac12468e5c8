import assert from "node:assert/strict";
import fc from "fast-check";
import { randomSeed } from "../../../tests/harness/random_seed.ts";
import { arrivalsOf, feedbackPacket, feedbackReader, statusesOf } from "../../../tests/harness/transport_feedback.ts";
import { RtcpReader } from "./rtcp_reader.ts";
import { TransportFeedbackReader } from "./transport_feedback.ts";

const LOST = undefined;

function isTaken(bytes: Uint8Array): boolean {
  const reader = new RtcpReader();
  reader.reset(bytes, bytes.length);
  return reader.next() && new TransportFeedbackReader().reset(reader);
}

Deno.test({
  name: "run lengths, one-bit and two-bit vectors tell status by status who came, and when",
  permissions: "none",
  fn() {
    const run = feedbackPacket({ base: 10, count: 3, chunks: [0x2003], deltas: [1, 2, 255] });
    assert.deepEqual(statusesOf(run), [[10, 1], [11, 2], [12, 255]]);
    const lost = feedbackPacket({ base: 10, count: 5, chunks: [0x0004, 0x2001], deltas: [7] });
    assert.deepEqual(statusesOf(lost), [[10, LOST], [11, LOST], [12, LOST], [13, LOST], [14, 7]]);
    const large = feedbackPacket({ base: 10, count: 2, chunks: [0x4002], deltas: [0xff, 0xfe, 0x7f, 0xff] });
    assert.deepEqual(statusesOf(large), [[10, -2], [11, 32767]]);
    const oneBit = feedbackPacket({ base: 10, count: 4, chunks: [0xa400], deltas: [3, 4] });
    assert.deepEqual(statusesOf(oneBit), [[10, 3], [11, LOST], [12, LOST], [13, 4]]);
    const twoBit = feedbackPacket({ base: 10, count: 4, chunks: [0xd900], deltas: [3, 0x80, 0, 5] });
    assert.deepEqual(statusesOf(twoBit), [[10, 3], [11, -32768], [12, 5], [13, LOST]]);
  },
});

Deno.test({
  name: "a walk goes on over chunks of each kind, and over the wrap of the sequence number",
  permissions: "none",
  fn() {
    const deltas = [...new Array(14).fill(1), 9, 0x01, 0x00, 5];
    const bytes = feedbackPacket({
      base: 65_530,
      count: 14 + 7 + 8191 + 1,
      chunks: [0xbfff, 0xd800, 0x1fff, 0x2001],
      deltas,
    });
    const statuses = statusesOf(bytes);
    assert.equal(statuses.length, 8213);
    assert.deepEqual(statuses.slice(4, 8), [[65_534, 1], [65_535, 1], [0, 1], [1, 1]]);
    assert.deepEqual(statuses.slice(14, 17), [[8, 9], [9, 256], [10, LOST]]);
    assert.deepEqual(statuses.at(-1), [(65_530 + 8212) & 0xffff, 5]);
  },
});

Deno.test({
  name: "a reference time is signed: what Chromium sends right after its clock began may be -2",
  permissions: "none",
  fn() {
    for (const referenceTime of [-2, 0, 0x7f_ffff, -0x80_0000]) {
      const fields = { base: 1, count: 2, referenceTime, feedbackCount: 255, chunks: [0x2002], deltas: [3, 255] };
      assert.equal(feedbackReader(feedbackPacket(fields)).feedbackCount, 255);
      const start = referenceTime * 256;
      assert.deepEqual(arrivalsOf(feedbackPacket(fields)), [[1, start + 3], [2, (start + 258) | 0]]);
    }
  },
});

Deno.test({
  name: "feedback on nothing is taken, and has no status",
  permissions: "none",
  fn() {
    assert.deepEqual(statusesOf(feedbackPacket({ base: 1, count: 0, chunks: [], deltas: [] })), []);
  },
});

Deno.test({
  name: "what counts more packets than its chunks and deltas hold is not taken at all",
  permissions: "none",
  fn() {
    assert.ok(!isTaken(feedbackPacket({ base: 1, count: 65_535, chunks: [0x2003], deltas: [1, 1, 1] })), "chunks");
    assert.ok(!isTaken(feedbackPacket({ base: 1, count: 6, chunks: [0x2006], deltas: [1, 1] })), "deltas of a run");
    assert.ok(
      !isTaken(feedbackPacket({ base: 1, count: 4, chunks: [0x4004], deltas: [1, 1, 1, 1, 1, 1] })),
      "large deltas",
    );
    assert.ok(!isTaken(feedbackPacket({ base: 1, count: 14, chunks: [0xbfff], deltas: [1, 1] })), "deltas of a vector");
    assert.ok(!isTaken(feedbackPacket({ base: 1, count: 4, chunks: [], deltas: [] })), "no chunk");
    assert.ok(
      !isTaken(feedbackPacket({ base: 1, count: 4, chunks: [0x2000, 0x2004], deltas: [1, 1, 1, 1] })),
      "empty run",
    );
  },
});

Deno.test({
  name: "symbol 3, which means nothing, costs the feedback; behind the last status it counts for nothing",
  permissions: "none",
  fn() {
    assert.ok(!isTaken(feedbackPacket({ base: 1, count: 2, chunks: [0x6002], deltas: [1, 1, 1, 1, 1, 1, 1, 1] })));
    assert.ok(!isTaken(feedbackPacket({ base: 1, count: 2, chunks: [0xdc00], deltas: [1, 1, 1, 1, 1, 1, 1, 1] })));
    const behind = feedbackPacket({ base: 1, count: 1, chunks: [0xdfff], deltas: [8] });
    assert.deepEqual(statusesOf(behind), [[1, 8]]);
  },
});

Deno.test({
  name: "feedback of another type, another format, or without a whole header is not taken",
  permissions: "none",
  fn() {
    const bytes = feedbackPacket({ base: 1, count: 1, chunks: [0x2001], deltas: [0] });
    assert.ok(isTaken(bytes));
    assert.ok(!isTaken(bytes.with(1, 206)));
    assert.ok(!isTaken(bytes.with(0, 0x81)));
    assert.ok(!isTaken(bytes.subarray(0, 16).with(3, 3)));
  },
});

Deno.test({
  name: "whatever the bytes are, a walk ends within them and says no more packets than were counted",
  permissions: "none",
  fn() {
    const seed = randomSeed();
    const words = fc.array(fc.oneof(fc.nat(0xffff), fc.constantFrom(0x2001, 0x4001, 0x6001, 0xbfff, 0xd555, 0)), {
      maxLength: 60,
    });
    const property = fc.property(fc.nat(0xffff), fc.oneof(fc.nat(80), fc.nat(0xffff)), words, (base, count, words) => {
      const bytes = feedbackPacket({ base, count, chunks: words, deltas: [] });
      if (!isTaken(bytes)) return;
      const statuses = statusesOf(bytes);
      assert.equal(statuses.length, count);
      assert.ok(statuses.every(([, delta]) => delta === LOST || (delta >= -32768 && delta <= 32767)));
    });
    fc.assert(property, { seed, numRuns: 2000 });
  },
});
