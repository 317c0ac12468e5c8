import assert from "node:assert/strict";
import { MAX_CATCH_UP } from "../../src/sfu/consumer.ts";
import { av1Frames } from "../harness/av1_frames.ts";
import { ForwardedStream } from "../harness/forwarded_stream.ts";
import type { StreamShape } from "../harness/frame_stream.ts";
import { randomSeed } from "../harness/random_seed.ts";
import { beforeFirst, inOrder, shuffled } from "../harness/shuffled.ts";

// The scenarios of Jitsi's Av1DDAdaptiveSourceProjectionTest, for one stream of which all layers are forwarded.

const PACKETS = 100_000;

const STRUCTURES: Readonly<Record<string, Omit<StreamShape, "packetsPerFrame">>> = {
  "a single layer (L1T1)": { spatialLayers: 1, temporalLayers: 1, interLayer: "every picture" },
  "temporal layers (L1T3)": { spatialLayers: 1, temporalLayers: 3, interLayer: "every picture" },
  "SVC (L2T2)": { spatialLayers: 2, temporalLayers: 2, interLayer: "every picture" },
  "K-SVC (L2T2_KEY)": { spatialLayers: 2, temporalLayers: 2, interLayer: "key pictures" },
};

for (const [structure, layers] of Object.entries(STRUCTURES)) {
  for (const packetsPerFrame of [1, 3]) {
    Deno.test({
      name:
        `B50, B122: 100,000 AV1 packets, ${structure}, in frames of ${packetsPerFrame}: dependency descriptors and ` +
        "markers are those of the source, numbers contiguous, timestamps 3,000 apart from picture to picture",
      permissions: "none",
      fn() {
        const forwarded = new ForwardedStream(av1Frames, { packetsPerFrame, ...layers });
        forwarded.handle(inOrder(PACKETS));
        assert.equal(forwarded.sender.sent, PACKETS);
      },
    });

    Deno.test({
      name:
        `B51, B107, B122: 100,000 AV1 packets, ${structure}, in frames of ${packetsPerFrame}, shuffled in a pool of 64, ` +
        "keep order, span and descriptors",
      permissions: "none",
      fn() {
        for (const seed of [1, randomSeed()]) {
          const forwarded = new ForwardedStream(av1Frames, { packetsPerFrame, ...layers }, { seed });
          forwarded.handle(shuffled(PACKETS, seed));
          const { firstIndex, highest, sent } = forwarded.sender;
          assert.deepEqual([firstIndex, highest], [0, PACKETS - 1], `seed ${seed}`);
          assert.equal(sent, PACKETS - beforeFirst(shuffled(PACKETS, seed), MAX_CATCH_UP), `seed ${seed}`);
        }
      },
    });
  }
}
