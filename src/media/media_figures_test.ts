import assert from "node:assert/strict";
import { BusCounters } from "./media_bus.ts";
import { addFigures, type MediaFigures, noFigures } from "./media_figures.ts";

/** Figures of which each number is another one, from `first` on. */
function numbered(first: number): MediaFigures {
  let next = first;
  // In this order, as the longest turn is looked for at the end.
  const figures = { bus: { driver: "ring", counters: new BusCounters() }, ...noFigures() };
  return JSON.parse(JSON.stringify(figures), (_, value) => typeof value === "number" ? next++ : value);
}

function numbersOf(figures: MediaFigures): number[] {
  const numbers: number[] = [];
  JSON.stringify(figures, (_, value) => {
    if (typeof value === "number") numbers.push(value);
    return value;
  });
  return numbers;
}

Deno.test({
  name: "B256: figures of isolates are added number by number; of the longest turns it is the longer one",
  permissions: "none",
  fn() {
    const [a, b] = [numbered(1), numbered(1001)];
    const sum = addFigures(a, b);
    const [inA, inB] = [numbersOf(a), numbersOf(b)];
    const expected = inA.map((number, at) => number + inB[at]);
    expected[expected.length - 1] = inB[inB.length - 1];
    assert.deepEqual(numbersOf(sum), expected);
    assert.ok(expected.length > 50);
    assert.deepEqual([a, b], [numbered(1), numbered(1001)], "and stay as they are");
  },
});

Deno.test({
  name: "figures of an isolate that has counted nothing change no sum, and come through JSON as they are",
  permissions: "none",
  fn() {
    const figures = numbered(1);
    assert.deepEqual(numbersOf(addFigures(figures, noFigures())), numbersOf(figures));
    assert.deepEqual(new Set(numbersOf(noFigures())), new Set([0]));
  },
});
