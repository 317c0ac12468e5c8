import assert from "node:assert/strict";
import { codecFormat } from "./codec.ts";

Deno.test({
  name: "B59: audio can be started at any packet, VP8 only at a key frame",
  permissions: "none",
  fn() {
    const payload = Uint8Array.of(0x00, 0x01, 0x02);
    assert.equal(codecFormat("audio/opus").isKeyFrameStart(payload, 0, payload.length), true);
    assert.equal(codecFormat("video/vp8").isKeyFrameStart(payload, 0, payload.length), false);
  },
});
