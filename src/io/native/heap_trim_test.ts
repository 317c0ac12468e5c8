import assert from "node:assert/strict";
import { keyedDtls } from "../../../tests/harness/keyed_dtls.ts";
import { VirtualClock } from "../../../tests/harness/virtual_clock.ts";
import type { DtlsSink } from "../../webrtc/dtls.ts";
import { trimAfterBursts } from "./heap_trim.ts";

const SINK: DtlsSink = { sendDatagram() {}, connected() {}, failed() {}, applicationData() {} };

function setUp() {
  const clock = new VirtualClock();
  const trimmedAt: number[] = [];
  const original = keyedDtls();
  const { dtls, close } = trimAfterBursts(original, clock, () => trimmedAt.push(clock.now()));
  const shakeHands = (count: number) => {
    for (let i = 0; i < count; i++) dtls.create(SINK, clock.now()).close();
  };
  return { clock, trimmedAt, original, dtls, close, shakeHands };
}

Deno.test({
  name: "the heap is trimmed once, 10 s after a burst of handshakes, and again after the next",
  permissions: "none",
  fn() {
    const { clock, trimmedAt, shakeHands } = setUp();
    shakeHands(100);
    clock.advance(9_999);
    shakeHands(100);
    assert.deepEqual(trimmedAt, []);
    clock.advance(1);
    clock.advance(60_000);
    assert.deepEqual(trimmedAt, [10_000]);
    shakeHands(15);
    clock.advance(60_000);
    assert.deepEqual(trimmedAt, [10_000]);
    shakeHands(1);
    clock.advance(10_000);
    assert.deepEqual(trimmedAt, [10_000, 140_000]);
  },
});

Deno.test({
  name: "B44: no timer of the trim outlives the server",
  permissions: "none",
  fn() {
    const { clock, trimmedAt, close, shakeHands } = setUp();
    shakeHands(16);
    assert.equal(clock.pendingCount, 1);
    close();
    assert.equal(clock.pendingCount, 0);
    clock.advance(60_000);
    assert.deepEqual(trimmedAt, []);
  },
});

Deno.test({
  name: "sessions are those of the DTLS that was given, which stays as it is where the C library has no trim",
  permissions: "none",
  fn() {
    const { dtls, original } = setUp();
    assert.equal(dtls.fingerprint, original.fingerprint);
    assert.equal(trimAfterBursts(original, new VirtualClock(), null).dtls, original);
  },
});
