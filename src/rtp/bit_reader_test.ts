import assert from "node:assert/strict";
import fc from "fast-check";
import { BitReader } from "./bit_reader.ts";

function readerOf(bits: string): BitReader {
  const bytes = Uint8Array.from(
    { length: Math.ceil(bits.length / 8) + 1 },
    (_, i) => i === 0 ? 0xff : parseInt(bits.slice(i * 8 - 8, i * 8).padEnd(8, "0"), 2),
  );
  const reader = new BitReader();
  reader.start(bytes, 1, bytes.length);
  return reader;
}

Deno.test({
  name: "bits are read in any portions, across bytes",
  permissions: "none",
  fn() {
    const widths = fc.array(fc.tuple(fc.integer({ min: 1, max: 31 }), fc.nat()), { maxLength: 20 });
    fc.assert(
      fc.property(widths, (numbers) => {
        const values = numbers.map(([width, value]) => [width, value % 2 ** width] as const);
        const reader = readerOf(values.map(([width, value]) => value.toString(2).padStart(width, "0")).join(""));
        for (const [width, value] of values) assert.equal(reader.bits(width), value);
        assert.equal(reader.overrun, false);
      }),
      { seed: 1 },
    );
  },
});

Deno.test({
  name: "behind the end there are zeros, whatever stands there, and it is told",
  permissions: "none",
  fn() {
    const reader = new BitReader();
    reader.start(Uint8Array.of(0xab, 0xff), 0, 1);
    assert.equal(reader.bits(4), 0xa);
    assert.equal(reader.left, 4);
    assert.equal(reader.bits(5), 0);
    assert.equal(reader.overrun, true);
    assert.equal(reader.bits(1), 0);
    assert.equal(reader.exponentialGolomb(), 0);
  },
});

Deno.test({
  name: "non-symmetric numbers are as the specification of AV1 has them",
  permissions: "none",
  fn() {
    // Section 4.10.7: of 5, the first three in two bits.
    for (const [bits, value] of [["00", 0], ["01", 1], ["10", 2], ["110", 3], ["111", 4]] as const) {
      assert.equal(readerOf(bits).nonSymmetric(5), value, bits);
    }
    assert.equal(readerOf("1").nonSymmetric(1), 0, "of one there is none to tell");
    for (const [bits, value] of [["0", 0], ["1", 1]] as const) assert.equal(readerOf(bits).nonSymmetric(2), value);
  },
});

Deno.test({
  name: "numbers of H.264's Exp-Golomb code are read, and one of more than 30 zeros is none",
  permissions: "none",
  fn() {
    for (
      const [bits, value] of [["1", 0], ["010", 1], ["011", 2], ["00100", 3], ["00111", 6], ["0001000", 7]] as const
    ) {
      assert.equal(readerOf(bits).exponentialGolomb(), value, bits);
    }
    for (const [bits, value] of [["1", 0], ["010", 1], ["011", -1], ["00100", 2], ["00101", -2]] as const) {
      assert.equal(readerOf(bits).signedExponentialGolomb(), value, bits);
    }
    const long = readerOf("0".repeat(40) + "1");
    assert.equal(long.exponentialGolomb(), 0);
    assert.equal(long.overrun, true);
  },
});
