import assert from "node:assert/strict";
import { rtpPacket } from "../../../tests/harness/rtp_packets.ts";
import { PictureCounter } from "./picture_counter.ts";

const FRAME = 3000;

/** A counter that is given one packet for each picture, `number` being its sequence number and its time. */
function counterOf(bits: number): (number: number, id: number) => number {
  const counter = new PictureCounter();
  return (number, id) =>
    counter.count(
      rtpPacket({ sequenceNumber: number & 0xffff, timestamp: (0xfffff000 + number * FRAME) >>> 0 }),
      id,
      bits,
    );
}

Deno.test({
  name: "B315: pictures are counted over the wraps of their IDs, of 15 bits and of 7",
  permissions: "none",
  fn() {
    const long = counterOf(15);
    const first = long(0, 32_766);
    assert.equal(long(7, 5) - first, 32_773 - 32_766);
    const short = counterOf(7);
    const start = short(0, 32_893 & 0x7f);
    assert.equal(short(8, 5) - start, 32_901 - 32_893);
    for (let number = 9; number < 1000; number++) assert.equal(short(number, (number - 3) & 0x7f) - start, number);
  },
});

Deno.test({
  name: "B315: which way a picture ID has gone is told by the timestamp, so that a gap may be as wide as its range",
  permissions: "none",
  fn() {
    const count = counterOf(7);
    const first = count(0, 10);
    assert.equal(count(100, 110) - first, 100, "not 28 back");
    assert.equal(count(2, 12) - first, 2, "late, not 30 ahead");
    assert.equal(count(101, 111) - first, 101);
    assert.equal(count(-3, 7) - first, -3, "from before the first");
    assert.equal(count(200, 111) - first, 101 + 128, "the same ID in another picture");
  },
});

Deno.test({
  name: "B315: pictures go on being counted upward where the source begins anew, by another sequence number",
  permissions: "none",
  fn() {
    const counter = new PictureCounter();
    const count = (sequenceNumber: number, timestamp: number, id: number) =>
      counter.count(rtpPacket({ sequenceNumber, timestamp }), id, 15);
    const first = count(100, 0x40000000, 20_000);
    const second = count(30_000, 0x1000, 7);
    assert.equal(second - first, 32_768 - 20_000 + 7);
    assert.equal(count(30_001, 0x1000 + FRAME, 8), second + 1);
    assert.equal(count(29_999, 0x1000 - FRAME, 6), second - 1);
  },
});

Deno.test({
  name: "B315: packets of one picture have one count, and so has what comes late of the pictures before",
  permissions: "none",
  fn() {
    const counter = new PictureCounter();
    const first = counter.count(rtpPacket({ sequenceNumber: 1, timestamp: 0 }), 0, 15);
    assert.equal(counter.count(rtpPacket({ sequenceNumber: 3, timestamp: FRAME }), 1, 15), first + 1);
    assert.equal(counter.count(rtpPacket({ sequenceNumber: 2, timestamp: 0 }), 0, 15), first);
    assert.equal(counter.count(rtpPacket({ sequenceNumber: 4, timestamp: FRAME }), 1, 15), first + 1);
    assert.equal(counter.newest, first + 1);
    // Two pictures of one timestamp.
    assert.equal(counter.count(rtpPacket({ sequenceNumber: 5, timestamp: FRAME }), 2, 15), first + 2);
    assert.equal(counter.count(rtpPacket({ sequenceNumber: 4, timestamp: FRAME }), 1, 15), first + 1);
  },
});
