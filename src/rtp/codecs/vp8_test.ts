import assert from "node:assert/strict";
import fc from "fast-check";
import { vp8 } from "./vp8.ts";

/** The first bytes of a key frame: 3 bytes of frame tag with P = 0, start code, 320x180 (RFC 6386 section 9.1). */
const KEY_FRAME = [0x50, 0xa5, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xb4, 0x00];
/** The frame tag of an inter frame: P = 1. */
const INTER_FRAME = [0x31, 0x02, 0x00, 0x11];

/** Payload descriptors in every form of RFC 7741 section 4.2, all with S = 1 and PID = 0. */
const DESCRIPTORS: Readonly<Record<string, readonly number[]>> = {
  "mandatory octet only": [0x10],
  "non-reference bit": [0x30],
  "X without extensions": [0x90, 0x00],
  "7-bit picture ID": [0x90, 0x80, 0x11],
  "15-bit picture ID": [0x90, 0x80, 0x92, 0x34],
  "TL0PICIDX and TID": [0x90, 0x60, 0x05, 0x40],
  "TID and KEYIDX": [0x90, 0x30, 0x61],
  "KEYIDX only": [0x90, 0x10, 0x01],
  "Chromium: 15-bit picture ID, TL0PICIDX, TID, KEYIDX": [0x90, 0xf0, 0x92, 0x34, 0x05, 0x21],
  "7-bit picture ID, TL0PICIDX, TID": [0x90, 0xe0, 0x11, 0x05, 0x40],
};

function isKeyFrameStart(payload: readonly number[]): boolean {
  return vp8.isKeyFrameStart(Uint8Array.from(payload), 0, payload.length);
}

for (const [form, descriptor] of Object.entries(DESCRIPTORS)) {
  Deno.test({
    name: `B59: the first packet of a VP8 key frame is known by the P bit behind its descriptor (${form})`,
    permissions: "none",
    fn() {
      assert.equal(isKeyFrameStart([...descriptor, ...KEY_FRAME]), true);
      assert.equal(isKeyFrameStart([...descriptor, KEY_FRAME[0]]), true);
      assert.equal(isKeyFrameStart([...descriptor, ...INTER_FRAME]), false);
    },
  });

  Deno.test({
    name: `a VP8 packet that ends inside its descriptor starts no key frame (${form})`,
    permissions: "none",
    fn() {
      const payload = Uint8Array.of(...descriptor, ...KEY_FRAME);
      for (let length = 0; length <= descriptor.length; length++) {
        assert.equal(vp8.isKeyFrameStart(payload, 0, length), false, `length ${length}`);
      }
    },
  });
}

Deno.test({
  name: "B59: a later packet or another partition of a VP8 key frame is no start",
  permissions: "none",
  fn() {
    assert.equal(isKeyFrameStart([0x00, ...KEY_FRAME]), false);
    for (let partition = 1; partition < 8; partition++) {
      assert.equal(isKeyFrameStart([0x10 | partition, ...KEY_FRAME]), false, `PID ${partition}`);
    }
  },
});

Deno.test({
  name: "a VP8 payload is read at its offset and reserved bits are ignored",
  permissions: "none",
  fn() {
    const bytes = Uint8Array.of(0xff, 0xff, 0xff, 0xd8, 0x8f, 0x11, ...KEY_FRAME);
    assert.equal(vp8.isKeyFrameStart(bytes, 3, bytes.length - 3), true);
  },
});

Deno.test({
  name: "no VP8 payload makes the parser throw or read past its end",
  permissions: "none",
  fn() {
    const property = fc.property(fc.uint8Array({ maxLength: 8 }), (payload) => {
      const zeros = Uint8Array.of(...payload, ...new Array(8).fill(0x00));
      const ones = Uint8Array.of(...payload, ...new Array(8).fill(0xff));
      const found = vp8.isKeyFrameStart(zeros, 0, payload.length);
      assert.equal(vp8.isKeyFrameStart(ones, 0, payload.length), found);
    });
    fc.assert(property, { seed: 8, numRuns: 5000 });
  },
});
