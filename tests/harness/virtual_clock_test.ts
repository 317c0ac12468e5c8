import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { VirtualClock } from "./virtual_clock.ts";

Deno.test({
  name: "timers fire in the order of their times, each at its own time",
  permissions: "none",
  fn() {
    const clock = new VirtualClock(1000);
    const fired: [string, number][] = [];
    const note = (name: string) => () => void fired.push([name, clock.now()]);
    clock.setTimeout(note("late"), 20);
    clock.setTimeout(note("early"), 5);
    clock.setTimeout(note("early too"), 5);
    clock.setTimeout(note("beyond"), 21);
    clock.advance(20);
    deepStrictEqual(fired, [["early", 1005], ["early too", 1005], ["late", 1020]]);
    strictEqual(clock.now(), 1020);
    strictEqual(clock.pendingCount, 1);
  },
});

Deno.test({
  name: "a timer that a callback sets fires in the same advance if it is due",
  permissions: "none",
  fn() {
    const clock = new VirtualClock();
    let ticks = 0;
    const tick = () => {
      ticks++;
      clock.setTimeout(tick, 10);
    };
    tick();
    clock.advance(35);
    strictEqual(ticks, 4);
    strictEqual(clock.pendingCount, 1);
  },
});

Deno.test({
  name: "a cleared timer does not fire, also if an earlier callback clears it",
  permissions: "none",
  fn() {
    const clock = new VirtualClock();
    let fired = false;
    const handle = clock.setTimeout(() => fired = true, 10);
    clock.setTimeout(() => clock.clearTimeout(handle), 10 - 1);
    clock.advance(10);
    strictEqual(fired, false);
    strictEqual(clock.pendingCount, 0);
  },
});

Deno.test({
  name: "nothing fires before setTimeout returns, even with no delay",
  permissions: "none",
  fn() {
    const clock = new VirtualClock();
    let fired = false;
    clock.setTimeout(() => fired = true, -1);
    strictEqual(fired, false);
    clock.advance(0);
    strictEqual(fired, true);
  },
});
