import assert from "node:assert/strict";
import { RoundTrip } from "./round_trip.ts";

Deno.test({
  name: "a round trip is smoothed, the first one taken as it is",
  permissions: "none",
  fn() {
    const roundTrip = new RoundTrip();
    assert.equal(roundTrip.smoothedMs, 0);
    assert.equal(roundTrip.leastMs, Infinity);
    roundTrip.handle(50, 0);
    assert.equal(roundTrip.smoothedMs, 50);
    roundTrip.handle(150, 100);
    assert.equal(roundTrip.smoothedMs, 60);
    assert.equal(roundTrip.leastMs, 50);
    roundTrip.reset();
    assert.equal(roundTrip.smoothedMs, 0);
    assert.equal(roundTrip.leastMs, Infinity);
  },
});

Deno.test({
  name: "the least is that of the last five to ten seconds",
  permissions: "none",
  fn() {
    const roundTrip = new RoundTrip();
    roundTrip.handle(20, 0);
    for (let ms = 100; ms < 5000; ms += 100) roundTrip.handle(150, ms);
    assert.equal(roundTrip.leastMs, 20);
    for (let ms = 5000; ms < 10_000; ms += 100) roundTrip.handle(150, ms);
    assert.equal(roundTrip.leastMs, 20);
    roundTrip.handle(150, 10_000);
    assert.equal(roundTrip.leastMs, 150);
    roundTrip.handle(30, 60_000);
    assert.equal(roundTrip.leastMs, 30);
  },
});
