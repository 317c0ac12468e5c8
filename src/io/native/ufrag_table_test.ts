import assert from "node:assert/strict";
import { randomSeed } from "../../../tests/harness/random_seed.ts";
import { seededRandom } from "../../../tests/harness/seeded_random.ts";
import { UfragTable } from "./ufrag_table.ts";

function find<T>(table: UfragTable<T>, username: string): T | undefined {
  const bytes = new TextEncoder().encode(`....${username}....`);
  return table.find(bytes, 4, bytes.length - 8);
}

Deno.test({
  name: "a value is found by the text in front of the first colon",
  permissions: "none",
  fn() {
    const table = new UfragTable<number>();
    table.set("abcd", 1);
    table.set("abcde", 2);
    assert.equal(find(table, "abcd:xyz"), 1);
    assert.equal(find(table, "abcde:xyz:abcd"), 2);
    assert.equal(find(table, "abcd:"), 1);
    for (const username of ["abcd", "abc:d", ":abcd", "", "ABCD:x", "abcdef:x"]) {
      assert.equal(find(table, username), undefined, username);
    }
    table.set("abcd", 3);
    assert.equal(find(table, "abcd:x"), 3);
  },
});

Deno.test({
  name: "values come and go as in a map",
  permissions: "none",
  fn() {
    const seed = randomSeed();
    const random = seededRandom(seed);
    const table = new UfragTable<number>();
    const model = new Map<string, number>();
    const ufrags = Array.from({ length: 300 }, (_, i) => random.text(1 + i % 8));
    for (let i = 0; i < 5000; i++) {
      const ufrag = ufrags[random.uint32() % ufrags.length];
      assert.equal(find(table, `${ufrag}:x`), model.get(ufrag), `seed ${seed}`);
      if (random.uint32() % 2 === 0) {
        table.set(ufrag, i);
        model.set(ufrag, i);
      } else {
        table.delete(ufrag);
        model.delete(ufrag);
      }
    }
    for (const ufrag of ufrags) table.delete(ufrag);
    assert.equal(table.size, 0);
  },
});

Deno.test({
  name: "two ufrags of one hash are told apart",
  permissions: "none",
  fn() {
    const table = new UfragTable<string>();
    const [one, other] = collision();
    table.set(one, one);
    table.set(other, other);
    assert.equal(table.size, 1, "they are in one row");
    assert.deepEqual([find(table, `${one}:x`), find(table, `${other}:x`)], [one, other]);
    table.delete(one);
    assert.deepEqual([find(table, `${one}:x`), find(table, `${other}:x`)], [undefined, other]);
  },
});

/** Two texts in one row of a table: of some 2^15 random ones there are such, as hashes have 30 bits. */
function collision(): [string, string] {
  const random = seededRandom(1);
  const tried: string[] = [];
  const table = new UfragTable<string>();
  for (;;) {
    const text = random.text(4);
    const size = table.size;
    table.set(text, text);
    if (table.size === size && !tried.includes(text)) {
      const found = tried.find((other) => sharesRow(other, text));
      if (found !== undefined) return [found, text];
    }
    tried.push(text);
  }
}

function sharesRow(one: string, other: string): boolean {
  const table = new UfragTable<string>();
  table.set(one, one);
  table.set(other, other);
  return table.size === 1;
}
