import assert from "node:assert/strict";
import fc from "fast-check";
import { readSequenceHeaderSize } from "./av1_sequence_header.ts";

function sizeOf(bytes: Uint8Array, end = bytes.length): readonly number[] {
  const size = { width: 0, height: 0 };
  readSequenceHeaderSize(bytes, 0, end, size);
  return [size.width, size.height];
}

const fixed = (value: number, width: number): string => value.toString(2).padStart(width, "0");
const bytesOf = (bits: string): Uint8Array =>
  Uint8Array.from(
    { length: Math.ceil(bits.length / 8) },
    (_, i) => parseInt(bits.slice(i * 8, i * 8 + 8).padEnd(8, "0"), 2),
  );

/** Widths of the sizes, and the sizes less one. */
const SIZE = fixed(10, 4) + fixed(9, 4) + fixed(1279, 11) + fixed(719, 10);
const POINT = fixed(0, 12) + fixed(5, 5);

/** Sequence headers (AV1 specification, section 5.5.1) up to the size. */
const HEADERS: Readonly<Record<string, string>> = {
  "reduced": "000" + "1" + "1" + fixed(5, 5) + SIZE,
  "one operating point": "000" + "0" + "0" + "0" + "0" + fixed(0, 5) + POINT + SIZE,
  "three, one of a high level": "000" + "0" + "0" + "0" + "0" + fixed(2, 5) + POINT + fixed(0, 12) + fixed(9, 5) + "1" +
    POINT + SIZE,
  "timing": "000" + "0" + "0" + "1" + "0".repeat(64) + "1" + "010" + "0" + "0" + fixed(0, 5) + POINT + SIZE,
  "decoder model": "000" + "0" + "0" + "1" + "0".repeat(64) + "0" + "1" + fixed(3, 5) + "0".repeat(42) + "1" +
    fixed(0, 5) + POINT + "1" + "0".repeat(9) + "1" + fixed(9, 4) + SIZE,
};

for (const [form, bits] of Object.entries(HEADERS)) {
  Deno.test({
    name: `B327: the size of an AV1 picture is found in its sequence header (${form})`,
    permissions: "none",
    fn() {
      assert.deepEqual(sizeOf(bytesOf(bits)), [1280, 720]);
    },
  });
}

Deno.test({
  name: "B328: no sequence header makes the parser throw or read past its end",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const zeros = Uint8Array.of(...bytes, ...new Array(64).fill(0));
        const ones = Uint8Array.of(...bytes, ...new Array(64).fill(0xff));
        assert.deepEqual(sizeOf(ones, bytes.length), sizeOf(zeros, bytes.length));
      }),
      { seed: 1, numRuns: 3000 },
    );
  },
});
