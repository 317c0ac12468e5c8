import assert from "node:assert/strict";
import { AllocatorScene } from "../../tests/harness/allocator_scene.ts";
import { camera, cameraLayers } from "../../tests/harness/layers.ts";
import type { WantedQuality } from "./quality.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

test("B338: each track has the rule that decided about it, in words and numbers", () => {
  const why = (kilobits: number, wanted: WantedQuality = {}, layers = cameraLayers()) => {
    const scene = new AllocatorScene(camera("A", wanted, layers));
    scene.at(kilobits);
    return scene.why(kilobits)[0];
  };
  assert.equal(why(480), "layer q: estimate 480 kbit/s, h needs 500");
  assert.equal(why(520), "layer q: estimate 520 kbit/s, h needs 500 and 50 to spare to begin");
  assert.equal(why(9_000), "layer f: the best that there is");
  assert.equal(why(9_000, { width: 320, height: 180 }), "layer q: enough for 320x180");
  assert.equal(why(9_000, { height: 360, fps: 10 }), "layer h at 15 fps: enough for a height of 360 at 10 fps");
  assert.equal(why(9_000, { off: true }), "off, as wanted");
  assert.equal(why(9_000, {}, []), "nothing comes from the publisher");
  const single = cameraLayers([700_000]).map((layer) => ({ ...layer, name: "" })).slice(-1);
  assert.equal(why(480, {}, single), "paused: estimate 480 kbit/s, the picture needs 700");
  const scene = new AllocatorScene(camera("A"));
  scene.run(9_000, 30_000);
  scene.run(700, 100);
  scene.nowMs += 1_000;
  assert.deepEqual(scene.why(9_000), ["layer h: f fits, and begins in 4 s if it still does"]);
});
