import assert from "node:assert/strict";
import { MAX_NODES } from "../media/media_bus.ts";
import { FORGET_MS, NodeNames, OWN_ALIAS } from "./node_names.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

function open() {
  const names = new NodeNames("own", 0);
  const released: string[] = [];
  names.onRelease((alias, name) => released.push(`${alias} ${name}`));
  return { names, released };
}

/** Looks once a second, from one time to the other. */
function watch(names: NodeNames, fromMs: number, toMs: number): void {
  for (let nowMs = fromMs; nowMs <= toMs; nowMs += 1000) names.handleTimeout(nowMs);
}

test("B435: a node is 0 to itself, and each other node has a number of its own as long as it is heard", () => {
  const { names, released } = open();
  assert.deepEqual([names.aliasOf("own", 0), names.nameOf(OWN_ALIAS), names.size], [OWN_ALIAS, "own", 0]);
  const [a, b] = [names.aliasOf("a", 0), names.aliasOf("b", 0)];
  assert.deepEqual([a, b], [1, 2]);
  for (let nowMs = 1000; nowMs <= 3 * FORGET_MS; nowMs += 1000) {
    assert.deepEqual([names.aliasOf("a", nowMs), names.aliasOf("b", nowMs)], [a, b]);
    names.handleTimeout(nowMs);
  }
  assert.deepEqual([names.nameOf(1), names.nameOf(2), names.nameOf(3), names.size], ["a", "b", undefined, 2]);
  assert.deepEqual(released, []);
});

test("B435: a node that is not heard for 10 s is forgotten, and its number is another one's only then", () => {
  const { names, released } = open();
  names.aliasOf("a", 0);
  names.aliasOf("b", 0);
  watch(names, 0, FORGET_MS - 1000);
  names.aliasOf("b", FORGET_MS - 1000);
  assert.equal(names.aliasOf("c", FORGET_MS - 1), 3);
  assert.deepEqual(released, []);
  names.handleTimeout(FORGET_MS);
  assert.deepEqual([released, names.nameOf(1), names.size], [["1 a"], undefined, 2]);
  assert.equal(names.aliasOf("a", FORGET_MS), 1);
  assert.deepEqual([names.nameOf(2), names.nameOf(3)], ["b", "c"]);
});

test("B435: who stood still forgets nobody for what was said meanwhile", () => {
  const { names, released } = open();
  names.aliasOf("a", 0);
  names.handleTimeout(1000);
  names.handleTimeout(60_000);
  assert.deepEqual(released, []);
  watch(names, 61_000, 60_000 + FORGET_MS - 1000);
  assert.deepEqual(released, []);
  watch(names, 60_000 + FORGET_MS, 60_000 + FORGET_MS);
  assert.deepEqual(released, ["1 a"]);
});

test("B435: beyond 30 others there is no number, until one of them is forgotten; what is no name gets none", () => {
  const { names } = open();
  const others = Array.from({ length: MAX_NODES - 1 }, (_, i) => names.aliasOf(`node-${i}`, 0));
  assert.deepEqual(others, Array.from({ length: MAX_NODES - 1 }, (_, i) => i + 1));
  assert.equal(names.aliasOf("one more", 0), undefined);
  assert.equal(names.aliasOf("one-more", 0), undefined);
  watch(names, 0, FORGET_MS);
  assert.equal(names.aliasOf("one-more", FORGET_MS), 1);
  for (const name of ["", "a.b", "*", ">", "a b", "ä", "x".repeat(65)]) {
    assert.equal(names.aliasOf(name, FORGET_MS), undefined);
  }
  assert.equal(names.aliasOf("x".repeat(64), FORGET_MS), 2);
});
