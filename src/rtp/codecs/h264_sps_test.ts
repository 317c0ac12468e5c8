import assert from "node:assert/strict";
import fc from "fast-check";
import { readParameterSetSize } from "./h264_sps.ts";

function sizeOf(bytes: Uint8Array, end = bytes.length): readonly number[] {
  const size = { width: 0, height: 0 };
  readParameterSetSize(bytes, 0, end, size);
  return [size.width, size.height];
}

const ue = (value: number): string => {
  const bits = (value + 1).toString(2);
  return "0".repeat(bits.length - 1) + bits;
};
const bytesOf = (bits: string): Uint8Array =>
  Uint8Array.from(
    { length: Math.ceil(bits.length / 8) },
    (_, i) => parseInt(bits.slice(i * 8, i * 8 + 8).padEnd(8, "0"), 2),
  );
const octet = (value: number): string => value.toString(2).padStart(8, "0");

/** A sequence parameter set (ITU-T H.264 section 7.3.2.1.1) of 1920 by 1088, cropped to 1080 lines. */
function parameterSet(
  profile: number,
  high: string,
  order = ue(0) + ue(0),
  crop = "1" + ue(0) + ue(0) + ue(0) + ue(4),
) {
  const head = octet(0x67) + octet(profile) + octet(0) + octet(31) + ue(0);
  return bytesOf(head + high + ue(0) + order + ue(4) + "0" + ue(119) + ue(67) + "1" + "1" + crop + "01");
}

/** What encoders write, and the sizes that they were told. */
const RECORDED: Readonly<Record<string, readonly [string, readonly number[]]>> = {
  "Chromium, 320x180": ["6742c0158c8d40a0cbcf3506060607844235", [320, 180]],
};

for (const [what, [hex, size]] of Object.entries(RECORDED)) {
  Deno.test({
    name: `B327: the size of an H.264 picture is in its sequence parameter set (${what})`,
    permissions: "none",
    fn() {
      assert.deepEqual(sizeOf(Uint8Array.fromHex(hex)), size);
    },
  });
}

Deno.test({
  name: "B327: the size is found behind what parameter sets of other profiles say before it",
  permissions: "none",
  fn() {
    const chroma = (format: number, separate = "") => ue(format) + separate + ue(0) + ue(0) + "0";
    const lists = ue(1) + ue(0) + ue(0) + "0" + "1" + "1" + ue(0).repeat(16) + "0".repeat(7);
    const cycle = ue(1) + "0" + ue(3) + ue(2) + ue(2) + ue(5) + ue(6);
    assert.deepEqual(sizeOf(parameterSet(66, "")), [1920, 1080]);
    assert.deepEqual(sizeOf(parameterSet(66, "", cycle)), [1920, 1080], "order by a cycle");
    assert.deepEqual(sizeOf(parameterSet(66, "", ue(2))), [1920, 1080], "order by decoding");
    assert.deepEqual(sizeOf(parameterSet(100, chroma(1) + "0")), [1920, 1080]);
    assert.deepEqual(sizeOf(parameterSet(100, lists)), [1920, 1080], "scaling lists");
    assert.deepEqual(sizeOf(parameterSet(122, chroma(2) + "0")), [1920, 1084], "4:2:2 crops by single lines");
    assert.deepEqual(sizeOf(parameterSet(244, chroma(3, "0") + "0")), [1920, 1084]);
    assert.deepEqual(sizeOf(parameterSet(66, "", ue(2), "0")), [1920, 1088], "not cropped");
  },
});

Deno.test({
  name: "B327: interlaced pictures are twice as high as the units say",
  permissions: "none",
  fn() {
    const head = octet(0x67) + octet(77) + octet(0) + octet(31) + ue(0) + ue(0) + ue(2) + ue(4) + "0";
    assert.deepEqual(sizeOf(bytesOf(head + ue(44) + ue(17) + "0" + "0" + "1" + "0" + "01")), [720, 576]);
  },
});

Deno.test({
  name: "B327: emulation prevention is taken out of a parameter set",
  permissions: "none",
  fn() {
    // Constraints, level and what follows of 0: 00 00 03 in its middle.
    const plain = bytesOf(
      octet(0x67) + octet(66) + octet(0) + octet(0) + ue(0) + ue(0) + ue(2) + ue(4) + "0" + ue(19) + ue(11) + "1100" +
        "1",
    );
    const escaped = Uint8Array.of(...plain.subarray(0, 4), 3, ...plain.subarray(4));
    assert.deepEqual(sizeOf(escaped), [320, 192]);
  },
});

Deno.test({
  name: "B328: no parameter set makes the parser throw, read past its end, or leave a size that cannot be",
  permissions: "none",
  fn() {
    const whole = Uint8Array.fromHex(RECORDED["Chromium, 320x180"][0]);
    for (let length = 0; length < 8; length++) assert.deepEqual(sizeOf(whole, length), [0, 0], `length ${length}`);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (rest) => {
        const zeros = Uint8Array.of(0x67, ...rest, ...new Array(64).fill(0));
        const ones = Uint8Array.of(0x67, ...rest, ...new Array(64).fill(0xff));
        const size = sizeOf(zeros, rest.length + 1);
        assert.deepEqual(sizeOf(ones, rest.length + 1), size);
        assert.ok(size.every((pixels) => pixels >= 0 && pixels <= 0xffff));
      }),
      { seed: 264, numRuns: 3000 },
    );
  },
});
