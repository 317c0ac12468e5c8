import assert from "node:assert/strict";
import { assertReadsWithinPackets, readBytes, recordedOf } from "../../../tests/harness/layer_reading.ts";
import { readRecordedPackets, RECORDED_PACKETS } from "../../../tests/harness/recorded_packets.ts";
import { rtpBytes } from "../../../tests/harness/rtp_packets.ts";
import { Vp9LayerReader } from "./vp9_layers.ts";

/** Frame marker, profile 0, a key frame that is shown, sync code, BT.601, and 1280 by 720 (VP9 specification, section 6.2). */
const KEY_FRAME = [0x82, 0x49, 0x83, 0x42, 0x20, 0x4f, 0xf0, 0x2c, 0xf0, 0x00];
/** Three layers with their sizes, and a group of two pictures, the second with two references. */
const STRUCTURE = [
  0x58,
  0x00,
  0xa0,
  0x00,
  0x5a,
  0x01,
  0x40,
  0x00,
  0xb4,
  0x02,
  0x80,
  0x01,
  0x68,
  0x02,
  0x00,
  0x28,
  1,
  2,
];
const HEADER_LENGTH = 12;

/** Payload descriptors (RFC 9628 section 4.2), and what they say. */
const DESCRIPTORS: readonly [string, readonly number[], Readonly<Record<string, unknown>>][] = [
  ["the mandatory octet", [0x08], { picture: -1, startOfFrame: true, endOfFrame: false, startsKeyPicture: true }],
  ["7-bit picture ID", [0x8c, 0x11], { pictureIdBits: 7, pictureId: 0x11, endOfFrame: true }],
  ["P: no key picture", [0xc8, 0x92, 0x34], { pictureIdBits: 15, pictureId: 0x1234, startsKeyPicture: false }],
  [
    "layers, not flexible",
    [0xa9, 0x92, 0x34, 0x55, 0x77],
    { temporal: 2, switchingPoint: true, spatial: 2, tl0: 0x77, tl0Offset: HEADER_LENGTH + 4, notNeededAbove: true },
  ],
  ["upper layer of a key picture", [0xa8, 0x11, 0x03, 0x05], {
    spatial: 1,
    startsKeyPicture: false,
    keyPicture: false,
  }],
  ["a later packet of a key picture", [0xa0, 0x11, 0x00, 0x05], { startsKeyPicture: false, keyPicture: true }],
  ["layers, flexible", [0xb8, 0x11, 0x20], { temporal: 1, switchingPoint: false, spatial: 0, tl0Offset: 0 }],
  ["one reference", [0xf8, 0x11, 0x20, 0x04], { temporal: 1, keyPicture: false }],
  ["three references", [0xf8, 0x11, 0x20, 0x05, 0x07, 0x09], { temporal: 1 }],
  ["a structure", [0xaa, 0x92, 0x34, 0x00, 0x05, ...STRUCTURE], { spatialLayers: 3, startsKeyPicture: true }],
  ["a structure without sizes", [0xaa, 0x92, 0x34, 0x00, 0x05, 0x20], { spatialLayers: 2 }],
];

for (const [form, descriptor, expected] of DESCRIPTORS) {
  Deno.test({
    name: `B315: a VP9 payload descriptor tells layers, switching point and numbers (${form})`,
    permissions: "none",
    fn() {
      const layers = readBytes(new Vp9LayerReader(), rtpBytes({ payload: [...descriptor, ...KEY_FRAME] }));
      assert.ok(layers !== undefined);
      for (const [field, value] of Object.entries(expected)) {
        assert.equal(layers[field as keyof typeof layers], value, field);
      }
    },
  });

  Deno.test({
    name: `B328: a VP9 payload that ends inside its descriptor says nothing (${form})`,
    permissions: "none",
    fn() {
      const bytes = rtpBytes({ payload: [...descriptor, ...KEY_FRAME] });
      for (let length = 0; length <= descriptor.length; length++) {
        assert.equal(readBytes(new Vp9LayerReader(), bytes, HEADER_LENGTH + length), undefined, `length ${length}`);
      }
      assert.ok(readBytes(new Vp9LayerReader(), bytes, HEADER_LENGTH + descriptor.length + 1) !== undefined);
    },
  });
}

Deno.test({
  name: "B327: the sizes of VP9's layers are those of the structure, else that of the key frame's own header",
  permissions: "none",
  fn() {
    const reader = new Vp9LayerReader();
    const read = (picture: number, descriptor: readonly number[], frame: readonly number[]) =>
      readBytes(
        reader,
        rtpBytes({ sequenceNumber: picture, timestamp: picture * 3000, payload: [...descriptor, ...frame] }),
      );
    read(1, [0x88, 1], KEY_FRAME);
    assert.deepEqual([reader.widthOf(0), reader.heightOf(0), reader.widthOf(1)], [1280, 720, 0]);
    read(5, [0xaa, 5, 0x00, 0x05, ...STRUCTURE], [0x82, 0x49]);
    assert.deepEqual([0, 1, 2, 3].map((layer) => reader.widthOf(layer)), [160, 320, 640, 0]);
    assert.deepEqual([0, 1, 2, 3].map((layer) => reader.heightOf(layer)), [90, 180, 360, 0]);
    assert.equal(reader.spatialLayers, 3);
    read(3, [0x88, 3], KEY_FRAME);
    assert.equal(reader.widthOf(0), 160, "a late key frame tells nothing new");
    read(6, [0x88, 6], KEY_FRAME.slice(0, 6));
    assert.equal(reader.widthOf(0), 160, "a header that is cut short has no size");
    assert.equal(reader.spatialLayers, 1, "and no structure");
  },
});

Deno.test({
  name: "B327: the size is found behind the colors of every profile of VP9",
  permissions: "none",
  fn() {
    const size = (1919).toString(2).padStart(16, "0") + (1079).toString(2).padStart(16, "0");
    // Profile bits; a reserved bit; what says key frame; sync code; bit depth; color space and what follows.
    const sync = (0x498342).toString(2).padStart(24, "0");
    const headers = {
      "0": `10000010${sync}0101${size}`,
      "0, sRGB": `10000010${sync}111${size}`,
      "1": `10100010${sync}0101000${size}`,
      "1, sRGB": `10100010${sync}1110${size}`,
      "2": `10010010${sync}00101${size}`,
      "3": `101100010${sync}00101000${size}`,
    };
    for (const [profile, bits] of Object.entries(headers)) {
      const bytes = Array.from(
        { length: Math.ceil(bits.length / 8) },
        (_, i) => parseInt(bits.slice(i * 8, i * 8 + 8).padEnd(8, "0"), 2),
      );
      const reader = new Vp9LayerReader();
      readBytes(reader, rtpBytes({ payload: [0x88, 1, ...bytes] }));
      assert.deepEqual([reader.widthOf(0), reader.heightOf(0)], [1920, 1080], `profile ${profile}`);
    }
  },
});

Deno.test({
  name: "B315: packets of VP9 that Chromium sent tell picture ID, size and key frame",
  permissions: { read: [RECORDED_PACKETS] },
  fn() {
    const packets = recordedOf(readRecordedPackets().rtp, "video/vp9");
    const reader = new Vp9LayerReader();
    const layers = readBytes(reader, packets[0]);
    assert.deepEqual([layers?.pictureIdBits, layers?.startsKeyPicture, layers?.startOfFrame], [15, true, true]);
    assert.deepEqual([reader.widthOf(0), reader.heightOf(0)], [320, 180]);
    for (const packet of packets.slice(1)) assert.ok(readBytes(reader, packet)?.usable);
  },
});

Deno.test({
  name: "B328: no packet of VP9 makes the reader throw or read past its end",
  permissions: { read: [RECORDED_PACKETS] },
  fn() {
    const packets = recordedOf(readRecordedPackets().rtp, "video/vp9");
    const forms = DESCRIPTORS.map(([, descriptor]) => rtpBytes({ payload: [...descriptor, ...KEY_FRAME] }));
    assertReadsWithinPackets(() => new Vp9LayerReader(), [...packets, ...forms]);
  },
});
