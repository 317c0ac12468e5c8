import assert from "node:assert/strict";
import fc from "fast-check";
import { h264 } from "./h264.ts";

/** NAL units as an encoder writes them; the last five bits of the first byte are the type (ITU-T H.264 table 7-1). */
const SPS = [0x67, 0x42, 0xc0, 0x1f, 0xda, 0x05, 0x07, 0xe8];
const PPS = [0x68, 0xce, 0x3c, 0x80];
const SEI = [0x06, 0x05, 0x01, 0x00, 0x80];
const DELIMITER = [0x09, 0x10];
const IDR_SLICE = [0x65, 0xb8, 0x00, 0x04, 0x00];
const SLICE = [0x61, 0xe0, 0x00, 0x40, 0x9a];

/** STAP-A (RFC 6184 section 5.7.1). */
function stapA(...units: readonly (readonly number[])[]): number[] {
  return [0x78, ...units.flatMap((unit) => [unit.length >> 8, unit.length & 0xff, ...unit])];
}

/** FU-A (section 5.8); flags are S (0x80) and E (0x40). */
function fuA(unit: readonly number[], flags: number): number[] {
  return [(unit[0] & 0xe0) | 28, flags | (unit[0] & 0x1f), ...unit.slice(1)];
}

function isKeyFrameStart(payload: readonly number[]): boolean {
  return h264.isKeyFrameStart(Uint8Array.from(payload), 0, payload.length);
}

/** Key frames by the packets that they are sent in, with the index of the one that starts them. */
const KEY_FRAMES: readonly (readonly [string, number, readonly (readonly number[])[]])[] = [
  ["Chromium, mode 1", 0, [stapA(SPS, PPS), fuA(IDR_SLICE, 0x80), fuA(IDR_SLICE, 0), fuA(IDR_SLICE, 0x40)]],
  ["Chromium, mode 1, small", 0, [stapA(SPS, PPS, IDR_SLICE)]],
  ["Chromium, mode 0", 0, [SPS, PPS, IDR_SLICE, IDR_SLICE]],
  ["delimiter aggregated", 0, [stapA(DELIMITER, SPS, PPS), fuA(IDR_SLICE, 0x80), fuA(IDR_SLICE, 0x40)]],
  ["delimiter and SEI before", 2, [DELIMITER, SEI, SPS, PPS, fuA(IDR_SLICE, 0x80), fuA(IDR_SLICE, 0x40)]],
  ["fragmented parameter set", 0, [fuA(SPS, 0x80), fuA(SPS, 0x40), PPS, IDR_SLICE]],
];

for (const [form, start, packets] of KEY_FRAMES) {
  Deno.test({
    name: `B90: an H.264 key frame starts at its sequence parameter set and nowhere else (${form})`,
    permissions: "none",
    fn() {
      assert.deepEqual(packets.map((packet) => isKeyFrameStart(packet)), packets.map((_, index) => index === start));
    },
  });
}

Deno.test({
  name: "an H.264 packet that is cut short starts no key frame, unless whole units are left of an aggregate",
  permissions: "none",
  fn() {
    const cut = (payload: readonly number[], length: number) => isKeyFrameStart(payload.slice(0, length));
    const aggregate = stapA(SPS, PPS);
    const whole = stapA(SPS).length;
    for (let length = 0; length < aggregate.length; length++) {
      assert.equal(cut(aggregate, length), length === whole, `length ${length}`);
    }
    for (const length of [0, 1]) assert.equal(cut(SPS, length), false, `length ${length}`);
    for (const length of [0, 1, 2]) assert.equal(cut(fuA(SPS, 0x80), length), false, `length ${length}`);
  },
});

Deno.test({
  name: "B90: of the H.264 NAL units the sequence parameter set starts a key frame; slices, layers and prefixes do not",
  permissions: "none",
  fn() {
    for (let type = 0; type < 32; type++) {
      const unit = [0x60 | type, ...SLICE.slice(1)];
      assert.equal(isKeyFrameStart(unit), type === 7, `NAL unit of type ${type}`);
      assert.equal(isKeyFrameStart(fuA(unit, 0x80)), type === 7, `fragment of type ${type}`);
      assert.equal(isKeyFrameStart(stapA(unit, PPS)), type === 7, `aggregate with type ${type}`);
    }
  },
});

Deno.test({
  name: "B90: H.264 units that hold no whole picture yet are no start, whatever their reference number",
  permissions: "none",
  fn() {
    for (const packet of [stapA(SLICE, SLICE), stapA(PPS, IDR_SLICE), fuA(SLICE, 0x80), fuA(SPS, 0), fuA(SPS, 0x40)]) {
      assert.equal(isKeyFrameStart(packet), false, packet.join());
    }
    for (const reference of [0x00, 0x20, 0x40, 0x60]) {
      assert.equal(isKeyFrameStart([reference | 7, ...SPS.slice(1)]), true);
    }
  },
});

Deno.test({
  name: "an H.264 aggregate with an empty unit, a lying size or bytes left over starts no key frame",
  permissions: "none",
  fn() {
    const whole = stapA(SPS, PPS);
    assert.equal(isKeyFrameStart([...whole, 0x00, 0x00]), false);
    assert.equal(isKeyFrameStart([...whole, 0x00]), false);
    assert.equal(isKeyFrameStart(stapA(SPS, [], PPS)), false);
    assert.equal(isKeyFrameStart([0x78, 0xff, 0xff, ...SPS]), false);
    assert.equal(isKeyFrameStart([0x78]), false);
  },
});

Deno.test({
  name: "no H.264 payload makes the parser throw or read past its end",
  permissions: "none",
  fn() {
    const unit = fc.constantFrom(SPS, PPS, SEI, IDR_SLICE, SLICE);
    const packet = fc.oneof(
      fc.array(unit, { maxLength: 4 }).map((units) => stapA(...units)),
      unit.map((u) => fuA(u, 0x80)),
    );
    const mutated = fc.tuple(packet, fc.nat(), fc.nat(0xff)).map(([bytes, index, value]) => {
      return Uint8Array.from(bytes.with(index % bytes.length, value));
    });
    const property = fc.property(fc.oneof(fc.uint8Array({ maxLength: 12 }), mutated), fc.nat(), (payload, cut) => {
      const length = cut % (payload.length + 1);
      const zeros = Uint8Array.of(...payload.subarray(0, length), ...new Array(8).fill(0x00));
      const ones = Uint8Array.of(...payload.subarray(0, length), ...new Array(8).fill(0xff));
      const found = h264.isKeyFrameStart(payload, 0, length);
      assert.equal(h264.isKeyFrameStart(zeros, 0, length), found);
      assert.equal(h264.isKeyFrameStart(ones, 0, length), found);
    });
    fc.assert(property, { seed: 264, numRuns: 5000 });
  },
});
