import assert from "node:assert/strict";
import { OveruseDetector } from "./overuse_detector.ts";

const GROUP_MS = 33;

/** One more group, the `count`th, whose feedback comes at `nowMs`. */
function take(detector: OveruseDetector, slope: number, sendDeltaMs: number, count: number, nowMs: number): void {
  detector.beginFeedback(nowMs);
  detector.handleTrend({ slope, count }, { arrivalDeltaMs: sendDeltaMs, sendDeltaMs });
}

/** Groups of a trend until the detector says `usage`; -1 where it does not within 300. */
function groupsUntil(usage: string, trend: (index: number) => number, detector = new OveruseDetector()): number {
  for (let index = 0; index < 300; index++) {
    take(detector, trend(index), GROUP_MS, index + 100, GROUP_MS * index);
    if (detector.usage === usage) return index + 1;
  }
  return -1;
}

Deno.test({
  name: "overuse takes a trend above the threshold for 10 ms and two groups, that does not fall",
  permissions: "none",
  fn() {
    // 12.5 is the first threshold, 60 groups and a gain of 4 make 0.0521 of it.
    assert.equal(groupsUntil("over", () => 0.07), 2);
    assert.equal(groupsUntil("over", () => 0.02), -1);
    assert.equal(groupsUntil("over", (index) => 0.09 - 0.0001 * index), -1);
    assert.equal(groupsUntil("over", (index) => index % 2 === 0 ? 0.07 : 0), -1);
  },
});

Deno.test({
  name: "short groups take as many as make 10 ms",
  permissions: "none",
  fn() {
    const detector = new OveruseDetector();
    let groups = 0;
    while (detector.usage !== "over" && groups < 100) take(detector, 0.07, 2, 100 + groups, 2 * groups++);
    // Half of the first, then 2 ms each: more than 10 after the sixth.
    assert.equal(groups, 6);
  },
});

Deno.test({
  name: "a falling delay is underuse, and a level one neither",
  permissions: "none",
  fn() {
    assert.equal(groupsUntil("under", () => -0.07), 1);
    assert.equal(groupsUntil("under", () => -0.02), -1);
    const detector = new OveruseDetector();
    take(detector, -0.07, GROUP_MS, 100, 0);
    take(detector, 0, GROUP_MS, 101, GROUP_MS);
    assert.equal(detector.usage, "normal");
  },
});

Deno.test({
  name: "the threshold follows a trend slowly upwards and faster down, not a spike, and stays within 6 and 600",
  permissions: "none",
  fn() {
    // No spike: the threshold reaches it within seconds, and a little less is overuse no more.
    const detector = new OveruseDetector();
    for (let index = 0; index < 300; index++) take(detector, 0.1, GROUP_MS, 100, GROUP_MS * index);
    assert.equal(detector.usage, "over");
    take(detector, 0.095, GROUP_MS, 100, GROUP_MS * 300);
    assert.equal(detector.usage, "normal");
    // 70 is far beyond it: not followed.
    const spiked = new OveruseDetector();
    for (let index = 0; index < 300; index++) take(spiked, 0.3, GROUP_MS, 100, GROUP_MS * index);
    assert.equal(groupsUntil("over", () => 0.07, spiked), 1);
    // After a calm the least threshold is 6, which is 0.025.
    const calm = new OveruseDetector();
    for (let index = 0; index < 300; index++) take(calm, 0, GROUP_MS, 100, GROUP_MS * index);
    assert.equal(groupsUntil("over", () => 0.024, calm), -1);
    for (let index = 0; index < 300; index++) take(calm, 0, GROUP_MS, 100, GROUP_MS * (300 + index));
    take(calm, 0.03, GROUP_MS, 100, GROUP_MS * 600);
    take(calm, 0.03, GROUP_MS, 100, GROUP_MS * 601);
    assert.equal(calm.usage, "over");
  },
});

Deno.test({
  name: "the first groups count less, and the very first is no trend",
  permissions: "none",
  fn() {
    const detector = new OveruseDetector();
    take(detector, 10, GROUP_MS, 1, 0);
    assert.equal(detector.usage, "normal");
    for (let count = 2; count < 30; count++) take(detector, 0.05, GROUP_MS, count, GROUP_MS * count);
    assert.equal(detector.usage, "normal");
    for (let count = 30; count < 80; count++) take(detector, 0.05, GROUP_MS, count, GROUP_MS * count);
    assert.equal(detector.usage, "over");
    detector.reset();
    assert.equal(detector.usage, "normal");
  },
});
