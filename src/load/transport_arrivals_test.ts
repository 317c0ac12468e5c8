import assert from "node:assert/strict";
import { writeUint16 } from "../rtp/bytes.ts";
import { RtcpReader } from "../rtp/rtcp/rtcp_reader.ts";
import { TransportFeedbackReader } from "../rtp/rtcp/transport_feedback.ts";
import { TRANSPORT_WIDE_ID } from "./formats.ts";
import { TransportArrivals } from "./transport_arrivals.ts";

/** A packet with a MID and then the number. */
function packet(number: number): Uint8Array {
  const bytes = new Uint8Array(40);
  bytes[0] = 0x90;
  writeUint16(bytes, 12, 0xbede);
  writeUint16(bytes, 14, 2);
  bytes.set([0x40, 0x30, 0, (TRANSPORT_WIDE_ID << 4) | 1], 16);
  writeUint16(bytes, 20, number);
  return bytes;
}

function read(bytes: Uint8Array, length: number): (readonly [number, number])[] {
  const reader = new RtcpReader();
  const feedback = new TransportFeedbackReader();
  reader.reset(bytes, length);
  assert.ok(reader.next() && feedback.reset(reader));
  const received: [number, number][] = [];
  while (feedback.next()) if (feedback.received) received.push([feedback.sequenceNumber, feedback.arrivalTicks]);
  return received;
}

Deno.test({
  name: "feedback tells what came and when, across the end of the numbers, and each packet once",
  permissions: "none",
  fn() {
    const arrivals = new TransportArrivals();
    const out = new Uint8Array(1200);
    assert.equal(arrivals.write(out, 1, 2), 0);
    for (const [i, number] of [65_534, 65_535, 1].entries()) arrivals.handleRtp(packet(number), 1_000_000 + i * 1000);
    const ticks = [4000, 4004, 4008];
    assert.deepEqual(read(out, arrivals.write(out, 1, 2)), [[65_534, ticks[0]], [65_535, ticks[1]], [1, ticks[2]]]);
    arrivals.handleRtp(packet(0), 1_100_000);
    assert.equal(arrivals.write(out, 1, 2), 0, "it was told as missing");
    arrivals.handleRtp(packet(2), 1_101_000);
    assert.deepEqual(read(out, arrivals.write(out, 1, 2)), [[2, 4404]]);
  },
});

Deno.test({
  name: "packets without a transport-wide number ask for no feedback",
  permissions: "none",
  fn() {
    const arrivals = new TransportArrivals();
    arrivals.handleRtp(new Uint8Array(40).fill(0x80, 0, 1), 1000);
    const other = packet(7);
    other[19] = (5 << 4) | 1;
    arrivals.handleRtp(other, 1000);
    assert.equal(arrivals.write(new Uint8Array(1200), 1, 2), 0);
  },
});
