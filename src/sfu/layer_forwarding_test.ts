import assert from "node:assert/strict";
import { consumerParameters, VP8 } from "../../tests/harness/engine.ts";
import { nackBytes } from "../../tests/harness/nack_feedback.ts";
import { parseRtp } from "../../tests/harness/rtp_builder.ts";
import { shuffled } from "../../tests/harness/shuffled.ts";
import { SimulcastTrack } from "../../tests/harness/simulcast_track.ts";
import { TemporalTrack } from "../../tests/harness/temporal_track.ts";
import { RtcpReader } from "../rtp/rtcp/rtcp_reader.ts";
import { readOriginalSequenceNumber } from "../rtp/rtx.ts";
import { sequenceDiff } from "../rtp/sequence.ts";
import { newFiller } from "./layer_forwarding.ts";

const WITH_RTX = consumerParameters({ codec: { ...VP8, payloadType: 120, rtxPayloadType: 121 } });

function nackOf(...sequenceNumbers: number[]): RtcpReader {
  const bytes = nackBytes(1, 77, sequenceNumbers);
  const reader = new RtcpReader();
  reader.reset(bytes, bytes.length);
  assert.ok(reader.next());
  return reader;
}

Deno.test({
  name: "B310: of packets in order every second picture is left out, and numbers have no gap",
  permissions: "none",
  fn() {
    const track = new TemporalTrack(WITH_RTX);
    track.handle([0, 1]);
    track.consumer.setTarget(Infinity, Infinity, 0, 0);
    const before = track.take();
    for (let index = 2; index < 2000; index++) track.handle([index]);
    const packets = [...before, ...track.take()];
    assert.deepEqual(packets.slice(2).map(({ index }) => index), Array.from({ length: 999 }, (_, i) => 2 + 2 * i));
    for (let i = 1; i < packets.length; i++) {
      assert.equal(sequenceDiff(packets[i].packet.sequenceNumber, packets[i - 1].packet.sequenceNumber), 1);
      assert.equal(packets[i].pictureId, (packets[i - 1].pictureId + 1) & 0x7fff, "picture IDs close up too");
    }
    assert.deepEqual({ ...track.consumer.current, encoding: undefined }, {
      encoding: undefined,
      spatial: 0,
      temporal: 0,
    });
  },
});

for (const seed of [1, 2, 3]) {
  Deno.test({
    name: `B310: through a pool of 64, layers left out, no number goes out twice and none stays open, seed ${seed}`,
    permissions: "none",
    fn() {
      const track = new TemporalTrack(WITH_RTX);
      track.handle([0]);
      track.consumer.setTarget(Infinity, Infinity, 0, 0);
      // From the next picture on: what was missing before that is still of the upper layer.
      track.handle([1, 2]);
      track.take();
      const numbers = new Map<number, number>();
      let newest = 0;
      for (const index of shuffled(20_000, seed)) {
        track.handle([index + 3]);
        for (const { packet, index: of } of track.take()) {
          newest += Math.max(0, sequenceDiff(packet.sequenceNumber, newest & 0xffff));
          const number = newest + sequenceDiff(packet.sequenceNumber, newest & 0xffff);
          assert.equal(numbers.has(number), false, `${number} goes out twice`);
          numbers.set(number, of);
          assert.ok(packet.payloadLength > 0 ? of % 2 === 0 : packet.paddingLength === 1, "padding, or the base layer");
        }
      }
      // In the order of their numbers pictures are in the order of the source, and 1 in 50 that are far too late are lost.
      const order = [...numbers].sort(([a], [b]) => a - b);
      const shown = order.map(([, index]) => index).filter((index) => index >= 0);
      assert.deepEqual(shown, shown.toSorted((a, b) => a - b));
      assert.ok(shown.length > 9_500, `${shown.length} pictures`);
      assert.ok(order.length > 0.97 * (order[order.length - 1][0] - order[0][0]), "open numbers");
    },
  });
}

Deno.test({
  name:
    "B310: what is left out and comes late goes out as padding, and once more as its number alone where that is lost",
  permissions: "none",
  fn() {
    const track = new TemporalTrack(WITH_RTX);
    track.handle([0]);
    track.consumer.setTarget(Infinity, Infinity, 0, 0);
    track.handle([1, 2, 4]);
    const [, , second] = track.take();
    track.handle([3]);
    const [late] = track.take();
    assert.deepEqual([late.packet.payloadLength, late.packet.paddingLength, late.packet.marker], [0, 1, false]);
    assert.equal(sequenceDiff(second.packet.sequenceNumber, late.packet.sequenceNumber), 1);
    track.consumer.handleNack(nackOf(late.packet.sequenceNumber, second.packet.sequenceNumber), 5);
    const [empty, whole] = track.sender.takeRtp().map(parseRtp);
    assert.equal(readOriginalSequenceNumber(empty), late.packet.sequenceNumber);
    assert.equal(empty.payloadLength, 2);
    assert.equal(readOriginalSequenceNumber(whole), second.packet.sequenceNumber);
    assert.equal(whole.payloadLength, second.packet.payloadLength + 2);
    assert.equal(whole.bytes[whole.headerLength + 5], second.pictureId & 0xff, "under the ID that it had");
  },
});

Deno.test({
  name: "B307: NACK after a switch finds packets of both encodings, each under the picture ID that it went out with",
  permissions: "none",
  fn() {
    const track = new SimulcastTrack(11, WITH_RTX);
    track.subscribe();
    const packets = track.play(2000);
    track.consumer.setTarget(0, Infinity, Infinity, track.nowMs);
    packets.push(...track.play(300));
    const at = packets.findLastIndex(({ encoding }) => encoding === 2) + 1;
    const asked = packets.slice(at - 6, at + 6);
    track.consumer.handleNack(nackOf(...asked.map(({ packet }) => packet.sequenceNumber)), track.nowMs);
    const resent = track.sender.takeRtp().map(parseRtp);
    assert.equal(resent.length, asked.length);
    for (const [i, rtx] of resent.entries()) {
      const { packet } = asked[i];
      assert.equal(readOriginalSequenceNumber(rtx), packet.sequenceNumber);
      assert.equal(rtx.timestamp, packet.timestamp);
      const payload = packet.bytes.subarray(packet.headerLength, packet.headerLength + packet.payloadLength);
      const again = rtx.bytes.subarray(rtx.headerLength + 2, rtx.headerLength + rtx.payloadLength);
      assert.deepEqual([...again], [...payload], `packet ${i}`);
    }
  },
});

Deno.test({
  name: "the filler is a packet of padding alone",
  permissions: "none",
  fn() {
    const filler = newFiller();
    assert.deepEqual([filler.payloadLength, filler.paddingLength, filler.marker, filler.extensionLength], [
      0,
      1,
      false,
      0,
    ]);
  },
});
