import assert from "node:assert/strict";
import { AimdRateControl } from "./aimd_rate_control.ts";

function control(startBitsPerSecond: number): AimdRateControl {
  const control = new AimdRateControl(startBitsPerSecond, 10_000, 30_000_000);
  control.setRate(startBitsPerSecond, 0);
  return control;
}

Deno.test({
  name: "the first increase makes 108 kbit/s of 100 within a second",
  permissions: "none",
  fn() {
    const rate = control(100_000);
    rate.update("normal", 100_000, 0);
    rate.update("normal", 100_000, 1000);
    assert.equal(Math.round(rate.bitsPerSecond), 108_000);
  },
});

Deno.test({
  name: "near the capacity growth is one packet for each response time: 4 kbit/s each second at the least",
  permissions: "none",
  fn() {
    for (
      const [bitsPerSecond, roundTripMs, growth] of [[30_000, 200, 4000], [90_000, 200, 5000], [60_000, 100, 5000]]
    ) {
      const rate = control(bitsPerSecond);
      rate.handleRoundTrip(roundTripMs);
      assert.equal(rate.nearGrowth, growth);
    }
  },
});

Deno.test({
  name: "once the capacity is known growth is that near it",
  permissions: "none",
  fn() {
    const rate = control(200_000);
    rate.update("over", 100_000, 0);
    assert.equal(rate.bitsPerSecond, 85_000);
    rate.update("normal", 100_000, 1000);
    assert.equal(rate.bitsPerSecond, 85_000);
    const growth = rate.nearGrowth;
    rate.update("normal", 100_000, 2000);
    assert.equal(rate.bitsPerSecond, 85_000 + growth);
    // Far more arrives than was too much before: another link.
    assert.equal(rate.isBeyondKnown, false);
    rate.update("normal", 400_000, 3000);
    assert.equal(rate.isBeyondKnown, true);
  },
});

Deno.test({
  name: "the estimate grows up to 1.5 times of what arrives and 10 kbit/s, and does not fall to that",
  permissions: "none",
  fn() {
    const rate = control(100_000);
    for (let ms = 0; ms < 60_000; ms += 100) rate.update("normal", 100_000, ms);
    assert.equal(rate.bitsPerSecond, 160_000);
    rate.update("normal", 50_000, 60_100);
    assert.equal(rate.bitsPerSecond, 160_000);
  },
});

Deno.test({
  name: "overuse leaves 0.85 of what arrives, once in a round trip, and never raises",
  permissions: "none",
  fn() {
    const rate = control(1_000_000);
    rate.handleRoundTrip(100);
    rate.update("over", 500_000, 1000);
    assert.equal(rate.bitsPerSecond, 425_000);
    assert.equal(rate.decreasedMs, 1000);
    assert.equal(rate.canDecrease(500_000, 1099), false);
    assert.equal(rate.canDecrease(500_000, 1100), true);
    // Far too much is mended at once.
    assert.equal(rate.canDecrease(200_000, 1010), true);
    rate.update("over", 2_000_000, 1200);
    assert.ok(rate.bitsPerSecond <= 425_000);
  },
});

Deno.test({
  name:
    "B276: what arrives without a queue that grows can be sent, but for 3 s after a fall, when it may come out of the queue",
  permissions: "none",
  fn() {
    const rate = control(300_000);
    rate.update("normal", 2_000_000, 100);
    assert.ok(rate.bitsPerSecond >= 2_000_000);
    rate.update("over", 500_000, 1000);
    rate.update("normal", 2_000_000, 3900);
    assert.ok(rate.bitsPerSecond < 500_000);
    rate.update("normal", 2_000_000, 4000);
    assert.ok(rate.bitsPerSecond >= 2_000_000);
  },
});

Deno.test({
  name: "while the queue drains the estimate is held",
  permissions: "none",
  fn() {
    const rate = control(500_000);
    rate.update("over", 500_000, 0);
    for (let ms = 100; ms < 2000; ms += 100) rate.update("under", 500_000, ms);
    assert.equal(rate.bitsPerSecond, 425_000);
  },
});

Deno.test({
  name:
    "B276: without a probe the first measurement is after five seconds, of what arrives where that is more, or an overuse",
  permissions: "none",
  fn() {
    const rate = new AimdRateControl(300_000, 10_000, 30_000_000);
    for (let ms = 0; ms <= 5000; ms += 100) rate.update("normal", 200_000, ms);
    assert.equal(rate.isMeasured, false);
    assert.equal(rate.bitsPerSecond, 300_000);
    rate.update("normal", 200_000, 5100);
    assert.equal(rate.isMeasured, true);
    assert.equal(rate.bitsPerSecond, 300_000, "little was sent");
    const fast = new AimdRateControl(300_000, 10_000, 30_000_000);
    for (let ms = 0; ms <= 5100; ms += 100) fast.update("normal", 800_000, ms);
    assert.ok(fast.bitsPerSecond >= 800_000, `${fast.bitsPerSecond} bits per second`);
    const early = new AimdRateControl(300_000, 10_000, 30_000_000);
    early.update("over", 200_000, 0);
    assert.equal(early.bitsPerSecond, 170_000);
  },
});

Deno.test({
  name: "B273: beside TCP the rate grows by packets a round trip and falls to 0.85 where one was lost",
  permissions: "none",
  fn() {
    const rate = control(500_000);
    rate.handleRoundTrip(300);
    rate.compete(500_000, false, 1000);
    const before = rate.bitsPerSecond;
    rate.compete(500_000, false, 2000);
    // Three quarters of 9600 bits in each of (1 / 0.3) round trips, in each of which that is sent.
    assert.ok(Math.abs(rate.bitsPerSecond - before - 80_000) < 1);
    rate.compete(500_000, true, 2100);
    assert.equal(Math.round(rate.bitsPerSecond), Math.round(0.85 * (before + 80_000)));
    const after = rate.bitsPerSecond;
    rate.compete(500_000, true, 2300);
    assert.equal(rate.bitsPerSecond, after);
  },
});

Deno.test({
  name: "B275: a probe raises the estimate, and lowers only one that was not measured",
  permissions: "none",
  fn() {
    const rate = new AimdRateControl(300_000, 10_000, 30_000_000);
    rate.handleProbe(200_000, 0);
    assert.equal(rate.bitsPerSecond, 200_000);
    rate.handleProbe(800_000, 0);
    assert.equal(rate.bitsPerSecond, 800_000);
    rate.handleProbe(300_000, 0);
    assert.equal(rate.bitsPerSecond, 800_000);
  },
});

Deno.test({
  name: "the estimate stays within its bounds",
  permissions: "none",
  fn() {
    const rate = new AimdRateControl(300_000, 100_000, 400_000);
    rate.handleProbe(5_000_000, 0);
    assert.equal(rate.bitsPerSecond, 400_000);
    rate.setRate(1, 1);
    assert.equal(rate.bitsPerSecond, 100_000);
  },
});
