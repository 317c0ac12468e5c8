import assert from "node:assert/strict";
import { ThroughputEstimator } from "./throughput_estimator.ts";

const BYTES = 1000;

interface Stream {
  readonly packets: number;
  readonly everyMs: number;
  /** Sent from then on. */
  readonly fromMs?: number;
  /** When the packet of a number, sent then, arrives; undefined: never. */
  readonly arrival?: (sentMs: number, index: number) => number | undefined;
}

/** Feeds the packets of a stream in the order in which they arrive. */
function feed(
  estimator: ThroughputEstimator,
  { packets, everyMs, fromMs = 0, arrival = (ms) => ms + 50 }: Stream,
): void {
  const sent = Array.from({ length: packets }, (_, index) => fromMs + everyMs * index);
  const arrived = sent.flatMap((sentMs, index) => {
    const ms = arrival(sentMs, index);
    return ms === undefined ? [] : [{ sentMs, ms }];
  });
  for (const { sentMs, ms } of arrived) estimator.handlePacket(BYTES, (sentMs * 1000) | 0, Math.round(ms * 4) | 0);
  estimator.update();
}

function assertNear(actual: number, expected: number, part = 0.05): void {
  assert.ok(Math.abs(actual - expected) <= part * expected, `${actual} is not about ${expected}`);
}

Deno.test({
  name: "on a steady link throughput is what is sent, after ten packets",
  permissions: "none",
  fn() {
    const estimator = new ThroughputEstimator();
    feed(estimator, { packets: 9, everyMs: 10 });
    assert.equal(estimator.bitsPerSecond, 0);
    assert.equal(estimator.arriving, 1);
    feed(estimator, { packets: 991, everyMs: 10, fromMs: 90 });
    assertNear(estimator.bitsPerSecond, 800_000, 0.01);
    assert.equal(estimator.arriving, 1);
  },
});

Deno.test({
  name: "packets that come at once out of a queue count as they were sent",
  permissions: "none",
  fn() {
    const estimator = new ThroughputEstimator();
    feed(estimator, { packets: 200, everyMs: 10 });
    // For 300 ms nothing comes, then all of it within 10.
    const spike = (ms: number) => ms < 2300 ? 2350 + (ms - 2000) / 30 : ms + 50;
    feed(estimator, { packets: 60, everyMs: 10, fromMs: 2000, arrival: spike });
    assertNear(estimator.bitsPerSecond, 800_000, 0.1);
  },
});

Deno.test({
  name: "of half of the packets half of the rate arrives",
  permissions: "none",
  fn() {
    const estimator = new ThroughputEstimator();
    feed(estimator, { packets: 400, everyMs: 10, arrival: (ms, index) => index % 2 === 0 ? ms + 50 : undefined });
    assertNear(estimator.bitsPerSecond, 400_000, 0.02);
  },
});

Deno.test({
  name: "a link at half of the rate shows that half of it arrives",
  permissions: "none",
  fn() {
    const estimator = new ThroughputEstimator();
    feed(estimator, { packets: 400, everyMs: 10, arrival: (_, index) => 50 + 20 * index });
    assertNear(estimator.bitsPerSecond, 400_000, 0.05);
    assertNear(estimator.arriving, 0.5, 0.05);
  },
});

Deno.test({
  name: "the order of arrival does not matter, within a report and from one to the next",
  permissions: "none",
  fn() {
    const estimator = new ThroughputEstimator();
    feed(estimator, { packets: 400, everyMs: 10, arrival: (ms, index) => ms + (index % 3 === 0 ? 80 : 50) });
    assertNear(estimator.bitsPerSecond, 800_000, 0.05);
  },
});

Deno.test({
  name: "after a pause nothing is known until ten packets came",
  permissions: "none",
  fn() {
    const estimator = new ThroughputEstimator();
    feed(estimator, { packets: 200, everyMs: 10 });
    feed(estimator, { packets: 5, everyMs: 10, fromMs: 12_000 });
    assert.equal(estimator.bitsPerSecond, 0);
    feed(estimator, { packets: 100, everyMs: 10, fromMs: 12_050 });
    assertNear(estimator.bitsPerSecond, 800_000);
  },
});

Deno.test({
  name: "the window ends at 500 packets, and times may go around 32 bits",
  permissions: "none",
  fn() {
    const fast = new ThroughputEstimator();
    feed(fast, { packets: 5000, everyMs: 0.5 });
    assertNear(fast.bitsPerSecond, 16_000_000);
    const wrapping = new ThroughputEstimator();
    feed(wrapping, { packets: 1000, everyMs: 10, fromMs: 2 ** 31 / 1000 - 5000 });
    assertNear(wrapping.bitsPerSecond, 800_000);
    wrapping.reset();
    wrapping.update();
    assert.equal(wrapping.bitsPerSecond, 0);
  },
});
