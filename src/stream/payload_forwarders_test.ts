import assert from "node:assert/strict";
import { payloadForwarder } from "./payload_forwarders.ts";

Deno.test({
  name: "B316: codecs have a forwarder where something of them can be left out or must be rewritten",
  permissions: "none",
  fn() {
    for (const mimeType of ["video/vp8", "video/vp9", "video/av1"]) {
      assert.notEqual(payloadForwarder(mimeType, false), undefined, mimeType);
    }
    assert.equal(payloadForwarder("video/h264", false), undefined);
    assert.notEqual(payloadForwarder("video/h264", true), undefined);
    for (const mimeType of ["audio/opus", "audio/pcmu"]) assert.equal(payloadForwarder(mimeType, true), undefined);
  },
});
