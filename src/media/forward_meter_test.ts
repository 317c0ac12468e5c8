import assert from "node:assert/strict";
import { newMediaCounters } from "../sfu/track_counters.ts";
import { FORWARD_BOUNDS_MS, ForwardMeter } from "./forward_meter.ts";

function setUp() {
  const counters = newMediaCounters();
  const meter = new ForwardMeter(counters);
  /** Upper bounds in ms of the buckets in which a batch was counted, one each. */
  const batches = () =>
    meter.take().forwarding.counts.flatMap((count, at) => Array(count).fill(FORWARD_BOUNDS_MS[at] ?? Infinity));
  return { counters, meter, batches };
}

Deno.test({
  name: "B258: a batch counts once, from its receipt to the flush, however many packets it made",
  permissions: "none",
  fn() {
    const { counters, meter, batches } = setUp();
    meter.begin(100);
    counters.video.packetsSent += 400;
    counters.audio.packetsSent += 10;
    meter.flushed(102);
    meter.end(103);
    assert.deepEqual(batches(), [2.5]);
    meter.begin(200);
    counters.audio.packetsSent++;
    meter.flushed(200.04);
    meter.end(200.1);
    assert.deepEqual(batches(), [0.05, 2.5]);
    assert.equal(Math.round(meter.take().forwarding.sumMs * 100), 204);
  },
});

Deno.test({
  name: "B258: a batch of which nothing was forwarded is no forward latency, yet its time was spent",
  permissions: "none",
  fn() {
    const { counters, meter, batches } = setUp();
    counters.video.packetsSent = 5;
    meter.begin(0);
    meter.flushed(8);
    meter.end(10);
    assert.deepEqual(batches(), []);
    assert.equal(meter.take().busyMs, 10);
  },
});

Deno.test({
  name: "what is received within a turn belongs to it, and what was flushed counts once",
  permissions: "none",
  fn() {
    const { counters, meter, batches } = setUp();
    meter.begin(0);
    meter.begin(5);
    counters.video.packetsSent++;
    meter.flushed(20);
    meter.flushed(30);
    meter.end(31);
    assert.deepEqual(batches(), [25]);
  },
});

Deno.test({
  name: "a flush or an end outside of a turn is nothing, and a clock that went back costs nothing",
  permissions: "none",
  fn() {
    const { counters, meter, batches } = setUp();
    counters.video.packetsSent++;
    meter.flushed(10);
    meter.end(20);
    assert.deepEqual(batches(), []);
    meter.begin(20);
    meter.end(19);
    assert.deepEqual([meter.take().busyMs, meter.take().longestTurnMs], [0, 0]);
  },
});

Deno.test({
  name: "B262: the longest turn is the one since it was asked for last, the time spent is all of it",
  permissions: "none",
  fn() {
    const { meter } = setUp();
    for (const [from, to] of [[0, 3], [10, 25], [30, 31]]) {
      meter.begin(from);
      meter.end(to);
    }
    const { longestTurnMs, busyMs } = meter.take();
    assert.deepEqual([longestTurnMs, busyMs], [15, 19]);
    meter.begin(40);
    meter.end(42);
    const next = meter.take();
    assert.deepEqual([next.longestTurnMs, next.busyMs], [2, 21]);
  },
});
