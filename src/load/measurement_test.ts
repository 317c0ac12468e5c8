import assert from "node:assert/strict";
import { Histogram } from "./histogram.ts";
import { GIVE_UP_US, LossWindow } from "./loss_window.ts";
import { GRACE_US, Measurement } from "./measurement.ts";

const WINDOW_US = 2e6;
/** Between two packets of a track. */
const INTERVAL_US = 5000;

/** Tracks on which packets come at their times, seen by one measurement. */
class TestWindow {
  readonly tracks = [new LossWindow(), new LossWindow()];
  readonly measurement: Measurement;
  #nowUs = 0;
  #next = this.tracks.map(() => 0);

  /** Before the window so many packets of the first track do not come. */
  constructor({ missing = 0 } = {}) {
    this.flow([0, 1], 10 * INTERVAL_US);
    this.lose(0, missing);
    this.flow([0, 1], INTERVAL_US);
    const received = this.tracks.map((window) => ({ window, checked: 0, bad: 0 }));
    this.measurement = new Measurement({ now: () => this.#nowUs }, { sent: [], received }, new Histogram());
  }

  /** Packets come on these tracks for so long, and on the others none. */
  flow(tracks: readonly number[], us: number): void {
    const none = new Uint16Array(0);
    for (const endUs = this.#nowUs + us; this.#nowUs < endUs; this.#nowUs += INTERVAL_US) {
      for (const track of tracks) this.tracks[track].accept(this.#next[track]++ & 0xffff, this.#nowUs);
      for (const window of this.tracks) window.collect(this.#nowUs, none);
    }
  }

  /** So many packets do not come. */
  lose(track: number, count: number): void {
    this.#next[track] += count;
  }
}

Deno.test({
  name: "a window in which everything flows has neither losses nor silent tracks",
  permissions: "none",
  fn() {
    const window = new TestWindow();
    window.flow([0, 1], GRACE_US);
    window.measurement.beginLosses();
    window.flow([0, 1], WINDOW_US - GRACE_US);
    const result = window.measurement.end();
    window.flow([0, 1], GRACE_US);
    const { lost, silent, seconds, received } = result();
    assert.deepEqual({ lost, silent, seconds, received }, { lost: 0, silent: 0, seconds: 2, received: 800 });
  },
});

Deno.test({
  name: "a track on which nothing comes in the window is silent, though it flows behind it",
  permissions: "none",
  fn() {
    const window = new TestWindow();
    window.flow([0], WINDOW_US);
    const result = window.measurement.end();
    window.flow([0, 1], GRACE_US);
    assert.equal(result().silent, 1);
  },
});

Deno.test({
  name: "a track that stops inside the window is silent",
  permissions: "none",
  fn() {
    const window = new TestWindow();
    window.flow([0, 1], WINDOW_US / 2);
    window.flow([0], WINDOW_US / 2);
    const result = window.measurement.end();
    window.flow([0], GRACE_US);
    const { lost, silent } = result();
    assert.deepEqual({ lost, silent }, { lost: 0, silent: 1 });
  },
});

Deno.test({
  name: "a repair behind the window does not make a track that stopped flow",
  permissions: "none",
  fn() {
    const window = new TestWindow();
    window.flow([0, 1], WINDOW_US / 2);
    const missing = window.tracks[1].highest + 1;
    window.lose(1, 1);
    window.flow([0, 1], INTERVAL_US);
    const result = window.measurement.end();
    window.tracks[1].recover(missing & 0xffff);
    window.flow([0], GRACE_US);
    const { lost, silent } = result();
    assert.deepEqual({ lost, silent }, { lost: 0, silent: 1 });
  },
});

/** How many a window counts as lost where so many packets of a track do not come, so long after its start. */
function lossOf(count: number, afterUs: number): number {
  const window = new TestWindow();
  const milestones = [
    { us: afterUs, reach: () => window.lose(0, count) },
    { us: GRACE_US, reach: () => window.measurement.beginLosses() },
    { us: WINDOW_US, reach: () => result = window.measurement.end() },
  ].sort((a, b) => a.us - b.us);
  let result = window.measurement.end();
  let us = 0;
  for (const milestone of milestones) {
    window.flow([0, 1], milestone.us - us);
    milestone.reach();
    us = milestone.us;
  }
  window.flow([0, 1], WINDOW_US + GRACE_US - us);
  return result().lost;
}

// What is noticed in the first GRACE_US - GIVE_UP_US may be given up before the grace is over: it belongs to before.
for (const count of [1, 256, 300, 4000]) {
  for (const afterUs of [GRACE_US - GIVE_UP_US, GRACE_US / 2, GRACE_US, 1.5e6, WINDOW_US - 2 * INTERVAL_US]) {
    Deno.test({
      name: `${count} packets that are lost ${afterUs / 1000} ms into a window count, each once`,
      permissions: "none",
      fn() {
        assert.equal(lossOf(count, afterUs), count);
      },
    });
  }
}

Deno.test({
  name: "what was missing before the window, or is missing behind it, is not lost in it",
  permissions: "none",
  fn() {
    assert.equal(lossOf(4000, WINDOW_US), 0, "behind");
    const window = new TestWindow({ missing: 200 });
    window.flow([0, 1], GRACE_US);
    window.measurement.beginLosses();
    window.flow([0, 1], WINDOW_US - GRACE_US);
    const result = window.measurement.end();
    window.flow([0, 1], GRACE_US);
    assert.equal(result().lost, 0, "before");
  },
});
