import assert from "node:assert/strict";
import { VirtualClock } from "../../tests/harness/virtual_clock.ts";
import { Watchdog } from "./watchdog.ts";

function setUp() {
  const clock = new VirtualClock();
  const worker = { beats: 0, wakes: 0, hangs: 0 };
  const watchdog = new Watchdog({
    clock,
    beats: () => worker.beats,
    wake: () => void worker.wakes++,
    hung: () => void worker.hangs++,
  });
  return { clock, worker, watchdog };
}

Deno.test({
  name: "B397: a worker that has not gone on at three looks in a row, half a second apart, is hung; that is told once",
  permissions: "none",
  fn() {
    const { clock, worker, watchdog } = setUp();
    watchdog.start();
    clock.advance(1499);
    assert.deepEqual(worker, { beats: 0, wakes: 2, hangs: 0 });
    clock.advance(1);
    assert.equal(worker.hangs, 1);
    clock.advance(60_000);
    assert.deepEqual(worker, { beats: 0, wakes: 2, hangs: 1 });
    assert.equal(clock.pendingCount, 0);
  },
});

Deno.test({
  name: "B397: a worker that goes on between two of three looks is none that hangs, however seldom that is",
  permissions: "none",
  fn() {
    const { clock, worker, watchdog } = setUp();
    watchdog.start();
    for (let i = 0; i < 100; i++) {
      clock.advance(1400);
      worker.beats++;
    }
    assert.equal(worker.hangs, 0);
    clock.advance(2000);
    assert.equal(worker.hangs, 1);
  },
});

Deno.test({
  name: "B397: looks are counted, not time: one that is late, as this isolate has stood still, is one",
  permissions: "none",
  fn() {
    const looks: (() => void)[] = [];
    let nowMs = 0;
    const clock = { now: () => nowMs, setTimeout: (look: () => void) => looks.push(look), clearTimeout() {} };
    let hangs = 0;
    new Watchdog({ clock, beats: () => 0, wake() {}, hung: () => void hangs++ }).start();
    const lookLate = () => {
      nowMs += 60_000;
      looks.shift()?.();
      return hangs;
    };
    assert.deepEqual([lookLate(), lookLate(), lookLate()], [0, 0, 1]);
  },
});

Deno.test({
  name: "B397: nobody is looked at before the start and behind the stop; what was missed before counts no more",
  permissions: "none",
  fn() {
    const { clock, worker, watchdog } = setUp();
    watchdog.stop();
    watchdog.start();
    watchdog.start();
    assert.equal(clock.pendingCount, 1);
    clock.advance(1400);
    watchdog.stop();
    assert.equal(clock.pendingCount, 0);
    watchdog.start();
    clock.advance(1400);
    assert.equal(worker.hangs, 0);
    clock.advance(100);
    assert.equal(worker.hangs, 1);
  },
});
