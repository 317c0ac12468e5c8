import assert from "node:assert/strict";
import { InterArrival } from "./inter_arrival.ts";

/** Takes packets as `[sent, arrived]` in milliseconds; returns the deltas of each complete group. */
function deltas(packets: readonly (readonly [number, number])[], arrival = new InterArrival()): [number, number][] {
  return packets.flatMap(([sentMs, arrivedMs]): [number, number][] => {
    arrival.beginFeedback(arrivedMs);
    const isComplete = arrival.handlePacket((sentMs * 1000) | 0, (arrivedMs * 4) | 0);
    return isComplete ? [[arrival.sendDeltaMs, arrival.arrivalDeltaMs]] : [];
  });
}

Deno.test({
  name: "packets of five milliseconds are one group; the third group completes the first difference",
  permissions: "none",
  fn() {
    const packets = [[0, 50], [1, 51], [5, 56], [33, 84], [34, 86], [66, 120], [99, 153]] as const;
    assert.deepEqual(deltas(packets), [[29, 30], [32, 34]]);
  },
});

Deno.test({
  name: "packets that queued up behind each other are one group, for a tenth of a second",
  permissions: "none",
  fn() {
    const burst = Array.from({ length: 8 }, (_, index) => [100 + 10 * index, 500 + index] as const);
    assert.deepEqual(deltas([[0, 50], ...burst, [300, 700], [400, 800]]), [[170, 457], [130, 193]]);
    const long = Array.from({ length: 60 }, (_, index) => [100 + 10 * index, 500 + 4 * index] as const);
    assert.ok(deltas([[0, 50], ...long]).length >= 2);
  },
});

Deno.test({
  name: "a packet sent before its group is passed over, and one that overtook its group is part of it",
  permissions: "none",
  fn() {
    assert.deepEqual(deltas([[0, 0], [40, 40], [20, 41], [80, 80], [120, 120]]), [[40, 40], [40, 40]]);
    assert.deepEqual(deltas([[0, 0], [40, 90], [80, 60], [120, 120], [160, 160]]), [[80, 60], [40, 60]]);
  },
});

Deno.test({
  name: "a clock that jumps begins anew instead of measuring a queue, forwards and back",
  permissions: "none",
  fn() {
    for (const jumpMs of [30_000, -30_000]) {
      const arrival = new InterArrival();
      const before = Array.from({ length: 10 }, (_, index) => [40 * index, 40 * index] as const);
      deltas(before, arrival);
      let taken: [number, number][] = [];
      for (let index = 10; index < 30; index++) {
        // The jump is of the receiver's clock alone.
        arrival.beginFeedback(40 * index);
        const isComplete = arrival.handlePacket(40_000 * index, (40 * index + jumpMs) * 4);
        if (isComplete) taken = [...taken, [arrival.sendDeltaMs, arrival.arrivalDeltaMs]];
      }
      assert.ok(taken.length >= 14, `${taken.length}`);
      for (const delta of taken) assert.deepEqual(delta, [40, 40], `${jumpMs}`);
    }
  },
});

Deno.test({
  name: "times may go around 32 bits",
  permissions: "none",
  fn() {
    const arrival = new InterArrival();
    const [sentUs, ticks] = [0x7fffffff - 50_000, 0x7fffffff - 200];
    const taken: [number, number][] = [];
    for (let index = 0; index < 10; index++) {
      arrival.beginFeedback(30 * index);
      const isComplete = arrival.handlePacket((sentUs + 30_000 * index) | 0, (ticks + 120 * index) | 0);
      if (isComplete) taken.push([arrival.sendDeltaMs, arrival.arrivalDeltaMs]);
    }
    assert.deepEqual(taken, Array.from({ length: 8 }, () => [30, 30]));
  },
});
