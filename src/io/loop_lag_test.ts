import assert from "node:assert/strict";
import { VirtualClock } from "../../tests/harness/virtual_clock.ts";
import { LAG_BOUNDS_MS, LAG_INTERVAL_MS, LoopLag } from "./loop_lag.ts";

/** A clock whose timers fire late. */
class LateClock extends VirtualClock {
  lateMs = 0;

  override setTimeout(callback: () => void, delayMs: number): number {
    return super.setTimeout(callback, delayMs + this.lateMs);
  }
}

Deno.test({
  name: "B262: the lag of the loop is how late timers are; the longest one is that since it was asked for last",
  permissions: "none",
  fn() {
    const clock = new LateClock();
    const lag = new LoopLag(clock);
    lag.start();
    lag.start();
    assert.equal(clock.pendingCount, 1);
    clock.lateMs = 100;
    clock.advance(LAG_INTERVAL_MS);
    clock.lateMs = 3;
    clock.advance(LAG_INTERVAL_MS + 100);
    const first = lag.take();
    assert.equal(first.longestMs, 100);
    assert.equal(first.lag.sumMs, 100);
    assert.deepEqual(first.lag.counts[LAG_BOUNDS_MS.indexOf(100)], 1);
    clock.advance(10 * (LAG_INTERVAL_MS + 3));
    const { longestMs, lag: { sumMs } } = lag.take();
    assert.deepEqual([longestMs, sumMs], [3, 130]);
    assert.equal(lag.take().longestMs, 0);
    lag.stop();
  },
});

Deno.test({
  name: "B44: nothing is measured before the start, and no timer is left by the stop",
  permissions: "none",
  fn() {
    const clock = new VirtualClock();
    const lag = new LoopLag(clock);
    assert.equal(clock.pendingCount, 0);
    lag.start();
    lag.stop();
    lag.stop();
    assert.equal(clock.pendingCount, 0);
    clock.advance(1000);
    assert.equal(lag.take().lag.counts.reduce((sum, count) => sum + count), 0);
    lag.start();
    assert.equal(clock.pendingCount, 1, "it can begin again");
    lag.stop();
  },
});
