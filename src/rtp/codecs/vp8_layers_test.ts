import assert from "node:assert/strict";
import { assertReadsWithinPackets, readBytes, recordedOf } from "../../../tests/harness/layer_reading.ts";
import { readRecordedPackets, RECORDED_PACKETS } from "../../../tests/harness/recorded_packets.ts";
import { rtpBytes } from "../../../tests/harness/rtp_packets.ts";
import { Vp8LayerReader } from "./vp8_layers.ts";

const KEY_FRAME = [0x50, 0xa5, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x40];
const HEADER_LENGTH = 12;

/** Payload descriptors (RFC 7741 section 4.2), and what they say. */
const DESCRIPTORS: readonly [string, readonly number[], Readonly<Record<string, unknown>>][] = [
  ["no extension", [0x10], { pictureIdBits: 0, picture: -1, temporal: 0, startOfFrame: true }],
  ["7-bit picture ID", [0x90, 0x80, 0x11], { pictureIdBits: 7, pictureId: 0x11, pictureIdOffset: HEADER_LENGTH + 2 }],
  ["15-bit picture ID", [0x90, 0x80, 0x92, 0x34], { pictureIdBits: 15, pictureId: 0x1234 }],
  ["TL0PICIDX alone", [0x90, 0x40, 0x55], { pictureIdBits: 0, tl0: 0x55, tl0Offset: HEADER_LENGTH + 2 }],
  ["TID and Y", [0x90, 0x60, 0x55, 0xa0], { tl0: 0x55, temporal: 2, switchingPoint: true, keyIndexOffset: 0 }],
  ["TID without Y", [0x90, 0x60, 0x55, 0x5f], { temporal: 1, switchingPoint: false, keyIndex: 0 }],
  ["KEYIDX alone", [0x90, 0x10, 0xf3], { temporal: 0, switchingPoint: false, keyIndex: 0x13 }],
  [
    "all of it",
    [0x90, 0xf0, 0xff, 0xff, 0xfe, 0x7f],
    { pictureIdBits: 15, pictureId: 0x7fff, tl0: 0xfe, temporal: 1, switchingPoint: true, keyIndex: 0x1f },
  ],
  ["all of it, 7 bits", [0x90, 0xf0, 0x7f, 0x01, 0x80], { pictureIdBits: 7, pictureId: 0x7f, tl0: 1, temporal: 2 }],
];

for (const [form, descriptor, expected] of DESCRIPTORS) {
  Deno.test({
    name: `B315: a VP8 payload descriptor tells layer, switching point and numbers (${form})`,
    permissions: "none",
    fn() {
      const bytes = rtpBytes({
        payload: [...descriptor, ...KEY_FRAME],
      });
      const layers = readBytes(new Vp8LayerReader(), bytes);
      assert.ok(layers !== undefined);
      for (const [field, value] of Object.entries(expected)) {
        assert.equal(layers[field as keyof typeof layers], value, field);
      }
    },
  });

  Deno.test({
    name: `B328: a VP8 payload that ends inside its descriptor says nothing (${form})`,
    permissions: "none",
    fn() {
      const bytes = rtpBytes({ payload: [...descriptor, ...KEY_FRAME] });
      for (let length = 0; length <= descriptor.length; length++) {
        assert.equal(readBytes(new Vp8LayerReader(), bytes, HEADER_LENGTH + length), undefined, `length ${length}`);
      }
      assert.ok(readBytes(new Vp8LayerReader(), bytes, HEADER_LENGTH + descriptor.length + 1) !== undefined);
    },
  });
}

Deno.test({
  name: "B327: the size of a VP8 picture is that of its key frame, without the scaling, and a late one changes nothing",
  permissions: "none",
  fn() {
    const reader = new Vp8LayerReader();
    assert.equal(reader.widthOf(0), 0);
    const keyFrame = (id: number, width: number, sequenceNumber: number) =>
      rtpBytes({
        sequenceNumber,
        timestamp: sequenceNumber * 3000,
        payload: [0x90, 0x80, id, 0x50, 0xa5, 0x00, 0x9d, 0x01, 0x2a, width & 0xff, 0x40 | (width >> 8), 0xf0, 0x40],
      });
    assert.equal(readBytes(reader, keyFrame(1, 320, 1))?.startsKeyPicture, true);
    assert.deepEqual([reader.widthOf(0), reader.heightOf(0), reader.widthOf(1)], [320, 240, 0]);
    readBytes(reader, keyFrame(5, 1280, 5));
    assert.equal(reader.widthOf(0), 1280);
    readBytes(reader, keyFrame(3, 640, 3));
    assert.equal(reader.widthOf(0), 1280);
    readBytes(
      reader,
      rtpBytes({ sequenceNumber: 6, timestamp: 18_000, payload: [0x90, 0x80, 6, ...KEY_FRAME.slice(0, 9)] }),
    );
    assert.equal(reader.widthOf(0), 1280, "a header that is cut short has no size");
  },
});

Deno.test({
  name: "B315: a VP8 frame starts with its first partition, and ends with the marker",
  permissions: "none",
  fn() {
    const read = (first: number, marker: boolean) =>
      readBytes(new Vp8LayerReader(), rtpBytes({ marker, payload: [first, 0x01, 0x02, 0x03] }));
    assert.deepEqual([read(0x10, false)?.startOfFrame, read(0x10, false)?.endOfFrame], [true, false]);
    assert.deepEqual([read(0x00, true)?.startOfFrame, read(0x00, true)?.endOfFrame], [false, true]);
    assert.equal(read(0x11, false)?.startOfFrame, false, "S of a later partition");
  },
});

Deno.test({
  name: "B315: VP8: temporal layers are counted from the packets, over a key frame as well",
  permissions: "none",
  fn() {
    const reader = new Vp8LayerReader();
    const read = (number: number, temporal: number, keyFrame = false) =>
      readBytes(
        reader,
        rtpBytes({
          sequenceNumber: number,
          timestamp: number * 3000,
          payload: [0x90, 0xe0, number, 0, temporal << 6, ...(keyFrame ? KEY_FRAME : [0x31, 0x02, 0x00])],
        }),
      );
    read(0, 0, true);
    assert.equal(reader.temporalLayers, 1);
    read(1, 2);
    assert.equal(reader.temporalLayers, 3);
    read(2, 0, true);
    assert.equal(reader.temporalLayers, 3, "they have had no time to come");
    read(3, 1);
    read(4, 0, true);
    assert.equal(reader.temporalLayers, 2);
  },
});

Deno.test({
  name: "B315: packets of VP8 that Chromium sent tell picture ID, size and key frame",
  permissions: { read: [RECORDED_PACKETS] },
  fn() {
    const [first, second] = recordedOf(readRecordedPackets().rtp, "video/vp8");
    const reader = new Vp8LayerReader();
    const layers = readBytes(reader, first);
    assert.deepEqual([layers?.pictureIdBits, layers?.pictureId, layers?.startsKeyPicture], [15, 0x4dad, true]);
    assert.deepEqual([reader.widthOf(0), reader.heightOf(0)], [320, 180]);
    const next = readBytes(reader, second);
    assert.deepEqual([next?.picture, next?.startsKeyPicture, next?.startOfFrame], [layers?.picture, false, false]);
  },
});

Deno.test({
  name: "B328: no packet of VP8 makes the reader throw or read past its end",
  permissions: { read: [RECORDED_PACKETS] },
  fn() {
    const packets = recordedOf(readRecordedPackets().rtp, "video/vp8");
    const forms = DESCRIPTORS.map(([, descriptor]) => rtpBytes({ payload: [...descriptor, ...KEY_FRAME] }));
    assertReadsWithinPackets(() => new Vp8LayerReader(), [...packets, ...forms]);
  },
});
