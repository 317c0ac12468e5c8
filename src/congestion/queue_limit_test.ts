import assert from "node:assert/strict";
import { QueueLimit } from "./queue_limit.ts";

Deno.test({
  name: "B279: of 80 kbit/s with 100 kB under way in a window of 50 kB 72 and 58.3 are given, and 30 at the least",
  permissions: "none",
  fn() {
    const queue = new QueueLimit();
    queue.update(100_000, 50_000, 80_000, 0);
    assert.equal(queue.apply(80_000), 72_000);
    assert.equal(queue.isLimiting, true);
    queue.update(100_000, 50_000, 72_000, 0);
    assert.equal(Math.round(queue.apply(72_000)), 58_320);
    for (let index = 0; index < 100; index++) queue.update(100_000, 50_000, 80_000, 0);
    assert.equal(queue.apply(80_000), 30_000);
  },
});

Deno.test({
  name:
    "a little too much lowers slowly, and what fits gives back step by step, all of it where next to nothing is under way",
  permissions: "none",
  fn() {
    const queue = new QueueLimit();
    queue.update(60_000, 50_000, 1_000_000, 0);
    assert.equal(queue.apply(1_000_000), 950_000);
    queue.update(60_000, 50_000, 1_000_000, 0);
    queue.update(40_000, 50_000, 1_000_000, 0);
    assert.equal(Math.round(queue.apply(1_000_000)), 947_625);
    queue.update(1000, 50_000, 1_000_000, 0);
    assert.equal(queue.isLimiting, false);
    queue.update(100_000, 50_000, 1_000_000, 0);
    queue.reset();
    assert.equal(queue.isLimiting, false);
  },
});

Deno.test({
  name: "B279: while packets arrive half of that rate is given at the least",
  permissions: "none",
  fn() {
    const queue = new QueueLimit();
    for (let index = 0; index < 100; index++) queue.update(100_000, 50_000, 1_000_000, 400_000);
    assert.equal(queue.apply(1_000_000), 200_000);
  },
});

Deno.test({
  name: "the window is a round trip and 350 ms of the estimate, two packets at the least",
  permissions: "none",
  fn() {
    assert.equal(QueueLimit.windowBytes(800_000, 150), 50_000);
    assert.equal(QueueLimit.windowBytes(10_000, 0), 3000);
  },
});
