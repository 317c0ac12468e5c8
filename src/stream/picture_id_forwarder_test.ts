import assert from "node:assert/strict";
import { LayeredPath } from "../../tests/harness/layered_path.ts";
import { vp8Packet } from "../../tests/harness/vp8_packets.ts";
import { vp9Packet } from "../../tests/harness/vp9_packets.ts";

const BUILDERS = { "video/vp8": vp8Packet, "video/vp9": vp9Packet } as const;

for (const [mimeType, build] of Object.entries(BUILDERS)) {
  for (const [before, after] of [[0, 0], [255, 255], [7, 200], [200, 7]] as const) {
    for (const bits of [7, 15] as const) {
      Deno.test({
        name: `B321: ${mimeType}: TL0PICIDX ${before} goes on at its next over a switch to ${after}, with ${bits} bits`,
        permissions: "none",
        fn() {
          const path = new LayeredPath(mimeType);
          const key = { keyFrame: true, keyPicture: true };
          path.handle(build({ ssrc: 1, sequenceNumber: 1, timestamp: 1, pictureId: 32_767, tl0: before, ...key }));
          path.switchSource();
          const base = { ssrc: 2, bits };
          path.handle(build({ ...base, sequenceNumber: 9, timestamp: 5, pictureId: 3, tl0: after, ...key }));
          const { layers } = path.sent;
          assert.deepEqual([layers.pictureId, layers.pictureIdBits, layers.tl0], [0, 15, (before + 1) & 0xff]);
          path.handle(build({ ...base, sequenceNumber: 10, timestamp: 3005, pictureId: 4, tl0: after + 1 }));
          assert.deepEqual([layers.pictureId, layers.tl0], [1, (before + 2) & 0xff]);
        },
      });
    }
  }
}
