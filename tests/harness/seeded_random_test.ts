import { deepStrictEqual, match, notDeepStrictEqual, strictEqual } from "node:assert/strict";
import { seededRandom } from "./seeded_random.ts";

const take = (seed: number, count: number): number[] => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => random.uint32());
};

Deno.test({
  name: "one seed always yields the same values, another seed others",
  permissions: "none",
  fn() {
    deepStrictEqual(take(7, 100), take(7, 100));
    notDeepStrictEqual(take(7, 100), take(8, 100));
  },
});

Deno.test({
  name: "values are integers that spread over [0, 2^32)",
  permissions: "none",
  fn() {
    const buckets = new Array<number>(16).fill(0);
    for (const value of take(1, 16_000)) {
      strictEqual(value, value >>> 0);
      buckets[value >>> 28]++;
    }
    for (const count of buckets) strictEqual(count > 850 && count < 1150, true, `a bucket holds ${count} of 16000`);
  },
});

Deno.test({
  name: "text is of ice-char and repeats with its seed",
  permissions: "none",
  fn() {
    match(seededRandom(3).text(24), /^[A-Za-z0-9+/]{24}$/);
    strictEqual(seededRandom(3).text(24), seededRandom(3).text(24));
  },
});
