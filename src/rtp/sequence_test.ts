import assert from "node:assert/strict";
import fc from "fast-check";
import { START_SEQUENCE_NUMBERS } from "../../tests/harness/rtp_packets.ts";
import { sequenceDiff, timestampDiff } from "./sequence.ts";

Deno.test({
  name: "sequence numbers are compared around the circle from any start",
  permissions: "none",
  fn() {
    for (const start of START_SEQUENCE_NUMBERS) {
      for (const step of [-32768, -32767, -100, -1, 0, 1, 2, 100, 32766, 32767]) {
        const other = (start + step) & 0xffff;
        assert.equal(sequenceDiff(other, start), step, `${other} after ${start}`);
      }
    }
  },
});

Deno.test({
  name: "half a circle apart each sequence number is behind the other",
  permissions: "none",
  fn() {
    for (const start of START_SEQUENCE_NUMBERS) {
      const opposite = (start + 32768) & 0xffff;
      assert.equal(sequenceDiff(start, opposite), -32768);
      assert.equal(sequenceDiff(opposite, start), -32768);
    }
  },
});

Deno.test({
  name: "timestamps are compared around their circle",
  permissions: "none",
  fn() {
    assert.equal(timestampDiff(5, 0xfffffffb), 10);
    assert.equal(timestampDiff(0xfffffffb, 5), -10);
    const property = fc.property(
      fc.integer({ min: 0, max: 0xffffffff }),
      fc.integer({ min: -0x80000000, max: 0x7fffffff }),
      (start, step) => assert.equal(timestampDiff((start + step) >>> 0, start), step),
    );
    fc.assert(property, { seed: 3, numRuns: 1000 });
  },
});
