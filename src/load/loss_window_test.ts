import assert from "node:assert/strict";
import { START_SEQUENCE_NUMBERS } from "../../tests/harness/rtp_packets.ts";
import { GIVE_UP_US, LossWindow, MAX_AWAITED, MAX_GAP } from "./loss_window.ts";

const NONE = new Uint16Array(0);

/** A window behind one packet, a gap of so many, and another packet. */
function windowWithGap(gap: number, start = 0): LossWindow {
  const window = new LossWindow();
  window.accept(start, 0);
  window.accept((start + 1 + gap) & 0xffff, 0);
  return window;
}

for (const start of START_SEQUENCE_NUMBERS) {
  Deno.test({
    name: `a packet is lost when it is missing for the time to give up, and not at once, from ${start}`,
    permissions: "none",
    fn() {
      const window = windowWithGap(3, start);
      window.collect(GIVE_UP_US - 1, NONE);
      assert.deepEqual([window.lost, window.lostAtOnce, window.awaited], [0, 0, 3]);
      window.collect(GIVE_UP_US, NONE);
      assert.deepEqual([window.lost, window.lostAtOnce, window.awaited], [3, 0, 0]);
    },
  });

  Deno.test({
    name: `what is missing beyond those that are waited for is lost at once, from ${start}`,
    permissions: "none",
    fn() {
      const window = windowWithGap(MAX_AWAITED + 10, start);
      assert.deepEqual([window.lost, window.lostAtOnce, window.awaited], [10, 10, MAX_AWAITED]);
      window.collect(GIVE_UP_US, NONE);
      assert.deepEqual([window.lost, window.lostAtOnce], [MAX_AWAITED + 10, 10]);
    },
  });

  Deno.test({
    name: `a gap that is too long is lost at once and whole, from ${start}`,
    permissions: "none",
    fn() {
      const window = windowWithGap(MAX_GAP + 1, start);
      assert.deepEqual([window.lost, window.lostAtOnce, window.awaited], [MAX_GAP + 1, MAX_GAP + 1, 0]);
    },
  });

  Deno.test({
    name: `a packet that is waited for counts once, by RTX or late, from ${start}`,
    permissions: "none",
    fn() {
      const window = windowWithGap(2, start);
      const [first, second] = [(start + 1) & 0xffff, (start + 2) & 0xffff];
      assert.equal(window.recover(first), window.highest - 2);
      assert.equal(window.recover(first), -1);
      assert.equal(window.accept(second, 1), window.highest - 1);
      assert.equal(window.accept(second, 1), -1);
      window.collect(GIVE_UP_US, NONE);
      const { received, recovered, reordered, duplicates, lost } = window;
      assert.deepEqual([received, recovered, reordered, duplicates, lost], [4, 1, 1, 2, 0]);
    },
  });
}
