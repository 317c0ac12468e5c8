import assert from "node:assert/strict";
import { LayerCount } from "./layer_count.ts";

Deno.test({
  name: "B315: a source has the layers that were seen since its last key frame, or in the time before it",
  permissions: "none",
  fn() {
    const layers = new LayerCount();
    assert.equal(layers.count, 1);
    layers.handleLayer(2);
    layers.handleLayer(0);
    assert.equal(layers.count, 3);
    layers.handleKeyFrame();
    layers.handleLayer(0);
    layers.handleLayer(1);
    assert.equal(layers.count, 3);
    layers.handleKeyFrame();
    assert.equal(layers.count, 2, "the third did not come any more");
  },
});
