import assert from "node:assert/strict";
import { MAX_CATCH_UP } from "../../src/sfu/consumer.ts";
import { ForwardedStream } from "../harness/forwarded_stream.ts";
import type { StreamShape } from "../harness/frame_stream.ts";
import { randomSeed } from "../harness/random_seed.ts";
import { beforeFirst, inOrder, shuffled } from "../harness/shuffled.ts";
import { vp8Frames } from "../harness/vp8_frames.ts";

// The scenarios of Jitsi's VP8AdaptiveSourceProjectionTest, for one stream of which all layers are forwarded.

const PACKETS = 100_000;

function shapeOf(packetsPerFrame: number, temporalLayers: number): StreamShape {
  return { packetsPerFrame, spatialLayers: 1, temporalLayers, interLayer: "every picture" };
}

for (const packetsPerFrame of [1, 3, 200]) {
  Deno.test({
    name:
      `B50, B122: 100,000 VP8 packets in frames of ${packetsPerFrame}: numbers are contiguous, timestamps 3,000 apart from ` +
      "frame to frame, picture ID and TL0PICIDX those of the source through every wrap",
    permissions: "none",
    fn() {
      for (const temporalLayers of [1, 2, 3]) {
        const forwarded = new ForwardedStream(vp8Frames, shapeOf(packetsPerFrame, temporalLayers));
        forwarded.handle(inOrder(PACKETS));
        assert.equal(forwarded.sender.sent, PACKETS);
      }
    },
  });

  Deno.test({
    name:
      `B51, B107, B122: 100,000 VP8 packets in frames of ${packetsPerFrame}, shuffled in a pool of 64, keep order and span, ` +
      "and no number is used twice",
    permissions: "none",
    fn() {
      for (const seed of [1, 2, 3, randomSeed()]) {
        const forwarded = new ForwardedStream(vp8Frames, shapeOf(packetsPerFrame, 3), { seed });
        forwarded.handle(shuffled(PACKETS, seed));
        const { firstIndex, highest, sent } = forwarded.sender;
        assert.deepEqual([firstIndex, highest], [0, PACKETS - 1], `seed ${seed}`);
        assert.equal(sent, PACKETS - beforeFirst(shuffled(PACKETS, seed), MAX_CATCH_UP), `seed ${seed}`);
      }
    },
  });
}
