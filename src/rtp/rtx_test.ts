import assert from "node:assert/strict";
import { type PacketFields, rtpBytes, rtpPacket, START_SEQUENCE_NUMBERS } from "../../tests/harness/rtp_packets.ts";
import { writeHeader } from "./header.ts";
import { RtpPacket } from "./packet.ts";
import { OSN_LENGTH, prependOriginalSequenceNumber, readOriginalSequenceNumber, unwrapRtx } from "./rtx.ts";

const MEDIA = { ssrc: 0x80000001, payloadType: 96 };
const RTX = { ssrc: 0x90000002, payloadType: 97 };
const NO_EXTENSIONS = new Uint8Array(256);

const SHAPES: readonly PacketFields[] = [
  { payload: [1, 2, 3, 4, 5] },
  { payload: [1], marker: true },
  { payload: [] },
  { payload: [9, 8, 7], csrcs: [1, 2], extension: { profile: 0xbede, data: [0x10, 0xff, 0, 0] }, marker: true },
];

/** The RTX packet of an original (RFC 4588 section 4). */
function rtxOf(original: PacketFields, sequenceNumber: number, padding = 0): RtpPacket {
  const osn = original.sequenceNumber ?? 0;
  const payload = [osn >> 8, osn & 0xff, ...original.payload ?? []];
  return rtpPacket({ ...original, ...RTX, sequenceNumber, payload, padding });
}

function fieldsOf(packet: RtpPacket): Record<string, unknown> {
  return { ...packet, bytes: [...packet.bytes.subarray(0, packet.length)] };
}

for (const sequenceNumber of START_SEQUENCE_NUMBERS) {
  Deno.test({
    name:
      `B110: an RTX packet becomes the packet that it carries, fields and bytes, with sequence number ${sequenceNumber}`,
    permissions: "none",
    fn() {
      for (const shape of SHAPES) {
        const original = { ...shape, ...MEDIA, sequenceNumber, timestamp: 0xfffffff0 };
        for (const padding of [0, 1, 200]) {
          const packet = rtxOf(original, 5, padding);
          assert.equal(readOriginalSequenceNumber(packet), sequenceNumber);
          assert.equal(unwrapRtx(packet, MEDIA.ssrc, MEDIA.payloadType), true);
          assert.deepEqual(fieldsOf(packet), fieldsOf(rtpPacket({ ...original, padding })));
          const parsed = new RtpPacket();
          assert.equal(parsed.parse(packet.bytes, packet.length), true);
          assert.deepEqual(fieldsOf(parsed), fieldsOf(packet));
        }
      }
    },
  });

  Deno.test({
    name: `a packet goes into RTX and comes out of it again with sequence number ${sequenceNumber}`,
    permissions: "none",
    fn() {
      for (const shape of SHAPES) {
        const stored = rtpPacket({ ...shape, ...MEDIA, sequenceNumber: 1234, timestamp: 99 });
        const slot = new Uint8Array(2048);
        const { payloadType, ssrc } = RTX;
        const fields = { payloadType, sequenceNumber: 7, timestamp: 99, ssrc };
        const headerLength = writeHeader(slot, stored, fields, NO_EXTENSIONS, 0, NO_EXTENSIONS);
        const offset = prependOriginalSequenceNumber(stored, sequenceNumber);
        const length = stored.payloadLength + OSN_LENGTH;
        slot.set(stored.bytes.subarray(offset, offset + length), headerLength);
        const packet = new RtpPacket();
        assert.equal(packet.parse(slot, headerLength + length), true);
        assert.equal(packet.sequenceNumber, 7);
        assert.equal(unwrapRtx(packet, MEDIA.ssrc, MEDIA.payloadType), true);
        const { payload, marker } = shape;
        const expected = rtpBytes({ payload, marker, ...MEDIA, sequenceNumber, timestamp: 99 });
        assert.deepEqual(packet.bytes.slice(0, packet.length), expected);
      }
    },
  });
}

Deno.test({
  name:
    "B110: an RTX packet of padding alone, or too short for a sequence number, carries no packet and stays as it is",
  permissions: "none",
  fn() {
    for (const fields of [{}, { payload: [5] }, { padding: 255 }, { payload: [5], padding: 3 }]) {
      const packet = rtpPacket({ ...RTX, sequenceNumber: 3, ...fields });
      const before = fieldsOf(packet);
      assert.equal(readOriginalSequenceNumber(packet), -1);
      assert.equal(unwrapRtx(packet, MEDIA.ssrc, MEDIA.payloadType), false);
      assert.deepEqual(fieldsOf(packet), before);
    }
  },
});
