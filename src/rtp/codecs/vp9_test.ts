import assert from "node:assert/strict";
import fc from "fast-check";
import { vp9 } from "./vp9.ts";

/** The first bytes of a key frame: frame marker, profile 0, sync code (VP9 specification, section 6.2). */
const KEY_FRAME = [0x82, 0x49, 0x83, 0x42];

/** A scalability structure of two layers, 160x90 and 320x180, with a group of two pictures, the second with two references. */
const STRUCTURE = [0x38, 0x00, 0xa0, 0x00, 0x5a, 0x01, 0x40, 0x00, 0xb4, 0x02, 0x00, 0x28, 0x01, 0x02];

/** Payload descriptors in every form of RFC 9628 section 4.2, all with B = 1, P = 0 and spatial layer 0. */
const DESCRIPTORS: Readonly<Record<string, readonly number[]>> = {
  "mandatory octet only": [0x08],
  "7-bit picture ID": [0x88, 0x11],
  "15-bit picture ID": [0x88, 0x92, 0x34],
  "not flexible: layer indices and TL0PICIDX": [0x28, 0x00, 0x05],
  "not flexible: 15-bit picture ID, layer indices, TL0PICIDX": [0xa8, 0x92, 0x34, 0x10, 0x05],
  "flexible: 15-bit picture ID": [0x98, 0x92, 0x34],
  "flexible: 7-bit picture ID, layer indices": [0xb8, 0x11, 0x10],
  "scalability structure of one layer, without resolution and group": [0x0a, 0x00],
  "resolution without group": [0x0a, 0x10, 0x01, 0x40, 0x00, 0xb4],
  "empty group": [0x0a, 0x08, 0x00],
  "Chromium: flexible, layer indices, structure with resolution": [
    0xba,
    0x92,
    0x34,
    0x00,
    0x10,
    0x01,
    0x40,
    0x00,
    0xb4,
  ],
  "Chromium: not flexible, structure with group": [0xaa, 0x92, 0x34, 0x00, 0x05, ...STRUCTURE],
};

function isKeyFrameStart(payload: readonly number[]): boolean {
  return vp9.isKeyFrameStart(Uint8Array.from(payload), 0, payload.length);
}

/** The descriptor with other bits in its first octet. */
function withFlags(descriptor: readonly number[], set: number, clear = 0): number[] {
  return [(descriptor[0] | set) & ~clear, ...descriptor.slice(1)];
}

for (const [form, descriptor] of Object.entries(DESCRIPTORS)) {
  Deno.test({
    name: `B90: the first packet of a VP9 key frame has B set and P clear (${form})`,
    permissions: "none",
    fn() {
      const payload = [...descriptor, ...KEY_FRAME];
      assert.equal(isKeyFrameStart(payload), true);
      assert.equal(isKeyFrameStart(withFlags(payload, 0x05)), true, "E and Z say nothing");
      assert.equal(isKeyFrameStart(withFlags(payload, 0x40)), false, "P: predicted from an earlier picture");
      assert.equal(isKeyFrameStart(withFlags(payload, 0, 0x08)), false, "B clear: a later packet");
    },
  });

  Deno.test({
    name: `a VP9 packet that ends inside its descriptor starts no key frame (${form})`,
    permissions: "none",
    fn() {
      const payload = Uint8Array.of(...descriptor, ...KEY_FRAME);
      for (let length = 0; length <= descriptor.length; length++) {
        assert.equal(vp9.isKeyFrameStart(payload, 0, length), false, `length ${length}`);
      }
    },
  });
}

Deno.test({
  name: "B90: a VP9 key frame starts at spatial layer 0, not at the layers above it in the same picture",
  permissions: "none",
  fn() {
    for (let sid = 0; sid < 8; sid++) {
      const indices = 0x10 | (sid << 1) | (sid > 0 ? 1 : 0);
      assert.equal(isKeyFrameStart([0xb8, 0x92, 0x34, indices, ...KEY_FRAME]), sid === 0, `flexible, SID ${sid}`);
      assert.equal(isKeyFrameStart([0x28, indices, 0x05, ...KEY_FRAME]), sid === 0, `not flexible, SID ${sid}`);
    }
  },
});

Deno.test({
  name: "a VP9 payload is read at its offset",
  permissions: "none",
  fn() {
    const bytes = Uint8Array.of(0xff, 0xff, 0xff, 0xb8, 0x11, 0x10, ...KEY_FRAME);
    assert.equal(vp9.isKeyFrameStart(bytes, 3, bytes.length - 3), true);
  },
});

Deno.test({
  name: "no VP9 payload makes the parser throw or read past its end",
  permissions: "none",
  fn() {
    // Half of the first octets are those of a key frame, so that the rest of the descriptor is read.
    const first = fc.oneof(fc.nat(0xff), fc.nat(0xff).map((octet) => (octet | 0x08) & ~0x40));
    const property = fc.property(first, fc.uint8Array({ maxLength: 24 }), (octet, rest) => {
      const zeros = Uint8Array.of(octet, ...rest, ...new Array(64).fill(0x00));
      const ones = Uint8Array.of(octet, ...rest, ...new Array(64).fill(0xff));
      for (const length of [0, 1, 1 + rest.length]) {
        const found = vp9.isKeyFrameStart(zeros, 0, length);
        assert.equal(vp9.isKeyFrameStart(ones, 0, length), found);
        assert.equal(vp9.isKeyFrameStart(zeros.subarray(0, length), 0, length), found);
      }
    });
    fc.assert(property, { seed: 9, numRuns: 5000 });
  },
});
