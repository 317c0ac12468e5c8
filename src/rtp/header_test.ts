import assert from "node:assert/strict";
import fc from "fast-check";
import { rtpPacket } from "../../tests/harness/rtp_packets.ts";
import { writeHeader } from "./header.ts";
import { RtpPacket } from "./packet.ts";

const DROP_ALL = new Uint8Array(256);
const NO_MID = new Uint8Array(0);
const FIELDS = { payloadType: 111, sequenceNumber: 9, timestamp: 8, ssrc: 7 };

Deno.test({
  name: "B58: a forwarded header has the subscriber's payload type, sequence number, timestamp, SSRC and MID",
  permissions: "none",
  fn() {
    const packet = rtpPacket({ marker: true, payloadType: 96, sequenceNumber: 1, timestamp: 2, ssrc: 3, payload: [1] });
    const out = new Uint8Array(64);
    const fields = { payloadType: 120, sequenceNumber: 0xfffe, timestamp: 0xdeadbeef, ssrc: 0x89abcdef };
    const length = writeHeader(out, packet, fields, DROP_ALL, 3, Uint8Array.of(0x37));
    assert.deepEqual(
      [...out.subarray(0, length)],
      [0x90, 0xf8, 0xff, 0xfe, 0xde, 0xad, 0xbe, 0xef, 0x89, 0xab, 0xcd, 0xef, 0xbe, 0xde, 0, 1, 0x30, 0x37, 0, 0],
    );
  },
});

Deno.test({
  name: "B58: CSRCs are left out, and the X bit is clear where no header extension is left",
  permissions: "none",
  fn() {
    const extension = { profile: 0xbede, data: [0x10, 1, 0, 0] };
    const packet = rtpPacket({ csrcs: [7, 8, 9], extension, payload: [1] });
    const out = new Uint8Array(64);
    assert.equal(writeHeader(out, packet, FIELDS, DROP_ALL, 0, NO_MID), 12);
    assert.equal(out[0], 0x80);
  },
});

Deno.test({
  name: "B58: marker, payload and padding arrive as they were sent",
  permissions: "none",
  fn() {
    const parsed = new RtpPacket();
    const property = fc.property(
      fc.boolean(),
      fc.array(fc.nat(255), { maxLength: 40 }),
      fc.nat(20),
      fc.array(fc.nat(0xffffffff), { maxLength: 15 }),
      fc.nat(255),
      (marker, payload, padding, csrcs, midId) => {
        const packet = rtpPacket({ marker, payload, padding, csrcs });
        const out = new Uint8Array(256);
        const length = writeHeader(out, packet, FIELDS, DROP_ALL, midId, Uint8Array.of(0x61));
        out.set(packet.bytes.subarray(packet.headerLength), length);
        assert.ok(parsed.parse(out, length + packet.length - packet.headerLength));
        assert.equal(parsed.marker, marker);
        assert.equal(parsed.padding, padding > 0);
        const sent = out.subarray(parsed.headerLength, parsed.headerLength + parsed.payloadLength);
        assert.deepEqual([...sent], payload);
        assert.equal(parsed.headerLength, midId === 0 ? 12 : 20);
      },
    );
    fc.assert(property, { seed: 7, numRuns: 500 });
  },
});
