import assert from "node:assert/strict";
import { VirtualClock } from "../../tests/harness/virtual_clock.ts";
import { Drain } from "./drain.ts";

async function isOver(over: Promise<void>): Promise<boolean> {
  return await Promise.race([over.then(() => true), Promise.resolve().then(() => Promise.resolve()).then(() => false)]);
}

Deno.test({
  name:
    "B450: a drain is over when no peer is left, or its time is; what is asked once more can end it sooner, and never later",
  permissions: "none",
  async fn() {
    const clock = new VirtualClock();
    const drain = new Drain(clock);
    drain.handlePeers(0);
    assert.deepEqual([drain.hasBegun, drain.secondsLeft, clock.pendingCount], [false, 0, 0]);
    const over = drain.begin(60, 2);
    clock.advance(20_000);
    assert.equal(drain.begin(600, 2), over);
    assert.deepEqual([drain.hasBegun, drain.secondsLeft, await isOver(over)], [true, 40, false]);
    drain.handlePeers(1);
    assert.equal(await isOver(over), false);
    drain.handlePeers(0);
    assert.deepEqual([await isOver(over), drain.hasBegun, clock.pendingCount], [true, true, 0]);

    const late = new Drain(clock);
    const timeOver = late.begin(1, 1);
    clock.advance(999);
    assert.equal(await isOver(timeOver), false);
    clock.advance(1);
    assert.deepEqual([await isOver(timeOver), late.secondsLeft, clock.pendingCount], [true, 0, 0]);
    const shortened = new Drain(clock);
    const soonOver = shortened.begin(86_400, 1);
    assert.equal(shortened.begin(10, 1), soonOver);
    assert.deepEqual([shortened.secondsLeft, clock.pendingCount], [10, 1]);
    clock.advance(10_000);
    assert.deepEqual([await isOver(soonOver), clock.pendingCount], [true, 0]);
    const empty = new Drain(clock);
    assert.equal(await isOver(empty.begin(60, 0)), true);
    assert.equal(clock.pendingCount, 0);
  },
});
