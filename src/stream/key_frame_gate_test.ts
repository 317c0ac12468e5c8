import assert from "node:assert/strict";
import fc from "fast-check";
import { KEY_FRAME_REQUEST_INTERVAL_MS, KeyFrameGate } from "./key_frame_gate.ts";

const INTERVAL = KEY_FRAME_REQUEST_INTERVAL_MS;

Deno.test({
  name: "B55: four who ask at once cause one key-frame request",
  permissions: "none",
  fn() {
    const gate = new KeyFrameGate();
    assert.deepEqual([1000, 1000, 1010, 1499].map((nowMs) => gate.request(nowMs)), [true, false, false, false]);
    gate.keyFrameReceived();
    assert.equal(gate.nextTimeout(), Infinity);
    assert.equal(gate.handleTimeout(1500), false);
  },
});

Deno.test({
  name: "B56: a key-frame request that is not answered goes out again every 500 ms until the key frame comes",
  permissions: "none",
  fn() {
    const gate = new KeyFrameGate();
    assert.equal(gate.request(0), true);
    for (let nowMs = INTERVAL; nowMs <= 20 * INTERVAL; nowMs += INTERVAL) {
      assert.equal(gate.nextTimeout(), nowMs);
      assert.equal(gate.handleTimeout(nowMs - 1), false);
      assert.equal(gate.handleTimeout(nowMs), true);
    }
    gate.keyFrameReceived();
    assert.equal(gate.nextTimeout(), Infinity);
  },
});

Deno.test({
  name: "B56: nothing is asked for before anybody wants it, nor once nobody does any more",
  permissions: "none",
  fn() {
    const gate = new KeyFrameGate();
    assert.equal(gate.nextTimeout(), Infinity);
    assert.equal(gate.handleTimeout(1000), false);
    assert.equal(gate.request(1000), true);
    gate.cancel();
    assert.equal(gate.nextTimeout(), Infinity);
    assert.equal(gate.handleTimeout(9000), false);
  },
});

Deno.test({
  name: "B57: who asks just after a key frame has passed gets one as soon as the 500 ms allow it",
  permissions: "none",
  fn() {
    const gate = new KeyFrameGate();
    gate.request(0);
    gate.keyFrameReceived();
    assert.equal(gate.request(110), false);
    assert.equal(gate.nextTimeout(), INTERVAL);
    assert.equal(gate.handleTimeout(INTERVAL), true);
  },
});

Deno.test({
  name: "B57: a request that waits is answered by a key frame that comes meanwhile",
  permissions: "none",
  fn() {
    const gate = new KeyFrameGate();
    gate.request(0);
    gate.keyFrameReceived();
    gate.request(110);
    gate.keyFrameReceived();
    assert.equal(gate.nextTimeout(), Infinity);
    assert.equal(gate.handleTimeout(INTERVAL), false);
  },
});

Deno.test({
  name: "B57: a key frame that nobody asked for delays no request",
  permissions: "none",
  fn() {
    const gate = new KeyFrameGate();
    gate.keyFrameReceived();
    assert.equal(gate.request(1), true);
  },
});

Deno.test({
  name:
    "B55: however requests, key frames and timeouts fall, two requests are never less than 500 ms apart and none is lost",
  permissions: "none",
  fn() {
    const event = fc.record({ after: fc.nat(700), kind: fc.constantFrom("request", "keyFrame", "nothing") });
    const property = fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const gate = new KeyFrameGate();
      let nowMs = 0;
      let sentMs = -Infinity;
      let unansweredSinceMs = Infinity;
      const send = (atMs: number) => {
        assert.ok(atMs - sentMs >= INTERVAL);
        sentMs = atMs;
      };
      for (const { after, kind } of events) {
        nowMs += after;
        for (let due = gate.nextTimeout(); due <= nowMs; due = gate.nextTimeout()) {
          assert.equal(gate.handleTimeout(due), true);
          send(due);
        }
        if (kind === "request") {
          unansweredSinceMs = Math.min(unansweredSinceMs, nowMs);
          if (gate.request(nowMs)) send(nowMs);
        } else if (kind === "keyFrame") {
          unansweredSinceMs = Infinity;
          gate.keyFrameReceived();
        }
        if (nowMs - unansweredSinceMs >= INTERVAL) assert.ok(nowMs - sentMs <= INTERVAL);
      }
    });
    fc.assert(property, { seed: 12, numRuns: 1000 });
  },
});
