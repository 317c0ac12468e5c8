import assert from "node:assert/strict";
import fc from "fast-check";
import { av1 } from "./av1.ts";

/** OBUs without their size field: a sequence header and the first bytes of a frame (AV1 specification, section 5.3). */
const SEQUENCE_HEADER = [0x08, 0x00, 0x00, 0x00, 0x04];
const FRAME = [0x30, 0x10, 0x00, 0x8a];

/** Puts the length before an OBU element. */
function sized(element: readonly number[]): number[] {
  return [element.length, ...element];
}

/** First packets of a coded video sequence, with every W (AV1 RTP payload, section 4.4). */
const STARTS: Readonly<Record<string, readonly number[]>> = {
  "W 0, sequence header alone": [0x08, ...sized(SEQUENCE_HEADER)],
  "W 0, sequence header and frame": [0x08, ...sized(SEQUENCE_HEADER), ...sized(FRAME)],
  "W 1, sequence header alone": [0x18, ...SEQUENCE_HEADER],
  "W 2, Chromium: sequence header and a frame that goes on": [0x68, ...sized(SEQUENCE_HEADER), ...FRAME],
  "W 3": [0x38, ...sized(SEQUENCE_HEADER), ...sized(FRAME), ...FRAME],
  "length in two bytes": [0x08, 0x85, 0x00, ...SEQUENCE_HEADER],
  "length in eight bytes": [0x28, 0x85, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00, ...SEQUENCE_HEADER, ...FRAME],
  "reserved bits set": [0x2f, ...sized(SEQUENCE_HEADER), ...FRAME],
};

function isKeyFrameStart(payload: readonly number[]): boolean {
  return av1.isKeyFrameStart(Uint8Array.from(payload), 0, payload.length);
}

for (const [form, payload] of Object.entries(STARTS)) {
  Deno.test({
    name: `B90: the first packet of an AV1 coded video sequence has N set (${form})`,
    permissions: "none",
    fn() {
      const [header, ...rest] = payload;
      assert.equal(isKeyFrameStart(payload), true);
      assert.equal(isKeyFrameStart([header & ~0x08, ...rest]), false, "N clear");
      assert.equal(isKeyFrameStart([header | 0x80, ...rest]), false, "Z: the rest of an OBU begun before");
      assert.equal(isKeyFrameStart([header ^ 0x40, ...rest]), true, "Y says nothing");
    },
  });
}

Deno.test({
  name: "an AV1 packet that is cut short starts no key frame",
  permissions: "none",
  fn() {
    const cut = (payload: readonly number[], length: number) =>
      av1.isKeyFrameStart(Uint8Array.from(payload), 0, length);
    const two = STARTS["W 0, sequence header and frame"];
    const whole = 1 + 1 + SEQUENCE_HEADER.length;
    for (let length = 0; length < two.length; length++) assert.equal(cut(two, length), length === whole, `${length}`);
    const chromium = STARTS["W 2, Chromium: sequence header and a frame that goes on"];
    for (let length = 0; length <= whole; length++) assert.equal(cut(chromium, length), false, `length ${length}`);
    assert.equal(cut(STARTS["W 1, sequence header alone"], 1), false);
  },
});

Deno.test({
  name: "an AV1 element that is empty, longer than the packet, or has an endless length starts no key frame",
  permissions: "none",
  fn() {
    assert.equal(isKeyFrameStart([0x08, 0x00, ...sized(SEQUENCE_HEADER)]), false);
    assert.equal(isKeyFrameStart([0x08, ...sized(SEQUENCE_HEADER), 0x00]), false);
    assert.equal(isKeyFrameStart([0x28, 0xff, 0xff, 0xff, 0xff, 0x0f, ...SEQUENCE_HEADER]), false);
    assert.equal(isKeyFrameStart([0x28, 0x85, ...new Array(7).fill(0x80), 0x00, ...SEQUENCE_HEADER, ...FRAME]), false);
    assert.equal(isKeyFrameStart([0x08, ...new Array(16).fill(0x80)]), false);
  },
});

Deno.test({
  name: "no AV1 payload makes the parser throw or read past its end",
  permissions: "none",
  fn() {
    const start = fc.constantFrom(...Object.values(STARTS));
    const mutated = fc.tuple(start, fc.nat(), fc.nat(0xff)).map(([bytes, index, value]) => {
      return Uint8Array.from(bytes.with(index % bytes.length, value));
    });
    const property = fc.property(fc.oneof(fc.uint8Array({ maxLength: 12 }), mutated), fc.nat(), (payload, cut) => {
      const length = cut % (payload.length + 1);
      const zeros = Uint8Array.of(...payload.subarray(0, length), ...new Array(16).fill(0x00));
      const ones = Uint8Array.of(...payload.subarray(0, length), ...new Array(16).fill(0xff));
      const found = av1.isKeyFrameStart(payload, 0, length);
      assert.equal(av1.isKeyFrameStart(zeros, 0, length), found);
      assert.equal(av1.isKeyFrameStart(ones, 0, length), found);
    });
    fc.assert(property, { seed: 1, numRuns: 5000 });
  },
});
