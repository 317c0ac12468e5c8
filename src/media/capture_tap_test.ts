import assert from "node:assert/strict";
import { buildRtp } from "../../tests/harness/rtp_builder.ts";
import { RtpPacket } from "../rtp/packet.ts";
import { CAPTURE_WINDOW_BYTES, CaptureTap } from "./capture_tap.ts";
import { type CapturedBatch, readCaptured } from "./captured_packets.ts";

/** A tap under a time that the test sets, and what it has told. */
function setUp(withPayload = false) {
  const time = { nowMs: 0 };
  const told: CapturedBatch[] = [];
  const tap = new CaptureTap({ number: 1, withPayload, time, emit: (batch) => void told.push(batch) });
  const packets = () => told.flatMap((batch) => [...readCaptured(batch)]);
  const missed = () => told.reduce((sum, batch) => sum + batch.missed, 0);
  return { time, told, tap, packets, missed };
}

function rtp(payload: Uint8Array): RtpPacket {
  const packet = new RtpPacket();
  const bytes = buildRtp({ payload });
  assert(packet.parse(bytes, bytes.length));
  return packet;
}

const SECRET = new Uint8Array(100).fill(0xab);

Deno.test({
  name: "B524: RTP is captured without a byte of its payload, unless that is asked for; RTCP as a whole",
  permissions: "none",
  fn() {
    for (const withPayload of [false, true]) {
      const { tap, packets } = setUp(withPayload);
      const packet = rtp(SECRET);
      const slot = new Uint8Array(2048).fill(1);
      tap.rtpReceived(packet);
      tap.rtcpReceived(new Uint8Array([1, 2, 3]), 2);
      tap.rtpSent(slot, 20, packet.bytes, packet.headerLength, 100);
      tap.rtcpSent(new Uint8Array([4, 5, 6]), 3);
      tap.end(0);
      const kept = withPayload ? 100 : 0;
      const told = packets().map(({ isSent, length, bytes }) => [isSent, length, bytes.length]);
      assert.deepEqual(told, [
        [false, packet.length, packet.headerLength + kept],
        [false, 2, 2],
        [true, 120, 20 + kept],
        [true, 3, 3],
      ]);
      assert.equal(packets().some(({ bytes }) => bytes.includes(0xab)), withPayload);
    }
  },
});

Deno.test({
  name: "B522: packets are told within 100 ms, each with its age",
  permissions: "none",
  fn() {
    const { tap, time, told, packets } = setUp();
    assert.equal(tap.nextTimeout(), Infinity);
    time.nowMs = 5000.25;
    tap.rtcpSent(SECRET, 8);
    time.nowMs = 5030;
    tap.rtcpSent(SECRET, 8);
    assert.equal(tap.nextTimeout(), 5100.25);
    tap.handleTimeout(5100);
    assert.equal(told.length, 0);
    tap.handleTimeout(5101);
    assert.deepEqual(packets().map(({ ageUs }) => ageUs), [100_750, 71_000]);
    assert.equal(tap.nextTimeout(), Infinity);
    tap.end(6000);
    assert.deepEqual(told.slice(1), [{ number: 1, toldMs: 6000, bytes: new Uint8Array(0), missed: 0, isLast: true }]);
  },
});

Deno.test({
  name: "B525: what is not taken is bounded: packets beyond it are left out and counted, until something is",
  permissions: "none",
  fn() {
    const { tap, told, packets, missed } = setUp(true);
    const packet = rtp(new Uint8Array(1100));
    for (let n = 0; n < 1000; n++) tap.rtpReceived(packet);
    tap.end(0);
    const bytes = told.reduce((sum, batch) => sum + batch.bytes.length, 0);
    assert(bytes <= CAPTURE_WINDOW_BYTES && bytes > CAPTURE_WINDOW_BYTES - 40_000, `${bytes}`);
    assert.equal(packets().length + missed(), 1000);
    const before = packets().length;
    tap.allow(bytes);
    tap.allow(CAPTURE_WINDOW_BYTES);
    for (let n = 0; n < 1000; n++) tap.rtpReceived(packet);
    tap.end(0);
    assert.deepEqual([packets().length, packets().length + missed()], [2 * before, 2000]);
  },
});
