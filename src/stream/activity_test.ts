import assert from "node:assert/strict";
import { Activity } from "./activity.ts";

/** When an encoding has stopped whose last packet came at 10,000 ms, of `others` that end a frame each `frameMs`. */
function stopsAfter(others: number, frameMs: number): number {
  const activity = new Activity();
  assert.equal(activity.handlePackets(7, 10_000), true);
  assert.equal(activity.handlePackets(7, 10_000), false);
  for (let nowMs = 10_000; nowMs < 20_000; nowMs += 10) {
    const frames = 7 + Math.floor((nowMs - 10_000) / frameMs) * others;
    if (activity.nextTimeout() > nowMs || !activity.handleTimeout(frames, others, nowMs)) continue;
    assert.equal(activity.isActive, false);
    assert.equal(activity.nextTimeout(), Infinity);
    return nowMs - 10_000;
  }
  throw new Error("goes on for ever");
}

Deno.test({
  name:
    "B304: an encoding has stopped after 1.5 s of silence, or where each other one has sent 10 frames since, 0.4 s later",
  permissions: "none",
  fn() {
    assert.equal(stopsAfter(0, 33), 1500);
    assert.equal(stopsAfter(1, 33), 400);
    assert.equal(stopsAfter(2, 33), 400);
    assert.equal(stopsAfter(2, 60), 600);
    assert.equal(stopsAfter(1, 1000), 1500, "a screen that stands still");
  },
});

Deno.test({
  name: "B304: an encoding that sends is active, as long as the publisher does not say that it is over",
  permissions: "none",
  fn() {
    const activity = new Activity();
    assert.equal(activity.isActive, false);
    for (let nowMs = 0; nowMs < 10_000; nowMs += 100) {
      assert.equal(activity.handlePackets(nowMs, nowMs), nowMs === 0);
      assert.equal(activity.handleTimeout(nowMs, 2, nowMs), false);
    }
    assert.equal(activity.stop(), true);
    assert.equal(activity.stop(), false);
    assert.equal(activity.handlePackets(0, 10_000), true);
    assert.equal(activity.isActive, true);
  },
});
