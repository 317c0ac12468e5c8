import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { parseRtp } from "./rtp_builder.ts";
import { SentStream } from "./sent_stream.ts";

function sender() {
  const sent: Uint8Array[] = [];
  const stream = new SentStream({
    kind: "video",
    clockRate: 90_000,
    payloadType: 96,
    ssrc: 1000,
    firstSequenceNumber: 65_535,
    firstTimestamp: 0xffff_ffff,
  }, (rtp) => sent.push(rtp));
  stream.rtx = { payloadType: 97, ssrc: 2000 };
  for (const frame of [0, 1, 2]) stream.send("frameStart", frame, 20, true, 1000 + frame * 10);
  return { stream, take: () => sent.splice(0) };
}

Deno.test({
  name: "packets are numbered and timed, across both wraps",
  permissions: "none",
  fn() {
    const { take } = sender();
    const packets = take().map(parseRtp);
    deepStrictEqual(packets.map(({ sequenceNumber }) => sequenceNumber), [65_535, 0, 1]);
    deepStrictEqual(packets.map(({ timestamp }) => timestamp), [0xffff_ffff, 899, 1799]);
  },
});

Deno.test({
  name: "a packet that is asked for is sent again by RTX: another SSRC, payload type and number, the old number inside",
  permissions: "none",
  fn() {
    const { stream, take } = sender();
    const [, original] = take();
    stream.handleNack([0], 50, 2000);
    const [repeated] = take();
    const packet = parseRtp(repeated);
    deepStrictEqual([packet.ssrc, packet.payloadType, packet.marker, packet.timestamp], [2000, 97, true, 899]);
    deepStrictEqual([...repeated.subarray(12, 14)], [0, 0]);
    deepStrictEqual(repeated.subarray(14), original.subarray(12));
    stream.handleNack([1], 50, 2000);
    strictEqual(parseRtp(take()[0]).sequenceNumber, (packet.sequenceNumber + 1) & 0xffff);
    deepStrictEqual(stream.nacks, [{ index: 1, atMs: 2000 }, { index: 2, atMs: 2000 }]);
  },
});

Deno.test({
  name:
    "within a round trip a packet is not sent again twice; what was never sent is not sent, nor anything without RTX",
  permissions: "none",
  fn() {
    const { stream, take } = sender();
    take();
    stream.handleNack([0], 50, 2000);
    stream.handleNack([0], 50, 2049);
    strictEqual(stream.retransmitted, 1);
    stream.handleNack([0], 50, 2050);
    strictEqual(stream.retransmitted, 2);
    stream.handleNack([2, 65_534], 50, 2100);
    strictEqual(stream.retransmitted, 2);
    stream.rtx = undefined;
    stream.handleNack([65_535], 50, 2200);
    strictEqual(stream.retransmitted, 2);
    strictEqual(take().length, 2);
  },
});
