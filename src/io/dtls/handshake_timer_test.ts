import assert from "node:assert/strict";
import { HandshakeTimer } from "./handshake_timer.ts";

const START_MS = 1_000_000;

Deno.test({
  name: "B23: a flight is repeated after 100 ms, and each wait is twice as long as the one before, 3 s at most",
  permissions: "none",
  fn() {
    const timer = new HandshakeTimer(START_MS);
    let nowMs = START_MS + 40;
    timer.startRepeating(nowMs);
    const waits = Array.from({ length: 7 }, () => {
      const wait = timer.next - nowMs;
      assert.equal(timer.handleTimeout(timer.next - 1), undefined);
      nowMs = timer.next;
      assert.equal(timer.handleTimeout(nowMs), "repeat");
      return wait;
    });
    assert.deepEqual(waits, [100, 200, 400, 800, 1600, 3000, 3000]);
    timer.stopRepeating();
    assert.equal(timer.next, START_MS + 15_000);
  },
});

Deno.test({
  name: "B24: the deadline is 15 s after the beginning, whatever is to be repeated",
  permissions: "none",
  fn() {
    const timer = new HandshakeTimer(START_MS, 5);
    assert.equal(timer.handleTimeout(START_MS + 14_999), undefined);
    timer.startRepeating(START_MS + 14_998);
    assert.equal(timer.next, START_MS + 15_000);
    assert.equal(timer.handleTimeout(START_MS + 15_000), "deadline");
  },
});
