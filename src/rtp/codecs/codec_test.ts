import assert from "node:assert/strict";
import { codecFormat } from "./codec.ts";

function startsAt(mimeType: string, payload: readonly number[]): boolean {
  return codecFormat(mimeType).isKeyFrameStart(Uint8Array.from(payload), 0, payload.length);
}

Deno.test({
  name: "B59: audio can be started at any packet, Opus in DTX and with in-band FEC as well as G.711",
  permissions: "none",
  fn() {
    // A whole frame; the one byte of a silent one (RFC 6716 section 3.1); SILK with the LBRR flag set.
    for (const payload of [[0xfc, 0x01, 0x02], [0x08], [0x0b, 0xe4]]) {
      assert.equal(startsAt("audio/opus", payload), true);
    }
    for (const mimeType of ["audio/pcmu", "audio/pcma"]) {
      assert.equal(startsAt(mimeType, new Array(160).fill(0xff)), true, mimeType);
    }
  },
});

Deno.test({
  name: "B59: video can be started only at a key frame of its own codec",
  permissions: "none",
  fn() {
    for (
      const [mimeType, keyFrame, interFrame] of [
        ["video/vp8", [0x10, 0x50, 0xa5, 0x00], [0x10, 0x31, 0x02, 0x00]],
        ["video/vp9", [0x08, 0x82, 0x49, 0x83], [0x48, 0x86, 0x00, 0x40]],
        ["video/h264", [0x67, 0x42, 0xc0, 0x1f], [0x61, 0xe0, 0x00, 0x40]],
        ["video/av1", [0x18, 0x0a, 0x0b, 0x00], [0x10, 0x32, 0x0b, 0x00]],
      ] as const
    ) {
      assert.equal(startsAt(mimeType, keyFrame), true, mimeType);
      assert.equal(startsAt(mimeType, interFrame), false, mimeType);
    }
  },
});
