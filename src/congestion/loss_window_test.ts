import assert from "node:assert/strict";
import { LossWindow } from "./loss_window.ts";

/** Feeds packets 10 ms apart, `isLost` by index; returns how many observations were completed. */
function feed(window: LossWindow, packets: number, isLost: (index: number) => boolean, bytes = 1000, from = 0): number {
  let complete = 0;
  for (let index = 0; index < packets; index++) {
    if (window.handlePacket(bytes, (10_000 * (from + index)) | 0, isLost(index))) complete++;
  }
  return complete;
}

Deno.test({
  name: "an observation is of 250 ms and ten packets, or of a second",
  permissions: "none",
  fn() {
    const window = new LossWindow();
    assert.equal(feed(window, 101, () => false), 4);
    assert.equal(window.count, 4);
    const slow = new LossWindow();
    let complete = 0;
    for (let index = 0; index <= 20; index++) if (slow.handlePacket(100, 200_000 * index, false)) complete++;
    assert.equal(complete, 4);
  },
});

Deno.test({
  name: "what was lost of the last observations is told by bytes, with the rate that was sent",
  permissions: "none",
  fn() {
    const window = new LossWindow();
    feed(window, 400, (index) => index % 10 === 0);
    assert.ok(Math.abs(window.lossFraction - 0.1) < 0.01, `${window.lossFraction}`);
    assert.ok(Math.abs(window.steadyLossFraction - 0.1) < 0.02);
    assert.ok(Math.abs(window.sendRate - 800_000) < 40_000, `${window.sendRate}`);
    assert.equal(window.isFull, true);
    assert.ok(window.deviation > 0.005 && window.deviation < 0.05);
    window.reset();
    assert.equal(window.count, 0);
  },
});

Deno.test({
  name: "B274: one burst of losses does not count, small packets that are lost count little, a burst of packets does",
  permissions: "none",
  fn() {
    const spike = new LossWindow();
    feed(spike, 400, (index) => index >= 328 && index < 343);
    assert.ok(spike.lossFraction > 0.05);
    assert.equal(spike.steadyLossFraction, 0);

    const light = new LossWindow();
    for (let index = 0; index < 400; index++) {
      light.handlePacket(index % 2 === 0 ? 1200 : 60, 10_000 * index, index % 2 === 1);
    }
    assert.ok(light.lossFraction < 0.06, `${light.lossFraction}`);

    const burst = new LossWindow();
    let sentUs = 0;
    for (let index = 0; index < 600; index++) {
      // For 300 ms five times as fast.
      sentUs += index >= 200 && index < 350 ? 2000 : 10_000;
      burst.handlePacket(1000, sentUs, index >= 200 && index < 350 && index % 2 === 0);
      if (sentUs > 3_000_000) break;
    }
    assert.ok(burst.steadyLossFraction > 0.05, `${burst.steadyLossFraction}`);
  },
});

Deno.test({
  name: "B274: what was told as lost and comes later was not lost",
  permissions: "none",
  fn() {
    const window = new LossWindow();
    feed(window, 260, (index) => index % 4 === 0);
    assert.ok(window.lossFraction > 0.2);
    for (let index = 0; index < 65; index++) window.handleRecovered(1000);
    assert.equal(window.lossFraction, 0);
    window.handleRecovered(1000);
    assert.equal(window.lossFraction, 0);
  },
});
