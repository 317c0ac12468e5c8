import assert from "node:assert/strict";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import { LossBasedEstimate } from "./loss_based_estimate.ts";

const BYTES = 1000;

/** A sender that follows the limit, up to what delay allows, over a way that loses as it is told. */
class LossyWay {
  readonly estimate = new LossBasedEstimate();
  readonly #random = seededRandom(270);
  nowMs = 0;
  /** What delay allows. */
  delayRate: number;
  rate = 0;
  queueMs = 0;
  /** How often somebody else was found to fill the queue. */
  foundOthers = 0;

  constructor(delayRate: number) {
    this.delayRate = delayRate;
  }

  run(seconds: number, lossFraction: (bitsPerSecond: number) => number): void {
    for (const endMs = this.nowMs + 1000 * seconds; this.nowMs < endMs; this.nowMs += 50) {
      this.rate = Math.min(this.delayRate, this.estimate.bitsPerSecond);
      const packets = Math.max(1, Math.round(this.rate * 0.05 / 8 / BYTES));
      for (let index = 0; index < packets; index++) {
        const sentUs = (1000 * (this.nowMs + 50 * index / packets)) | 0;
        this.estimate.handlePacket(BYTES, sentUs, this.#random.uint32() / 2 ** 32 < lossFraction(this.rate));
      }
      if (this.estimate.update(this.delayRate, this.queueMs, this.nowMs)) this.foundOthers++;
    }
  }
}

Deno.test({
  name: "B274: without loss, and at two percent, loss limits nothing",
  permissions: "none",
  fn() {
    for (const loss of [0, 0.02]) {
      const way = new LossyWay(1_000_000);
      way.run(30, () => loss);
      assert.equal(way.estimate.bitsPerSecond, Infinity);
      assert.ok(Math.abs(way.estimate.lossFraction - loss) < 0.02);
    }
  },
});

Deno.test({
  name: "B274: what the way loses by itself is found by a trial, and limits nothing up to a tenth",
  permissions: "none",
  fn() {
    const way = new LossyWay(1_000_000);
    way.run(30, () => 0.09);
    assert.ok(way.rate >= 800_000, `${way.rate}`);
    assert.ok(Math.abs(way.estimate.inherentLoss - 0.09) < 0.04, `${way.estimate.inherentLoss}`);
    way.run(60, () => 0);
    assert.ok(way.estimate.inherentLoss < 0.01);
  },
});

Deno.test({
  name: "B274: a short queue that overflows is found by a trial too, and the rate stays about what it carries",
  permissions: "none",
  fn() {
    const way = new LossyWay(2_000_000);
    const carried = 1_000_000;
    way.run(4, (rate) => Math.max(0, 1 - carried / rate));
    for (let second = 0; second < 30; second++) {
      way.run(1, (rate) => Math.max(0, 1 - carried / rate));
      assert.ok(way.rate >= 0.7 * carried && way.rate <= 1.3 * carried, `${way.rate}`);
    }
    assert.ok(way.estimate.inherentLoss < 0.03);
  },
});

Deno.test({
  name: "B274: where all is lost 600 kbit/s become 100, and recovery is by no more than 1.2 in a second",
  permissions: "none",
  fn() {
    const way = new LossyWay(600_000);
    way.run(5, () => 0);
    way.run(10, () => 1);
    assert.ok(Math.abs(way.rate - 100_000) < 5_000, `${way.rate}`);
    let before = way.rate;
    for (let second = 0; second < 10; second++) {
      way.run(1, () => 0);
      assert.ok(way.rate <= 1.2 * before, `${before} to ${way.rate}`);
      before = way.rate;
    }
    assert.ok(way.rate > 110_000);
  },
});

Deno.test({
  name: "B274: above a tenth lost the rate goes to 90 kbit/s divided by what is beyond it, whatever causes the loss",
  permissions: "none",
  fn() {
    for (const [loss, expected] of [[0.3, 450_000], [0.5, 225_000]]) {
      const way = new LossyWay(3_000_000);
      way.run(60, () => loss);
      assert.ok(way.rate > expected / 2.5 && way.rate < expected * 1.5, `${loss}: ${way.rate}`);
    }
  },
});

Deno.test({
  name: "B273: losses that go on in front of a full queue are somebody else's, and not the way's",
  permissions: "none",
  fn() {
    const way = new LossyWay(1_000_000);
    way.queueMs = 250;
    way.run(10, () => 0.08);
    assert.ok(way.foundOthers > 0);
    assert.equal(way.estimate.inherentLoss, 0);
    const link = new LossyWay(1_000_000);
    link.run(10, () => 0.08);
    assert.equal(link.foundOthers, 0);
  },
});

Deno.test({
  name: "B274: reordering from one report to the next leaves 2.5 Mbit/s untouched",
  permissions: "none",
  fn() {
    const estimate = new LossBasedEstimate();
    for (let report = 0; report < 200; report++) {
      for (let index = 0; index < 15; index++) {
        const sentUs = 1000 * (50 * report + 3 * index);
        // The last three of each report come with the next one.
        estimate.handlePacket(BYTES, sentUs, index >= 12);
      }
      for (let index = 12; index < 15; index++) estimate.handleRecovered(BYTES, 1000 * (50 * report + 3 * index));
      estimate.update(2_500_000, 0, 50 * report);
    }
    assert.equal(estimate.bitsPerSecond, Infinity);
  },
});

Deno.test({
  name: "B274: a trial of what is not followed by the sender changes nothing",
  permissions: "none",
  fn() {
    const estimate = new LossBasedEstimate();
    const random = seededRandom(1);
    for (let index = 0; index < 3000; index++) {
      estimate.handlePacket(BYTES, 10_000 * index, random.uint32() / 2 ** 32 < 0.08);
      if (index % 5 === 0) estimate.update(5_000_000, 0, 10 * index);
    }
    assert.ok(estimate.bitsPerSecond >= 4_000_000, `${estimate.bitsPerSecond}`);
  },
});

Deno.test({
  name: "a probe raises the limit, by 1.5 at the most, and another way has none",
  permissions: "none",
  fn() {
    const way = new LossyWay(2_000_000);
    way.run(20, (rate) => Math.max(0, 1 - 500_000 / rate));
    const limit = way.estimate.bitsPerSecond;
    assert.ok(limit < 800_000);
    way.run(2, () => 0);
    const before = way.estimate.bitsPerSecond;
    way.estimate.handleProbe(10_000_000);
    assert.equal(way.estimate.bitsPerSecond, 1.5 * before);
    way.estimate.handleProbe(100_000);
    assert.equal(way.estimate.bitsPerSecond, 1.5 * before);
    way.estimate.release();
    assert.equal(way.estimate.bitsPerSecond, Infinity);
    way.estimate.reset(way.nowMs);
    assert.equal(way.estimate.bitsPerSecond, Infinity);
    assert.equal(way.estimate.inherentLoss, 0);
  },
});
