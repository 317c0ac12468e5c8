import assert from "node:assert/strict";
import fc from "fast-check";
import { REPLAY_WINDOW_SIZE, ReplayWindow } from "./replay_window.ts";

const LAST_INDEX = 2 ** 48 - 1;

Deno.test({
  name: "B30: an index is new once",
  permissions: "none",
  fn() {
    for (const first of [0, 1, 65535, 2 ** 31 - 1, 2 ** 32, LAST_INDEX - 2]) {
      const window = new ReplayWindow();
      assert.equal(window.newest, -1);
      for (const index of [first, first + 2, first + 1]) {
        assert.ok(window.check(index), `${index}`);
        window.accept(index);
        assert.equal(window.check(index), false, `${index}`);
      }
      assert.equal(window.newest, first + 2);
    }
  },
});

Deno.test({
  name: "B30: an index is too old once the window has passed it",
  permissions: "none",
  fn() {
    for (const newest of [5000, 65536 + 3, 2 ** 32 + 500, LAST_INDEX]) {
      const window = new ReplayWindow();
      window.accept(newest);
      assert.ok(window.check(newest - REPLAY_WINDOW_SIZE + 1));
      assert.equal(window.check(newest - REPLAY_WINDOW_SIZE), false);
      assert.equal(window.check(0), false);
    }
  },
});

Deno.test({
  name: "B30: what a step forward passes over is new, however full the window was",
  permissions: "none",
  fn() {
    for (const step of [1, 2, 3, 31, 32, 33, 500, REPLAY_WINDOW_SIZE - 1, REPLAY_WINDOW_SIZE, REPLAY_WINDOW_SIZE + 1]) {
      const window = new ReplayWindow();
      for (let index = 0; index < REPLAY_WINDOW_SIZE + 77; index++) window.accept(index);
      const full = window.newest;
      window.accept(full + step);
      const oldest = full + step - REPLAY_WINDOW_SIZE + 1;
      for (let index = oldest; index < full + step; index++) {
        assert.equal(window.check(index), index > full, `${index} after a step of ${step}`);
      }
    }
  },
});

Deno.test({
  name: "asking changes nothing",
  permissions: "none",
  fn() {
    const window = new ReplayWindow();
    window.accept(10);
    assert.ok(window.check(9000));
    assert.ok(window.check(9000));
    assert.ok(window.check(9));
    assert.equal(window.newest, 10);
  },
});

Deno.test({
  name: "B30: the window agrees with a list of all indices, over any steps forward and back",
  permissions: "none",
  fn() {
    const steps = fc.array(
      fc.oneof(
        fc.integer({ min: -REPLAY_WINDOW_SIZE - 5, max: 5 }),
        fc.integer({ min: 1, max: 3 * REPLAY_WINDOW_SIZE }),
        fc.constantFrom(REPLAY_WINDOW_SIZE - 1, REPLAY_WINDOW_SIZE, REPLAY_WINDOW_SIZE + 1, 32),
      ),
      { maxLength: 200 },
    );
    fc.assert(fc.property(fc.constantFrom(0, 65000, 2 ** 32 - 40), steps, (start, walk) => {
      const window = new ReplayWindow();
      const accepted = new Set<number>();
      let newest = -1;
      for (const step of [0, ...walk]) {
        const index = newest < 0 ? start : Math.max(0, newest + step);
        const isNew = !accepted.has(index) && (newest < 0 || index > newest - REPLAY_WINDOW_SIZE);
        assert.equal(window.check(index), isNew, `${index} after ${newest}`);
        if (!isNew) continue;
        window.accept(index);
        accepted.add(index);
        newest = Math.max(newest, index);
      }
    }));
  },
});
