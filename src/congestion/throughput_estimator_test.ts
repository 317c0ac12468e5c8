import assert from "node:assert/strict";
import fc from "fast-check";
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

interface Arrival {
  readonly bytes: number;
  readonly sentUs: number;
  readonly ticks: number;
}

/** What a look at a whole window tells, `window` being in the order of arrival. */
function lookAtAll(window: readonly Arrival[], discardedUs: number) {
  const bytesOf = (of: readonly Arrival[]) => of.reduce((sum, { bytes }) => sum + bytes, 0);
  const gaps = window.slice(1).map(({ ticks }, index) => ticks - window[index].ticks).sort((a, b) => b - a);
  const ticks = window[window.length - 1].ticks - window[0].ticks - gaps[0] + gaps[1];
  const received = 8000 * bytesOf(window.slice(1)) / Math.max(ticks / 4, 1);
  const counted = window.filter(({ sentUs }) => sentUs >= discardedUs);
  if (counted.length === 0) return { bitsPerSecond: 0, arriving: 1 };
  const latestUs = Math.max(...counted.map(({ sentUs }) => sentUs));
  const latest = counted.findLast(({ sentUs }) => sentUs === latestUs)!;
  const sentUs = latestUs - Math.min(...counted.map((each) => each.sentUs));
  const sent = 8000 * (bytesOf(counted) - latest.bytes) / Math.max(sentUs / 1000, 1);
  return { bitsPerSecond: Math.min(sent, received), arriving: sent > 0 ? Math.min(received / sent, 1) : 1 };
}

Deno.test({
  name: "what is kept up with each packet is what a look at the whole window tells, however packets come",
  permissions: "none",
  fn() {
    const packet = fc.record({
      bytes: fc.integer({ min: 1, max: 1200 }),
      // Some at once, some overtaken by others, some behind a gap.
      sentMs: fc.integer({ min: 0, max: 40 }),
      delayMs: fc.oneof(fc.constant(20), fc.integer({ min: 20, max: 300 })),
    });
    fc.assert(fc.property(fc.array(packet, { minLength: 12, maxLength: 400 }), (packets) => {
      const estimator = new ThroughputEstimator();
      const window: Arrival[] = [];
      let discardedUs = -Infinity;
      let nowMs = 0;
      packets.forEach(({ bytes, sentMs, delayMs }, index) => {
        nowMs += sentMs;
        const arrival = { bytes, sentUs: nowMs * 1000, ticks: (nowMs + delayMs) * 4 };
        estimator.handlePacket(bytes, arrival.sentUs, arrival.ticks);
        window.splice(window.findLastIndex(({ ticks }) => ticks <= arrival.ticks) + 1, 0, arrival);
        while (window.length > 20 && window[window.length - 1].ticks - window[0].ticks > 4000) {
          discardedUs = Math.max(discardedUs, window.shift()!.sentUs);
        }
        if (index % 7 !== 0 || window.length < 10) return;
        estimator.update();
        const { bitsPerSecond, arriving } = estimator;
        assert.deepEqual({ bitsPerSecond, arriving }, lookAtAll(window, discardedUs));
      });
    }));
  },
});
