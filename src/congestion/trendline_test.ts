import assert from "node:assert/strict";
import { Trendline } from "./trendline.ts";

function add(trendline: Trendline, arrivalDeltaMs: number, sendDeltaMs: number): void {
  trendline.add({ arrivalDeltaMs, sendDeltaMs });
}

Deno.test({
  name: "the slope is that by which the delay grows, after twenty groups",
  permissions: "none",
  fn() {
    for (const slope of [0.1, -0.2, 0.5, 0]) {
      const trendline = new Trendline();
      for (let index = 0; index < 19; index++) add(trendline, 30, 30 * (1 - slope));
      assert.equal(trendline.slope, 0);
      for (let index = 0; index < 100; index++) add(trendline, 30, 30 * (1 - slope));
      assert.ok(Math.abs(trendline.slope - slope) < 0.01, `${trendline.slope}`);
      assert.equal(trendline.count, 119);
    }
  },
});

Deno.test({
  name: "one late group is hardly a trend, and a jump of the delay is one only for a while",
  permissions: "none",
  fn() {
    const trendline = new Trendline();
    for (let index = 0; index < 40; index++) add(trendline, 30, 30);
    add(trendline, 50, 30);
    add(trendline, 10, 30);
    assert.ok(Math.abs(trendline.slope) < 0.01);
    add(trendline, 160, 30);
    for (let index = 0; index < 60; index++) add(trendline, 30, 30);
    assert.ok(Math.abs(trendline.slope) < 0.01, `${trendline.slope}`);
  },
});

Deno.test({
  name: "where all groups arrived at once the slope stays as it is",
  permissions: "none",
  fn() {
    const trendline = new Trendline();
    for (let index = 0; index < 40; index++) add(trendline, 0, 30);
    assert.equal(trendline.slope, 0);
    add(trendline, 30, 0);
    trendline.reset();
    assert.deepEqual([trendline.slope, trendline.count], [0, 0]);
  },
});
