import assert from "node:assert/strict";
import fc from "fast-check";
import { BitReader } from "../bit_reader.ts";
import { type DependencyStructure, readDependencyStructure } from "./dependency_structure.ts";

function read(bits: string): DependencyStructure | undefined {
  const bytes = Uint8Array.from(
    { length: Math.ceil(bits.length / 8) },
    (_, i) => parseInt(bits.slice(i * 8, i * 8 + 8).padEnd(8, "0"), 2),
  );
  const reader = new BitReader();
  reader.start(bytes, 0, bytes.length);
  return readDependencyStructure(reader);
}

/** Two spatial layers that are two targets, the upper one in both chains; template ids begin at 60. */
const TWO_LAYERS = "111100" + "00001" + "10" + "11" + "1010" + "0010" + "0" + "100000" + "11" + "0" + "1" +
  "00000000" + "00010001" + "0";

Deno.test({
  name: "B315: decode targets have the highest layers of their frames, and lie within those that have all their frames",
  permissions: "none",
  fn() {
    const structure = read(TWO_LAYERS);
    assert.equal(structure?.templateIdOffset, 60);
    assert.deepEqual([structure?.decodeTargets, structure?.chains, [...structure?.protectedBy ?? []]], [2, 2, [0, 1]]);
    assert.deepEqual([[...structure?.spatialOf ?? []], [...structure?.temporalOf ?? []]], [[0, 1], [0, 0]]);
    assert.deepEqual([...structure?.within ?? []].map((targets) => targets & 3), [1, 3]);
    assert.deepEqual([...structure?.templates[1].chainDiffs ?? []], [1, 1]);
    assert.equal(structure?.widths.length, 0);
  },
});

Deno.test({
  name: "B328: a structure that is cut short, or has too many layers or templates, is none",
  permissions: "none",
  fn() {
    // Down to the byte: what is behind the last bit is padding.
    for (let length = 0; length < TWO_LAYERS.length - 8; length += 8) {
      assert.equal(read(TWO_LAYERS.slice(0, length)), undefined, `${length} bits`);
    }
    assert.equal(read("00000000000" + "10".repeat(4) + "11" + "0".repeat(200)), undefined, "a fifth spatial layer");
    assert.equal(read("00000000000" + "01".repeat(8) + "11" + "0".repeat(200)), undefined, "a ninth temporal layer");
    assert.equal(read("00000000000" + "00".repeat(64) + "11" + "0".repeat(900)), undefined, "65 templates");
    assert.notEqual(read("00000000000" + "00".repeat(63) + "11" + "0".repeat(900)), undefined);
  },
});

Deno.test({
  name: "B328: no bytes make the reading of a structure throw or go on for ever",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 255 }), (bytes) => {
        const reader = new BitReader();
        reader.start(bytes, 0, bytes.length);
        const structure = readDependencyStructure(reader);
        assert.ok(structure === undefined || structure.templates.length <= 64);
      }),
      { seed: 2, numRuns: 2000 },
    );
  },
});
