import assert from "node:assert/strict";
import { cameraLayers } from "../../tests/harness/layers.ts";
import { ladderOf, type Layer } from "./layer_ladder.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

const LAYERS = cameraLayers();
const names = (layers: readonly Layer[]) => layers.map(({ height, fps }) => `${height}p${fps}`);
const rungs = (...args: Parameters<typeof ladderOf>) => names(ladderOf(...args).rungs);

test("B331: a person's picture gets its frames before its size, and a bigger one never has fewer", () => {
  assert.deepEqual(rungs(LAYERS, {}, false), ["180p7.5", "180p15", "180p30", "360p30", "720p30"]);
  assert.equal(ladderOf(LAYERS, {}, false).isCapped, false);
});

test("B331: a screen begins each size with few frames", () => {
  const steps = ["180p7.5", "180p15", "180p30", "360p15", "360p30", "720p7.5", "720p15", "720p30"];
  // 360p7.5, which takes 167 kbit/s, is one of them as well: it takes more than 180p30.
  assert.deepEqual(rungs(LAYERS, {}, true), steps.toSpliced(3, 0, "360p7.5"));
});

test("B332: nothing is above the smallest layer that covers what is wanted, a tenth of it aside", () => {
  const top = (wanted: Parameters<typeof ladderOf>[1]) => rungs(LAYERS, wanted, false).at(-1);
  assert.equal(top({ width: 320, height: 180 }), "180p30");
  assert.equal(top({ width: 352, height: 198 }), "180p30", "a tenth more");
  assert.equal(top({ width: 360, height: 203 }), "360p30");
  assert.equal(top({ width: 320, height: 600 }), "720p30", "both sides count");
  assert.equal(top({ height: 180 }), "180p30", "one side alone");
  assert.equal(top({ width: 4000, height: 3000 }), "720p30", "more than there is");
  assert.equal(top({ fps: 15 }), "720p15");
  assert.equal(top({ width: 320, height: 180, fps: 10 }), "180p15");
  assert.equal(ladderOf(LAYERS, { width: 320, height: 180 }, false).isCapped, true);
  assert.equal(ladderOf(LAYERS, { fps: 15 }, false).isCapped, true);
  assert.equal(ladderOf(LAYERS, { width: 1280, height: 720, fps: 30 }, false).isCapped, false);
});

test("B332: a picture in one size is sent in that, however little is wanted; where it is not known no size is enough", () => {
  const single = LAYERS.filter(({ encoding }) => encoding === 2);
  assert.deepEqual(rungs(single, { width: 320, height: 180 }, false), ["720p7.5", "720p15", "720p30"]);
  const unknown = LAYERS.map((layer) => ({ ...layer, width: 0, height: 0 }));
  assert.equal(ladderOf(unknown, { width: 320, height: 180 }, false).rungs.at(-1)?.encoding, 2);
});

test("B331: what costs as much as something better is left out", () => {
  const layers = cameraLayers([300_000, 200_000, 2_000_000]);
  assert.deepEqual(rungs(layers, {}, false), ["180p7.5", "360p30", "720p30"]);
});

test("B331: layers may come in any order, or not at all", () => {
  assert.deepEqual(rungs(LAYERS.toReversed(), {}, false), rungs(LAYERS, {}, false));
  assert.deepEqual(ladderOf([], {}, false), { rungs: [], isCapped: false });
});

test("B331: spatial layers of one encoding are sizes too, and one with a lower rate for good is better than nothing", () => {
  const svc = LAYERS.map((layer) => ({ ...layer, encoding: 0, spatial: layer.encoding }));
  assert.deepEqual(rungs(svc, {}, false), rungs(LAYERS, {}, false));
  const slow = LAYERS.filter(({ encoding, fps }) => encoding < 2 || fps === 15);
  assert.deepEqual(rungs(slow, {}, false), ["180p7.5", "180p15", "180p30", "360p30", "720p15"]);
});
