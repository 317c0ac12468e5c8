import assert from "node:assert/strict";
import { DelayBasedEstimate } from "./delay_based_estimate.ts";
import { ThroughputEstimator } from "./throughput_estimator.ts";

const MTU = 1200;
const NOTHING = { bitsPerSecond: 0, recentBitsPerSecond: 0, arriving: 1 };

/** Frames over a link without loss, each reported as soon as it has arrived. */
class FrameStream {
  readonly estimate: DelayBasedEstimate;
  readonly #throughput = new ThroughputEstimator();
  readonly #framesPerSecond: number;
  nowMs = 100;
  #freeMs = 0;
  capacity: number;
  clockOffsetMs = 0;

  constructor(startBitsPerSecond: number, framesPerSecond: number, capacity: number) {
    this.estimate = new DelayBasedEstimate(startBitsPerSecond, 10_000, 30_000_000);
    this.#framesPerSecond = framesPerSecond;
    this.capacity = capacity;
  }

  sendFrame(bitsPerSecond: number): void {
    const bytes = bitsPerSecond / this.#framesPerSecond / 8;
    const packets = Math.max(1, Math.floor((bytes + MTU / 2) / MTU));
    const size = Math.round(bytes / packets);
    const arrivals: number[] = [];
    for (let index = 0; index < packets; index++) {
      this.#freeMs = Math.max(this.#freeMs, this.nowMs) + 8000 * size / this.capacity;
      arrivals.push(this.#freeMs);
    }
    const toldMs = Math.max(this.#freeMs, this.nowMs);
    this.estimate.beginFeedback(toldMs);
    for (const arrivalMs of arrivals) {
      const ticks = Math.round((arrivalMs + this.clockOffsetMs) * 4) | 0;
      this.#throughput.handlePacket(size, (this.nowMs * 1000) | 0, ticks);
      this.estimate.handlePacket((this.nowMs * 1000) | 0, ticks);
    }
    this.#throughput.update();
    this.estimate.update(this.#throughput, 0, toldMs);
    this.nowMs += 1000 / this.#framesPerSecond;
  }
}

for (const [jumpMs, limitMs] of [[0, 533], [30_000, 900], [-30_000, 966]]) {
  Deno.test({
    name: `a link of 1 Mbit/s that halves is followed within ${
      jumpMs === 0 ? 533 : 900
    } ms, the clock ${jumpMs} ms off`,
    permissions: "none",
    fn() {
      const stream = new FrameStream(900_000, 30, 1_000_000);
      for (let frame = 0; frame < 300; frame++) stream.sendFrame(Math.max(800_000, stream.estimate.bitsPerSecond));
      assert.ok(Math.abs(stream.estimate.bitsPerSecond - 1_000_000) <= 180_000, `${stream.estimate.bitsPerSecond}`);
      stream.clockOffsetMs = jumpMs;
      stream.capacity = 500_000;
      const startMs = stream.nowMs;
      while (stream.estimate.bitsPerSecond > 500_000 && stream.nowMs < startMs + 5000) {
        stream.sendFrame(stream.estimate.bitsPerSecond);
      }
      const tookMs = Math.floor(stream.nowMs - startMs);
      assert.ok(tookMs >= 100 && tookMs <= limitMs, `${tookMs}`);
    },
  });
}

Deno.test({
  name: "an over-eager start of 300 kbit/s on 200 is seen within 40 frames, and ends above 160 and not above 200",
  permissions: "none",
  fn() {
    const stream = new FrameStream(300_000, 90, 200_000);
    let frames = 0;
    while (stream.estimate.usage !== "over" && frames < 100) {
      stream.sendFrame(300_000);
      frames++;
    }
    assert.ok(frames <= 40, `${frames}`);
    for (let frame = 0; frame < 20; frame++) stream.sendFrame(stream.estimate.bitsPerSecond);
    assert.ok(stream.estimate.bitsPerSecond > 160_000 && stream.estimate.bitsPerSecond <= 200_000);
  },
});

for (const silenceS of [35, 640]) {
  Deno.test({
    name: `after ${silenceS} s of silence a queue that grows lowers the estimate`,
    permissions: "none",
    fn() {
      const estimate = new DelayBasedEstimate(300_000, 10_000, 30_000_000);
      const throughput = new ThroughputEstimator();
      let nowMs = 0;
      let sentMs = 0;
      const send = (intervalMs: number): void => {
        throughput.handlePacket(1000, (sentMs * 1000) | 0, (nowMs * 4) | 0);
        estimate.beginFeedback(nowMs);
        estimate.handlePacket((sentMs * 1000) | 0, (nowMs * 4) | 0);
        throughput.update();
        estimate.update(throughput, 0, nowMs);
        nowMs += intervalMs;
        sentMs += 20;
      };
      for (let index = 0; index < 3000; index++) send(20);
      const before = estimate.bitsPerSecond;
      nowMs += silenceS * 1000;
      sentMs += silenceS * 1000;
      for (let index = 0; index < 24; index++) send(40);
      assert.ok(estimate.bitsPerSecond < before, `${before} to ${estimate.bitsPerSecond}`);
    },
  });
}

Deno.test({
  name: "overuse before anything is known of what arrives halves a measured rate every 200 ms",
  permissions: "none",
  fn() {
    const estimate = new DelayBasedEstimate(300_000, 10_000, 30_000_000);
    estimate.update(NOTHING, 1_000_000, 0);
    assert.equal(estimate.bitsPerSecond, 1_000_000);
    for (let index = 0; index < 40; index++) {
      estimate.beginFeedback(66 * index);
      estimate.handlePacket(33_000 * index, 4 * 66 * index);
    }
    assert.equal(estimate.usage, "over");
    estimate.update(NOTHING, 0, 3000);
    assert.equal(estimate.bitsPerSecond, 500_000);
    estimate.update(NOTHING, 0, 3100);
    assert.equal(estimate.bitsPerSecond, 500_000);
    estimate.update(NOTHING, 0, 3200);
    assert.equal(estimate.bitsPerSecond, 250_000);
  },
});

Deno.test({
  name: "a probe sets the estimate unless the queue grows, and another way begins anew",
  permissions: "none",
  fn() {
    const estimate = new DelayBasedEstimate(300_000, 10_000, 30_000_000);
    assert.equal(estimate.isMeasured, false);
    estimate.update(NOTHING, 1_800_000, 0);
    assert.equal(estimate.bitsPerSecond, 1_800_000);
    assert.equal(estimate.isMeasured, true);
    estimate.restart(300_000);
    assert.equal(estimate.bitsPerSecond, 300_000);
    assert.equal(estimate.isMeasured, false);
    assert.equal(estimate.queueMs, 0);
  },
});
