import assert from "node:assert/strict";
import { Histogram } from "./histogram.ts";

Deno.test({
  name: "a duration counts in the first bucket that it does not exceed, and behind the last bound in one of its own",
  permissions: "none",
  fn() {
    const histogram = new Histogram([1, 5, 10]);
    for (const ms of [0, 1, 1.001, 5, 9, 10, 11, 1e9]) histogram.observe(ms);
    assert.deepEqual(histogram.figures, { counts: [2, 2, 2, 2], sumMs: 1e9 + 37.001 });
  },
});

Deno.test({
  name: "a clock that went back takes nothing from the sum",
  permissions: "none",
  fn() {
    const histogram = new Histogram([1]);
    histogram.observe(2);
    histogram.observe(-5);
    assert.deepEqual(histogram.figures, { counts: [1, 1], sumMs: 2 });
  },
});

Deno.test({
  name: "what was told does not change with what comes after",
  permissions: "none",
  fn() {
    const histogram = new Histogram([1]);
    const { figures } = histogram;
    histogram.observe(1);
    assert.deepEqual(figures, { counts: [0, 0], sumMs: 0 });
  },
});
