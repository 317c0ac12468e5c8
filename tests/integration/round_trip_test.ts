import assert from "node:assert/strict";
import { SimulatedCall } from "../harness/simulated_call.ts";

const SEED = 3_611;
const UP_MS = 35;
const DOWN_MS = 45;

function assertNear(actual: number | undefined, expected: number): void {
  assert(actual !== undefined && Math.abs(actual - expected) <= 1, `${actual} ms instead of ${expected}`);
}

Deno.test({
  name: "B111: within 3 s the server knows the round trip to who only subscribes and to who only publishes",
  permissions: "none",
  fn() {
    const call = new SimulatedCall(SEED, { up: { delayMs: UP_MS }, down: { delayMs: DOWN_MS } });
    call.join().publishVideo();
    call.join({ up: { delayMs: 5 }, down: { delayMs: 5 } });
    call.advance(500);
    assert.deepEqual(call.roundTripsMs, [undefined, undefined]);
    call.advance(3000);
    const [publisher, subscriber] = call.roundTripsMs;
    assertNear(publisher, UP_MS + DOWN_MS);
    assertNear(subscriber, 10);
  },
});
