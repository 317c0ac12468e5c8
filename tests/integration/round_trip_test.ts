import assert from "node:assert/strict";
import { Peer } from "../../src/sfu/peer.ts";
import { SimulatedCall } from "../harness/simulated_call.ts";

const SEED = 3_611;
const UP_MS = 35;
const DOWN_MS = 45;

/** The round trips that the server knows, in the order of joining. */
function roundTrips(call: SimulatedCall): (number | undefined)[] {
  const peers = [...call.room.rooms].flatMap((room) => [...room.peers.values()]);
  return peers.map((peer) => peer instanceof Peer ? peer.roundTripMs : undefined);
}

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
    assert.deepEqual(roundTrips(call), [undefined, undefined]);
    call.advance(3000);
    const [publisher, subscriber] = roundTrips(call);
    assertNear(publisher, UP_MS + DOWN_MS);
    assertNear(subscriber, 10);
  },
});
