import assert from "node:assert/strict";
import { LinkCapacity } from "./link_capacity.ts";

Deno.test({
  name: "what the link carries is the mean of the rates that were too much, with bounds around it",
  permissions: "none",
  fn() {
    const capacity = new LinkCapacity();
    assert.equal(capacity.isKnown, false);
    assert.equal(capacity.upperBound, Infinity);
    assert.equal(capacity.lowerBound, 0);
    capacity.handleOveruse(500_000);
    assert.equal(capacity.bitsPerSecond, 500_000);
    // Three standard deviations of sqrt(0.4 * 500) kbit/s.
    assert.ok(Math.abs(capacity.upperBound - 542_426) < 1, `${capacity.upperBound}`);
    assert.ok(Math.abs(capacity.lowerBound - 457_574) < 1);
    // One of them.
    assert.equal(capacity.isBelow(514_000), false);
    assert.equal(capacity.isBelow(515_000), true);
    capacity.handleOveruse(600_000);
    assert.equal(capacity.bitsPerSecond, 505_000);
    capacity.reset();
    assert.equal(capacity.isKnown, false);
    assert.equal(capacity.isBelow(1), true);
  },
});

Deno.test({
  name: "a probe moves it half of the way, and very different rates widen the bounds up to a limit",
  permissions: "none",
  fn() {
    const capacity = new LinkCapacity();
    capacity.handleOveruse(500_000);
    capacity.handleProbe(700_000);
    assert.equal(capacity.bitsPerSecond, 600_000);
    for (let index = 0; index < 50; index++) capacity.handleOveruse(index % 2 === 0 ? 100_000 : 2_000_000);
    const width = capacity.upperBound - capacity.bitsPerSecond;
    assert.ok(Math.abs(width - 3000 * Math.sqrt(2.5 * capacity.bitsPerSecond / 1000)) < 1);
  },
});
