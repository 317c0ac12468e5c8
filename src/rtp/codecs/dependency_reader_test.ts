import assert from "node:assert/strict";
import { av1Frames } from "../../../tests/harness/av1_frames.ts";
import { FrameSource } from "../../../tests/harness/frame_source.ts";
import { assertReadsWithinPackets, readBytes, recordedOf } from "../../../tests/harness/layer_reading.ts";
import { DESCRIPTOR_ID } from "../../../tests/harness/layered_path.ts";
import { readRecordedPackets, RECORDED_PACKETS } from "../../../tests/harness/recorded_packets.ts";
import { rtpBytes } from "../../../tests/harness/rtp_packets.ts";
import { av1 } from "./av1.ts";
import { DependencyReader } from "./dependency_reader.ts";
import { h264 } from "./h264.ts";

/** Three temporal layers, as libwebrtc writes them. */
const L1T3 = "80012f800214eaa860414d1410208426";
const PAYLOAD = [0x10, 0x30, 0x10, 0x00];

function readerOf(descriptorId = DESCRIPTOR_ID): DependencyReader {
  return new DependencyReader(av1, descriptorId);
}

/** A packet with this descriptor, in the two-byte form. */
function described(descriptor: readonly number[], number = 0, payload: readonly number[] = PAYLOAD): Uint8Array {
  const data = [DESCRIPTOR_ID, descriptor.length, ...descriptor];
  while (data.length % 4 !== 0) data.push(0);
  const extension = { profile: 0x1000, data };
  return rtpBytes({ sequenceNumber: number, timestamp: number * 3000, payload, extension });
}

/** The mandatory fields, and bits behind them. */
function descriptor(template: number, frame: number, bits = ""): number[] {
  const bytes = Array.from(
    { length: Math.ceil(bits.length / 8) },
    (_, i) => parseInt(bits.slice(i * 8, i * 8 + 8).padEnd(8, "0"), 2),
  );
  return [0xc0 | template, frame >> 8, frame & 0xff, ...bytes];
}

Deno.test({
  name: "B315: a structure that libwebrtc wrote is read: templates, decode targets, chains",
  permissions: "none",
  fn() {
    const reader = readerOf();
    const layers = readBytes(reader, described([...Uint8Array.fromHex(L1T3)], 303));
    assert.equal(layers?.pictureId, 303);
    assert.deepEqual([layers?.startOfFrame, layers?.endOfFrame, layers?.keyPicture], [true, false, true]);
    const structure = layers?.structure;
    assert.deepEqual([structure?.templateIdOffset, structure?.decodeTargets, structure?.chains], [0, 3, 1]);
    assert.deepEqual(structure?.templates.map(({ spatial, temporal }) => [spatial, temporal]), [
      [0, 0],
      [0, 0],
      [0, 1],
      [0, 2],
      [0, 2],
    ]);
    assert.deepEqual(structure?.templates.map(({ present, switches }) => [present, switches]), [
      [7, 7],
      [7, 7],
      [6, 4],
      [4, 0],
      [4, 0],
    ]);
    assert.deepEqual(structure?.templates.map(({ frameDiffs }) => [...frameDiffs]), [[], [4], [2], [1], [1]]);
    assert.deepEqual(structure?.templates.map(({ chainDiffs }) => [...chainDiffs]), [[0], [4], [2], [1], [3]]);
    assert.deepEqual([...structure?.temporalOf ?? []], [0, 1, 2]);
    assert.deepEqual([...structure?.within ?? []].map((targets) => targets & 7), [1, 3, 7]);
    assert.deepEqual([reader.spatialLayers, reader.temporalLayers], [1, 3]);
    const next = readBytes(reader, described(descriptor(2, 305), 305));
    assert.deepEqual([next?.temporal, next?.present, next?.picture], [1, 6, (layers?.picture ?? 0) + 2]);
  },
});

Deno.test({
  name:
    "B315: what a frame has of its own stands in place of its template's: indications, dependencies, chains, targets",
  permissions: "none",
  fn() {
    const reader = readerOf();
    readBytes(reader, described([...Uint8Array.fromHex(L1T3)], 303));
    // Targets 0 and 1 are active; not present, discardable, switch; differences of 3, 18 and 300; a chain of 200.
    const own = "01111" + "011" + "000110" + ("01" + "0010") + ("10" + "00010001") + ("11" + "000100101011") + "00" +
      "11001000";
    const layers = readBytes(reader, described(descriptor(1, 306, own), 306));
    assert.deepEqual([layers?.active, layers?.present, layers?.switches], [3, 6, 4]);
    assert.deepEqual([...layers?.frameDiffs.subarray(0, layers.frameDiffCount) ?? []], [3, 18, 300]);
    assert.equal(layers?.chainDiffs[0], 200);
    assert.equal(reader.temporalLayers, 2);
    const next = readBytes(reader, described(descriptor(1, 307), 307));
    assert.deepEqual([next?.active, next?.frameDiffCount, next?.frameDiffs[0]], [3, 1, 4], "the targets stay");
    const late = readBytes(reader, described(descriptor(1, 305, "01000111"), 305));
    assert.equal(late?.active, 3, "what was said before does not count any more");
  },
});

Deno.test({
  name:
    "B315, B325: a descriptor whose structure never came is of no use, and one from before a new structure has its own",
  permissions: "none",
  fn() {
    const reader = readerOf();
    assert.equal(readBytes(reader, described(descriptor(0, 1), 1)), undefined);
    const source = new FrameSource(av1Frames, {
      packetsPerFrame: 1,
      spatialLayers: 2,
      temporalLayers: 2,
      interLayer: "every picture",
    });
    const key = source.packet(0);
    reader.read(key);
    const { structure } = key.layers;
    const length = [...Uint8Array.fromHex(L1T3)];
    const other = readBytes(reader, described([0xc0, 0x00, 0x09, ...length.slice(3)], 9));
    assert.notEqual(other?.structure, structure);
    const late = source.packet(2);
    // Its timestamp is that of the generated stream, in front of the others'.
    reader.read(late);
    assert.equal(late.layers.structure, structure);
    assert.equal(readBytes(reader, described(descriptor(40, 10), 10)), undefined, "no such template");
  },
});

Deno.test({
  name: "B315: the same structure again is the one that is known, so that what follows a late key frame is understood",
  permissions: "none",
  fn() {
    const reader = readerOf();
    const bytes = [...Uint8Array.fromHex(L1T3)];
    const first = readBytes(reader, described(bytes, 303))?.structure;
    assert.equal(readBytes(reader, described([bytes[0], 0x01, 0x40, ...bytes.slice(3)], 320))?.structure, first);
  },
});

Deno.test({
  name: "B327: sizes are those of the structure, else that of the sequence header for the highest layer",
  permissions: "none",
  fn() {
    const size = (width: number, height: number) =>
      (width - 1).toString(2).padStart(16, "0") + (height - 1).toString(2).padStart(16, "0");
    // One decode target, layers 0 and 1, each a switch, the second predicted from the first; no chains.
    const structure = "10000" + "000000" + "00000" + "10" + "11" + "10" + "10" + "0" + "100000" + "0";
    const reader = readerOf();
    readBytes(reader, described(descriptor(0, 1, `${structure}1${size(320, 180)}${size(640, 360)}`), 1));
    assert.deepEqual([0, 1, 2].map((layer) => [reader.widthOf(layer), reader.heightOf(layer)]), [
      [320, 180],
      [640, 360],
      [0, 0],
    ]);
    // Reduced header: 1280 by 720, in an OBU without a size.
    const header = "000" + "1" + "1" + "00101" + "1010" + "1001" + (1279).toString(2).padStart(11, "0") +
      (719).toString(2).padStart(10, "0");
    const obu = [0x08, ...descriptor(0, 0, header).slice(3)];
    const other = readerOf();
    readBytes(other, described(descriptor(0, 1, `${structure}0`), 1, [0x18, ...obu]));
    assert.deepEqual([0, 1].map((layer) => [other.widthOf(layer), other.heightOf(layer)]), [[0, 0], [1280, 720]]);
  },
});

Deno.test({
  name: "B316: a packet without a descriptor has no layers: AV1 of Chromium, its size in the sequence header",
  permissions: { read: [RECORDED_PACKETS] },
  fn() {
    const packets = recordedOf(readRecordedPackets().rtp, "video/av1");
    const reader = readerOf(0);
    const layers = readBytes(reader, packets[0]);
    assert.deepEqual([layers?.picture, layers?.startsKeyPicture, layers?.spatial, layers?.temporal], [-1, true, 0, 0]);
    assert.deepEqual([reader.widthOf(0), reader.heightOf(0)], [320, 180]);
  },
});

Deno.test({
  name: "B315, B316: H.264 of Chromium starts with its parameter set, and NAL units of 14 and 20 carry layers",
  permissions: { read: [RECORDED_PACKETS] },
  fn() {
    const reader = new DependencyReader(h264, 0);
    const [first, second] = recordedOf(readRecordedPackets().rtp, "video/h264");
    assert.deepEqual([readBytes(reader, first)?.startsKeyPicture, reader.widthOf(0), reader.heightOf(0)], [
      true,
      320,
      180,
    ]);
    assert.equal(readBytes(reader, second)?.startsKeyPicture, false);
    const read = (...payload: number[]) => readBytes(new DependencyReader(h264, 0), rtpBytes({ payload }));
    for (const type of [14, 20]) {
      const layers = read(0x60 | type, 0x80, 0x20, 0x40, 0x00);
      assert.deepEqual([layers?.spatial, layers?.temporal, layers?.picture], [2, 2, -1], `type ${type}`);
      assert.equal(read(0x60 | type, 0x00, 0x20, 0x40)?.spatial, 0, "multiview coding");
      assert.equal(read(0x60 | type, 0x80, 0x20)?.spatial, 0, "cut short");
    }
    for (const type of [1, 8]) assert.deepEqual([read(0x60 | type, 0x80, 0x20, 0x40)?.spatial], [0], `type ${type}`);
  },
});

Deno.test({
  name: "B315: H.264 with a dependency descriptor has temporal layers",
  permissions: "none",
  fn() {
    const reader = new DependencyReader(h264, DESCRIPTOR_ID);
    const layers = readBytes(reader, described([...Uint8Array.fromHex(L1T3)], 303, [0x67, 0x42, 0xc0, 0x15]));
    assert.deepEqual([layers?.startsKeyPicture, layers?.keyPicture, reader.temporalLayers], [true, true, 3]);
  },
});

Deno.test({
  name: "B328: no descriptor, and no packet of AV1 or H.264, makes the reader throw or read past its end",
  permissions: { read: [RECORDED_PACKETS] },
  fn() {
    const { rtp } = readRecordedPackets();
    const own = "01111" + "011" + "000110" + ("01" + "0010") + ("11" + "000100101011") + "00" + "11001000";
    const forms = [
      described([...Uint8Array.fromHex(L1T3)], 303),
      described(descriptor(2, 305), 305),
      described(descriptor(1, 306, own), 306),
    ];
    assertReadsWithinPackets(() => readerOf(), [...recordedOf(rtp, "video/av1"), ...forms, ...forms]);
    assertReadsWithinPackets(() => new DependencyReader(h264, 0), recordedOf(rtp, "video/h264"));
    const whole = described([...Uint8Array.fromHex(L1T3)], 303);
    for (let length = 0; length < 16; length++) {
      const cut = [...Uint8Array.fromHex(L1T3)].slice(0, length);
      assert.equal(readBytes(readerOf(), described(cut, 303)), undefined, `a descriptor of ${length} bytes`);
    }
    assert.ok(readBytes(readerOf(), whole) !== undefined);
  },
});
