import assert from "node:assert/strict";
import { av1Frames } from "../../tests/harness/av1_frames.ts";
import { expect, expectRising, FrameSource } from "../../tests/harness/frame_source.ts";
import { type PacketPosition, PICTURE_TICKS, type StreamShape } from "../../tests/harness/frame_stream.ts";
import { LayeredPath } from "../../tests/harness/layered_path.ts";
import { randomSeed } from "../../tests/harness/random_seed.ts";
import { shuffled } from "../../tests/harness/shuffled.ts";
import { sequenceDiff } from "../rtp/sequence.ts";
import { MAX_MISSING_FRAMES } from "./payload_descriptor.ts";
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

/** The outcomes of packets `from` to `to` of a source of one packet a frame, each followed by * where it ends the picture. */
function send(path: LayeredPath, source: FrameSource, from: number, to = from): string {
  const outcomes = [];
  for (let index = from; index <= to; index++) {
    const outcome = path.handle(source.packet(index), index * 33);
    outcomes.push(outcome === "sent" && path.sent.marker ? "sent*" : outcome);
  }
  return outcomes.join(" ");
}

Deno.test({
  name: "B317: AV1: temporal layers go down at any picture, and up at a switch to the target that asks for them",
  permissions: "none",
  fn() {
    const path = pathTo(Infinity, Infinity);
    const source = sourceOf(L1T3);
    assert.equal(send(path, source, 0, 4), "sent* sent* sent* sent* sent*");
    path.forwarder.setTarget(Infinity, 0);
    assert.equal(send(path, source, 5, 9), "closed closed closed sent* closed");
    assert.deepEqual([path.forwarder.temporal, path.forwarder.needsKeyFrame], [0, false]);
    path.forwarder.setTarget(Infinity, 1);
    // Layer 1 is discardable in its own target: the switch is at layer 0.
    assert.equal(send(path, source, 10, 15), "closed closed sent* closed sent* closed");
    path.forwarder.setTarget(Infinity, 2);
    assert.equal(send(path, source, 16, 19), "sent* sent* sent* sent*");
  },
});

Deno.test({
  name: "B325: AV1: spatial layers go down with the next picture of SVC, and up at a key picture, which is asked for",
  permissions: "none",
  fn() {
    const path = pathTo(Infinity, Infinity);
    const source = sourceOf(L2T2);
    const { forwarder } = path;
    assert.equal(send(path, source, 0, 4), "sent sent* sent sent* sent");
    forwarder.setTarget(0, Infinity);
    assert.equal(send(path, source, 5), "sent*", "the picture had begun");
    assert.equal(send(path, source, 6, 9), "sent* closed sent* closed");
    assert.deepEqual([forwarder.spatial, forwarder.temporal, forwarder.needsKeyFrame], [0, 1, false]);
    forwarder.setTarget(1, Infinity);
    assert.equal(send(path, source, 10, 13), "sent* closed sent* closed");
    assert.equal(forwarder.needsKeyFrame, true);
    send(path, source, 14, 2 * INTERVAL - 1);
    assert.equal(send(path, source, 2 * INTERVAL, 2 * INTERVAL + 3), "sent sent* sent sent*");
    assert.equal(forwarder.needsKeyFrame, false);
  },
});

Deno.test({
  name: "B325: AV1: from the upper layer of K-SVC the way down is a key picture, which is asked for",
  permissions: "none",
  fn() {
    const path = pathTo(1, 1);
    const source = sourceOf(L2T2_KEY);
    const { forwarder } = path;
    assert.equal(send(path, source, 0, 5), "sent sent* closed sent* closed sent*");
    forwarder.setTarget(0, 1);
    assert.equal(send(path, source, 6, 9), "closed closed closed sent*", "the least that can be decoded");
    assert.equal(forwarder.needsKeyFrame, true);
    send(path, source, 10, 2 * INTERVAL - 1);
    assert.equal(send(path, source, 2 * INTERVAL, 2 * INTERVAL + 3), "sent* closed sent* closed");
    assert.equal(forwarder.needsKeyFrame, false);
    // The first time everything was forwarded: then both layers are whole.
    const whole = pathTo(Infinity, Infinity);
    send(whole, source, 0, 5);
    whole.forwarder.setTarget(0, 1);
    assert.equal(send(whole, source, 6, 9), "sent* closed sent* closed");
  },
});

Deno.test({
  name: "B325: AV1: a chain survives a frame that comes within the next 64, and the others go on meanwhile",
  permissions: "none",
  fn() {
    const path = pathTo(0, 0);
    const source = sourceOf(L1T3);
    send(path, source, 0, 3);
    // Frame 4 is late.
    for (let frame = 5; frame <= 4 + MAX_MISSING_FRAMES; frame++) {
      assert.match(send(path, source, frame), frame % 4 === 0 ? /^sent\*$/ : /^(closed|padding)$/, `frame ${frame}`);
    }
    assert.equal(send(path, source, 4), "sent*");
    for (let frame = 5 + MAX_MISSING_FRAMES; frame < 200; frame++) {
      assert.equal(send(path, source, frame), frame % 4 === 0 ? "sent*" : "closed", `frame ${frame}`);
    }
  },
});

Deno.test({
  name: "B325: AV1: a chain breaks at a frame that does not come, nothing goes on, and it heals where it begins anew",
  permissions: "none",
  fn() {
    const path = pathTo(0, 0);
    const source = sourceOf(L1T3);
    send(path, source, 0, 3);
    send(path, source, 5, 4 + MAX_MISSING_FRAMES);
    assert.equal(path.forwarder.needsKeyFrame, false);
    assert.equal(send(path, source, 5 + MAX_MISSING_FRAMES, 100).includes("sent"), false);
    assert.equal(path.forwarder.needsKeyFrame, true);
    assert.equal(send(path, source, 101, INTERVAL - 1).includes("sent"), false);
    assert.equal(send(path, source, INTERVAL, INTERVAL + 4), "sent* closed closed closed sent*");
    assert.equal(path.forwarder.needsKeyFrame, false);
  },
});

Deno.test({
  name: "B325: AV1: where the upper chain of SVC breaks the lower one goes on",
  permissions: "none",
  fn() {
    const path = pathTo(1, 1);
    const source = sourceOf(L2T2);
    assert.equal(send(path, source, 0, 4), "sent sent* sent sent* sent");
    // Frame 5, of the upper layer, never comes.
    for (let frame = 6; frame < 200; frame++) send(path, source, frame);
    assert.deepEqual([path.forwarder.spatial, path.forwarder.needsKeyFrame], [0, true]);
    assert.equal(send(path, source, 200, 203), "sent* closed sent* closed");
  },
});

Deno.test({
  name: "B325, B328: AV1: without the structure of its key frame nothing goes on, and a key frame is asked for",
  permissions: "none",
  fn() {
    const path = pathTo(0, 0);
    const source = sourceOf(L1T3, 3);
    const lost = source.packet(1);
    path.read(lost);
    assert.equal(lost.layers.usable, false);
    assert.equal(path.forwarder.select(lost), false);
    assert.equal(path.forwarder.needsKeyFrame, true);
  },
});

for (const [what, shape] of Object.entries(SHAPES)) {
  Deno.test({
    name: `B321, B325: AV1, ${what}: frame numbers and template ids go on over a switch of sources, there and back`,
    permissions: "none",
    fn() {
      const path = pathTo(Infinity, Infinity);
      const sources = [1, 2].map((ssrc) => sourceOf(shape, 1, ssrc));
      let expected = 0;
      let templates = 0;
      for (let round = 0; round < 6; round++) {
        if (round > 0) path.switchSource();
        const source = sources[round % 2];
        const start = round * INTERVAL * shape.spatialLayers;
        const count = (300 + round * 100) * shape.spatialLayers;
        for (let i = 0; i < count; i++) {
          const outcome = path.handle(source.packet(start + i), round * 10_000 + i);
          const isSent = round === 0 || isWanted(source.position, 7, 7);
          const isStart = i === 0 && round > 0 && !isSent;
          expect(outcome, isSent ? "sent" : isStart ? "padding" : "closed", i, round);
          if (!isSent) continue;
          const { layers } = path.sent;
          expect(layers.pictureId, (expected + i) & 0xffff, i, round);
          // The structure of S2T2 is in a frame that is left out.
          if (shape === S2T2 && round > 0) continue;
          expect(layers.usable, true, i, round);
          expect(layers.spatial, source.position.spatialLayer, i, round);
          expect(layers.temporal, source.position.temporalLayer, i, round);
          if (i === 0) expect(layers.structure?.templateIdOffset ?? -1, templates & 0x3f, i, round);
          if (i === 0) templates += layers.structure?.templates.length ?? 0;
        }
        expected += count;
      }
    },
  });
}

Deno.test({
  name: "B322: AV1: what is sent again after a switch has the frame number, the template id and the marker it had",
  permissions: "none",
  fn() {
    const path = pathTo(0, Infinity);
    const [first, second] = [1, 2].map((ssrc) => sourceOf(L2T2, 1, ssrc));
    send(path, first, 0, 3);
    const { sequenceNumber } = path.sent;
    path.switchSource();
    path.forwarder.setTarget(1, Infinity);
    send(path, second, 2 * INTERVAL, 2 * INTERVAL + 1);
    const after = path.sent.sequenceNumber;
    const descriptor = () => [...path.sent.bytes.subarray(path.sent.layers.descriptorOffset).subarray(0, 3)];
    const sent = descriptor();
    assert.equal(path.resend(first.packet(2), sequenceNumber), true);
    assert.deepEqual([path.sent.layers.pictureId, path.sent.marker], [2, true]);
    assert.equal(path.resend(first.packet(3), sequenceNumber), false, "it was left out");
    assert.equal(path.resend(second.packet(2 * INTERVAL + 1), after), true);
    assert.deepEqual(descriptor(), sent);
    assert.equal(path.sent.marker, true);
  },
});
