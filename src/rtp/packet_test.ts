import assert from "node:assert/strict";
import fc from "fast-check";
import { rtpBytes, rtpPacket } from "../../tests/harness/rtp_packets.ts";
import { RtpPacket } from "./packet.ts";

Deno.test({
  name: "the fixed header is read into fields",
  permissions: "none",
  fn() {
    const bytes = Uint8Array.of(0x80, 0xe0, 0xff, 0xfe, 0xde, 0xad, 0xbe, 0xef, 0x89, 0xab, 0xcd, 0xef, 7, 8, 9);
    const packet = new RtpPacket();
    assert.equal(packet.parse(bytes, bytes.length), true);
    assert.equal(packet.marker, true);
    assert.equal(packet.payloadType, 96);
    assert.equal(packet.sequenceNumber, 0xfffe);
    assert.equal(packet.timestamp, 0xdeadbeef);
    assert.equal(packet.ssrc, 0x89abcdef);
    assert.equal(packet.padding, false);
    assert.equal(packet.headerLength, 12);
    assert.equal(packet.payloadLength, 3);
    assert.equal(packet.extensionProfile, 0);
    assert.equal(packet.extensionLength, 0);
  },
});

Deno.test({
  name: "the payload lies behind CSRCs and header extension and before the padding",
  permissions: "none",
  fn() {
    const extension = { profile: 0xbede, data: [0x10, 1, 0, 0] };
    const packet = rtpPacket({ csrcs: [1, 2], extension, payload: [5, 6, 7], padding: 4 });
    assert.equal(packet.extensionProfile, 0xbede);
    assert.equal(packet.extensionOffset, 24);
    assert.equal(packet.extensionLength, 4);
    assert.equal(packet.headerLength, 28);
    assert.equal(packet.padding, true);
    assert.equal(packet.payloadLength, 3);
    assert.equal(packet.length, 35);
  },
});

Deno.test({
  name: "a packet of padding alone has no payload",
  permissions: "none",
  fn: () => assert.equal(rtpPacket({ padding: 255 }).payloadLength, 0),
});

Deno.test({
  name: "padding that is 0 or longer than what follows the header is refused",
  permissions: "none",
  fn() {
    const packet = new RtpPacket();
    const bytes = rtpBytes({ payload: [1, 2], padding: 2 });
    for (let padding = 0; padding < 256; padding++) {
      bytes[bytes.length - 1] = padding;
      assert.equal(packet.parse(bytes, bytes.length), padding >= 1 && padding <= 4, `padding ${padding}`);
    }
  },
});

Deno.test({
  name: "padding that is added counts itself, leaves the payload and reads as it was written",
  permissions: "none",
  fn() {
    for (const [had, count] of [[0, 1], [0, 2], [0, 255], [3, 0], [1, 1], [5, 250], [0, 0]]) {
      const bytes = new Uint8Array(300).fill(0xaa);
      const { length } = rtpBytes({ payload: [5, 6], padding: had });
      bytes.set(rtpBytes({ payload: [5, 6], padding: had }));
      const packet = new RtpPacket();
      assert.equal(packet.parse(bytes, length), true);
      assert.equal(packet.paddingLength, had);
      packet.addPadding(count);
      assert.equal(packet.paddingLength, had + count);
      assert.deepEqual(bytes.slice(0, packet.length), rtpBytes({ payload: [5, 6], padding: had + count }));
      assert.ok(bytes.subarray(packet.length).every((byte) => byte === 0xaa), "nothing behind it is written");
      const parsed = new RtpPacket();
      assert.equal(parsed.parse(bytes, packet.length), true);
      assert.deepEqual(parsed, packet);
    }
  },
});

Deno.test({
  name: "a packet cut short in its header is refused, another version and a false length too",
  permissions: "none",
  fn() {
    const packet = new RtpPacket();
    const bytes = rtpBytes({ csrcs: [1], extension: { profile: 0x1000, data: [1, 2, 3, 4] }, payload: [9, 9] });
    for (let length = 0; length <= bytes.length; length++) {
      assert.equal(packet.parse(bytes, length), length >= 24, `length ${length}`);
    }
    assert.equal(packet.parse(bytes, bytes.length + 1), false);
    for (const version of [0, 1, 3]) {
      assert.equal(packet.parse(Uint8Array.of((version << 6) | 1, ...bytes.subarray(1)), bytes.length), false);
    }
  },
});

Deno.test({
  name: "a reused view keeps nothing of the packet before",
  permissions: "none",
  fn() {
    const packet = rtpPacket({ marker: true, extension: { profile: 0xbede, data: [0, 0, 0, 0] }, padding: 3 });
    const next = rtpBytes({ sequenceNumber: 1, payload: [1] });
    assert.equal(packet.parse(next, next.length), true);
    assert.deepEqual(packet, rtpPacket({ sequenceNumber: 1, payload: [1] }));
  },
});

Deno.test({
  name: "whatever the bytes are, parsing does not throw and all parts lie inside the packet",
  permissions: "none",
  fn() {
    const packet = new RtpPacket();
    const property = fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(90), fc.boolean(), (bytes, length, asRtp) => {
      if (asRtp && bytes.length > 0) bytes[0] = 0x80 | (bytes[0] & 0x3f);
      if (!packet.parse(bytes, length)) return;
      assert.ok(packet.extensionOffset + packet.extensionLength <= packet.headerLength);
      assert.ok(packet.payloadLength >= 0);
      assert.ok(packet.headerLength + packet.payloadLength <= length);
    });
    fc.assert(property, { seed: 2, numRuns: 5000 });
  },
});
