import assert from "node:assert/strict";
import { av1Frames } from "../../tests/harness/av1_frames.ts";
import { expect, expectRising, FrameSource } from "../../tests/harness/frame_source.ts";
import { type PacketPosition, PICTURE_TICKS, type StreamShape } from "../../tests/harness/frame_stream.ts";
import { LayeredPath } from "../../tests/harness/layered_path.ts";
import { randomSeed } from "../../tests/harness/random_seed.ts";
import { shuffled } from "../../tests/harness/shuffled.ts";
import { sequenceDiff } from "../rtp/sequence.ts";
import { MAX_PICTURES } from "./picture_map.ts";

const COUNT = 100_000;
const FIRST_OUT = 65_000;
const FIRST_TIMESTAMP = 0xffff0000;
/** Pictures from a key picture to the next one. */
const INTERVAL = 4000;

type Shape = Omit<StreamShape, "packetsPerFrame">;

const L1T3: Shape = { spatialLayers: 1, temporalLayers: 3, interLayer: "every picture" };
const L2T2: Shape = { spatialLayers: 2, temporalLayers: 2, interLayer: "every picture" };
const L2T2_KEY: Shape = { spatialLayers: 2, temporalLayers: 2, interLayer: "key pictures" };
const S2T2: Shape = { spatialLayers: 2, temporalLayers: 2, interLayer: "never" };
const SHAPES: Readonly<Record<string, Shape>> = {
  L1T1: { spatialLayers: 1, temporalLayers: 1, interLayer: "every picture" },
  L1T3,
  L2T2,
  L2T2_KEY,
  S2T2,
};
const TARGETS = [[Infinity, Infinity], [0, Infinity], [Infinity, 0], [1, 1]] as const;

function pathTo(spatial: number, temporal: number): LayeredPath {
  const path = new LayeredPath("video/av1", FIRST_OUT, FIRST_TIMESTAMP);
  path.forwarder.setTarget(spatial, temporal);
  return path;
}

function sourceOf(shape: Shape, packetsPerFrame = 1, ssrc = 1): FrameSource {
  return new FrameSource(av1Frames, { ...shape, packetsPerFrame }, ssrc);
}

/** What a subscriber with this target is to get, by the shape of the stream alone. */
function isWanted(position: PacketPosition, spatial: number, temporal: number): boolean {
  const { shape, spatialLayer, temporalLayer, keyPicture } = position;
  if (temporalLayer > temporal || spatialLayer > spatial) return false;
  // All of a stream goes on as it comes.
  if (spatial === Infinity && temporal === Infinity) return true;
  const top = Math.min(spatial, shape.spatialLayers - 1);
  return spatialLayer === top || shape.interLayer === "every picture" ||
    (keyPicture && shape.interLayer === "key pictures");
}

for (const [what, shape] of Object.entries(SHAPES)) {
  for (const [spatial, temporal] of TARGETS) {
    for (const packets of [1, 3]) {
      Deno.test({
        name:
          `B317, B318, B325, B326: AV1, ${what}: 100,000 packets in frames of ${packets}, of layers up to ${spatial} and ${temporal}`,
        permissions: "none",
        fn() {
          const path = pathTo(spatial, temporal);
          const source = sourceOf(shape, packets);
          const { position } = source;
          const top = Math.min(spatial, shape.spatialLayers - 1);
          let sent = 0;
          for (let index = 0; index < COUNT; index++) {
            const outcome = path.handle(source.packet(index));
            const isSent = isWanted(position, spatial, temporal);
            // The first packet of a source begins the stream, whatever it is.
            expect(outcome, isSent ? "sent" : index === 0 ? "padding" : "closed", index);
            if (index === 0 && !isSent) sent++;
            if (!isSent) continue;
            const { layers, marker, sequenceNumber, timestamp } = path.sent;
            expect(layers.pictureId, position.frame & 0xffff, index);
            expect(marker, position.endOfFrame && position.spatialLayer === top, index);
            expect(sequenceNumber, (FIRST_OUT + sent++) & 0xffff, index);
            expect(timestamp, (FIRST_TIMESTAMP + position.picture * PICTURE_TICKS) >>> 0, index);
            expect(path.forwarder.changes, false, index);
          }
          assert.ok(sent > COUNT / 8);
          assert.equal(path.forwarder.needsKeyFrame, false);
        },
      });
    }
  }
}

for (const [spatial, temporal] of TARGETS) {
  Deno.test({
    name:
      `B320: AV1, L2T2: 100,000 packets of layers up to ${spatial} and ${temporal}, shuffled in a pool of 64, keep order`,
    permissions: "none",
    fn() {
      const seed = randomSeed();
      const path = pathTo(spatial, temporal);
      const source = sourceOf(L2T2, 3);
      const { position } = source;
      const numbers = new Map<number, number>();
      let newest = 0;
      let newestFrame = 0;
      for (const index of shuffled(COUNT, seed)) {
        const outcome = path.handle(source.packet(index));
        newestFrame = Math.max(newestFrame, position.frame);
        if (outcome !== "sent" && outcome !== "padding") continue;
        const number = newest + sequenceDiff(path.sent.sequenceNumber, (FIRST_OUT + newest) & 0xffff);
        newest = Math.max(newest, number);
        expect(numbers.has(index), false, index, seed);
        numbers.set(index, number);
        if (outcome === "padding") continue;
        expect(position.frame > newestFrame - MAX_PICTURES || spatial + temporal === Infinity, true, index, seed);
        expect(isWanted(position, spatial, temporal), true, index, seed);
        expect(path.sent.layers.pictureId, position.frame & 0xffff, index, seed);
      }
      expectRising(numbers, seed);
      // What is missing is waited for, so that nothing is given up: all but what came before the first key frame, or too late.
      assert.ok(numbers.size > COUNT / 8);
    },
  });
}
