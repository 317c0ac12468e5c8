import assert from "node:assert/strict";
import { expect, expectRising, FrameSource } from "../../tests/harness/frame_source.ts";
import { type PacketPosition, PICTURE_TICKS, type StreamShape } from "../../tests/harness/frame_stream.ts";
import { LayeredPath } from "../../tests/harness/layered_path.ts";
import { randomSeed } from "../../tests/harness/random_seed.ts";
import { shuffled } from "../../tests/harness/shuffled.ts";
import { vp9Frames } from "../../tests/harness/vp9_frames.ts";
import { type Vp9Fields, vp9Packet } from "../../tests/harness/vp9_packets.ts";
import type { RtpPacket } from "../rtp/packet.ts";
import { sequenceDiff } from "../rtp/sequence.ts";
import { MAX_PICTURES } from "./picture_map.ts";

const COUNT = 100_000;
const FIRST_OUT = 65_000;
const FIRST_TIMESTAMP = 0xffff0000;

const SHAPES: Readonly<Record<string, Omit<StreamShape, "packetsPerFrame">>> = {
  "not scalable": { spatialLayers: 1, temporalLayers: 1, interLayer: "every picture" },
  "three temporal layers": { spatialLayers: 1, temporalLayers: 3, interLayer: "every picture" },
  "SVC": { spatialLayers: 3, temporalLayers: 3, interLayer: "every picture" },
  "K-SVC": { spatialLayers: 3, temporalLayers: 3, interLayer: "key pictures" },
};
const TARGETS = [[Infinity, Infinity], [0, Infinity], [Infinity, 0], [1, 1]] as const;

function pathTo(spatial: number, temporal: number): LayeredPath {
  const path = new LayeredPath("video/vp9", FIRST_OUT, FIRST_TIMESTAMP);
  path.forwarder.setTarget(spatial, temporal);
  return path;
}

/** What a subscriber with this target is to get, by the shape of the stream alone. */
function isWanted(position: PacketPosition, spatial: number, temporal: number): boolean {
  const { shape, spatialLayer, temporalLayer, keyPicture } = position;
  if (temporalLayer > temporal || spatialLayer > spatial) return false;
  // All of a stream goes on as it comes.
  if (spatial === Infinity && temporal === Infinity) return true;
  const top = Math.min(spatial, shape.spatialLayers - 1);
  return spatialLayer === top || keyPicture || shape.interLayer === "every picture";
}

for (const [what, shape] of Object.entries(SHAPES)) {
  for (const [spatial, temporal] of TARGETS) {
    for (const packetsPerFrame of [1, 3]) {
      Deno.test({
        name:
          `B317, B318, B324, B326: VP9, ${what}: 100,000 packets in frames of ${packetsPerFrame}, of layers up to ${spatial} and ${temporal}`,
        permissions: "none",
        fn() {
          const path = pathTo(spatial, temporal);
          const source = new FrameSource(vp9Frames, { ...shape, packetsPerFrame });
          const { position } = source;
          const top = Math.min(spatial, shape.spatialLayers - 1);
          let sent = 0;
          for (let index = 0; index < COUNT; index++) {
            const outcome = path.handle(source.packet(index));
            expect(outcome, isWanted(position, spatial, temporal) ? "sent" : "closed", index);
            if (outcome === "closed") continue;
            const { layers, marker, sequenceNumber, timestamp } = path.sent;
            expect(layers.pictureId, position.picture & 0x7fff, index);
            if (layers.tl0Offset > 0) expect(layers.tl0, position.basePicture & 0xff, index);
            expect(marker, position.endOfFrame && position.spatialLayer === top, index);
            expect(sequenceNumber, (FIRST_OUT + sent++) & 0xffff, index);
            expect(timestamp, (FIRST_TIMESTAMP + position.picture * PICTURE_TICKS) >>> 0, index);
            expect(path.forwarder.changes, false, index);
          }
          assert.ok(sent > COUNT / 16);
          assert.equal(path.forwarder.needsKeyFrame, false);
        },
      });
    }
  }
}

for (const [spatial, temporal] of TARGETS) {
  Deno.test({
    name:
      `B320: VP9, SVC: 100,000 packets of layers up to ${spatial} and ${temporal}, shuffled in a pool of 64, keep order`,
    permissions: "none",
    fn() {
      const seed = randomSeed();
      const path = pathTo(spatial, temporal);
      const source = new FrameSource(vp9Frames, { ...SHAPES.SVC, packetsPerFrame: 3 });
      const { position } = source;
      const numbers = new Map<number, number>();
      let newest = 0;
      let newestPicture = 0;
      for (const index of shuffled(COUNT, seed)) {
        const outcome = path.handle(source.packet(index));
        newestPicture = Math.max(newestPicture, position.picture);
        if (outcome !== "sent" && outcome !== "padding") continue;
        const number = newest + sequenceDiff(path.sent.sequenceNumber, (FIRST_OUT + newest) & 0xffff);
        newest = Math.max(newest, number);
        expect(numbers.has(index), false, index, seed);
        numbers.set(index, number);
        const isKnown = spatial + temporal === Infinity || position.picture > newestPicture - MAX_PICTURES;
        const isSent = isKnown && isWanted(position, spatial, temporal);
        expect(outcome, isSent ? "sent" : "padding", index, seed);
        if (isSent) expect(path.sent.layers.pictureId, position.picture & 0x7fff, index, seed);
      }
      expectRising(numbers, seed);
    },
  });
}

for (const [what, shape] of Object.entries(SHAPES)) {
  Deno.test({
    name: `B321: VP9, ${what}: numbers go on over a switch to another encoding at its key picture, there and back`,
    permissions: "none",
    fn() {
      const path = pathTo(Infinity, Infinity);
      const sources = [1, 2].map((ssrc) => new FrameSource(vp9Frames, { ...shape, packetsPerFrame: 1 }, ssrc));
      const perInterval = 4000 * shape.spatialLayers;
      let expectedId = 0;
      let expectedTl0 = 0;
      for (let round = 0; round < 6; round++) {
        if (round > 0) path.switchSource();
        const source = sources[round % 2];
        // Of each a part, so that their numbers run away from each other.
        const count = (300 + round * 100) * shape.spatialLayers;
        for (let i = 0; i < count; i++) {
          const outcome = path.handle(source.packet(round * perInterval + i), round * 10_000 + i);
          const { position } = source;
          // Rewritten, it goes without what nothing is predicted from.
          const isSent = round === 0 || isWanted(position, 7, 7);
          expect(outcome, isSent ? "sent" : "closed", i, round);
          if (!isSent) continue;
          const { layers, sequenceNumber } = path.sent;
          const picture = Math.floor(i / shape.spatialLayers);
          expect(layers.pictureId, (expectedId + picture) & 0x7fff, i, round);
          const basePictures = position.basePicture - round * 4000 / [0, 1, 2, 4][shape.temporalLayers];
          if (layers.tl0Offset > 0) expect(layers.tl0, (expectedTl0 + basePictures) & 0xff, i, round);
          if (i === 0 && round > 0) expect(sequenceNumber, path.rewriter.sequenceNumber, i, round);
        }
        const pictures = count / shape.spatialLayers;
        expectedId += pictures;
        expectedTl0 += Math.ceil(pictures / [0, 1, 2, 4][shape.temporalLayers]);
      }
      const old = sources[0].packet(4 * perInterval + 5);
      assert.equal(path.handle(old), "refused", "the source before");
    },
  });
}

/** A frame of one packet, by the number of its picture and its layer: of two spatial layers. */
function frame(picture: number, spatial: number, fields: Partial<Vp9Fields> = {}): RtpPacket {
  return vp9Packet({
    sequenceNumber: picture * 2 + spatial,
    timestamp: picture * PICTURE_TICKS,
    pictureId: picture & 0x7fff,
    tl0: picture & 0xff,
    spatial,
    marker: spatial === 1,
    neededAbove: spatial === 0,
    ...fields,
  });
}

function keyPicture(path: LayeredPath, picture: number): string[] {
  const base = path.handle(frame(picture, 0, { keyPicture: true, structure: 2 }));
  return [base, path.handle(frame(picture, 1, { keyPicture: true }))];
}

Deno.test({
  name: "B324: VP9: spatial layers go down at any picture of SVC, and up at a key picture, which is asked for",
  permissions: "none",
  fn() {
    const path = pathTo(Infinity, Infinity);
    const { forwarder } = path;
    keyPicture(path, 0);
    assert.equal(path.handle(frame(1, 0)), "sent");
    forwarder.setTarget(0, Infinity);
    assert.equal(path.handle(frame(1, 1)), "sent", "the picture had begun");
    assert.equal(path.sent.marker, true);
    assert.equal(path.handle(frame(2, 0)), "sent");
    assert.equal(path.sent.marker, true, "the end of the highest forwarded layer");
    assert.equal(path.handle(frame(2, 1)), "closed");
    assert.deepEqual([forwarder.spatial, forwarder.needsKeyFrame], [0, false]);
    forwarder.setTarget(1, Infinity);
    path.handle(frame(3, 0));
    assert.equal(path.handle(frame(3, 1)), "closed");
    assert.equal(forwarder.needsKeyFrame, true);
    assert.deepEqual(keyPicture(path, 4), ["sent", "sent"]);
    assert.deepEqual([forwarder.spatial, forwarder.needsKeyFrame], [1, false]);
    assert.equal(path.handle(frame(5, 0)), "sent");
    assert.equal(path.sent.marker, false);
  },
});

Deno.test({
  name:
    "B324: VP9: a layer whose frames were left out, as in K-SVC, is gone down to at a key picture, which is asked for",
  permissions: "none",
  fn() {
    const path = pathTo(1, Infinity);
    const { forwarder } = path;
    assert.deepEqual(keyPicture(path, 0), ["sent", "sent"]);
    assert.equal(path.handle(frame(1, 0, { neededAbove: false })), "closed");
    assert.equal(path.handle(frame(1, 1)), "sent");
    forwarder.setTarget(0, Infinity);
    assert.equal(path.handle(frame(2, 0, { neededAbove: false })), "closed");
    assert.equal(path.handle(frame(2, 1)), "sent", "better than what cannot be decoded");
    assert.deepEqual([forwarder.spatial, forwarder.needsKeyFrame], [1, true]);
    assert.deepEqual(keyPicture(path, 3), ["sent", "closed"]);
    assert.equal(path.handle(frame(4, 0, { neededAbove: false })), "sent");
    assert.equal(path.sent.marker, true);
    assert.equal(forwarder.needsKeyFrame, false);
  },
});

Deno.test({
  name: "B324: VP9: where the encoder stops its top layer, what is below goes on, with the marker",
  permissions: "none",
  fn() {
    const path = pathTo(6, Infinity);
    keyPicture(path, 0);
    assert.equal(path.forwarder.spatial, 1);
    assert.equal(path.handle(frame(1, 0, { structure: 1, marker: true, neededAbove: false })), "sent");
    assert.equal(path.sent.marker, true);
    assert.equal(path.handle(frame(2, 0, { marker: true, neededAbove: false })), "sent");
  },
});

Deno.test({
  name:
    "B317: VP9: temporal layers go down at any picture, and up behind one with U, or at the first of the next layer",
  permissions: "none",
  fn() {
    const path = pathTo(Infinity, Infinity);
    const { forwarder } = path;
    const send = (picture: number, temporal: number, switchingPoint = false) =>
      path.handle(frame(picture, 0, { sequenceNumber: picture, temporal, switchingPoint, marker: true }));
    path.handle(frame(0, 0, { keyPicture: true, structure: 1 }));
    forwarder.setTarget(Infinity, 0);
    assert.equal(send(1, 1, true), "closed");
    forwarder.setTarget(Infinity, 2);
    assert.equal(send(2, 0), "sent");
    assert.equal(send(3, 2, true), "closed", "not the next layer");
    assert.equal(send(4, 1), "closed", "no switching point");
    assert.equal(send(5, 1, true), "sent");
    assert.equal(forwarder.temporal, 1);
    assert.equal(send(6, 2), "closed");
    assert.equal(send(7, 0, true), "sent");
    assert.equal(forwarder.temporal, 2, "all that follows needs nothing from before");
    assert.equal(send(8, 2), "sent");
    assert.equal(path.sent.layers.pictureId, 8, "references are counted by picture ID");
  },
});

Deno.test({
  name: "B321, B322: VP9: what is sent again after a switch has the numbers and the marker it had",
  permissions: "none",
  fn() {
    const path = pathTo(0, Infinity);
    keyPicture(path, 10);
    path.handle(frame(11, 0));
    const { sequenceNumber } = path.sent;
    path.switchSource();
    path.forwarder.setTarget(1, Infinity);
    path.handle(frame(90, 0, { ssrc: 2, bits: 7, keyPicture: true, structure: 2 }));
    assert.deepEqual([path.sent.layers.pictureId, path.sent.layers.pictureIdBits], [12, 15]);
    assert.equal(path.sent.layers.startsKeyPicture, true);
    assert.equal(path.sent.marker, false);
    const second = path.sent.sequenceNumber;
    assert.equal(path.resend(frame(11, 0), sequenceNumber), true);
    assert.deepEqual([path.sent.layers.pictureId, path.sent.marker], [11, true]);
    assert.equal(path.resend(frame(11, 1), sequenceNumber), false, "it was left out");
    assert.equal(path.resend(frame(90, 0, { ssrc: 2, bits: 7, keyPicture: true, structure: 2 }), second), true);
    assert.deepEqual([path.sent.layers.pictureId, path.sent.marker], [12, false]);
  },
});

Deno.test({
  name: "B316: VP9: a source without picture IDs goes on as it came, whatever the target is",
  permissions: "none",
  fn() {
    const path = pathTo(0, 0);
    path.handle(frame(0, 0, { bits: 0, keyPicture: true, structure: 2 }));
    assert.equal(path.handle(frame(0, 1, { bits: 0, keyPicture: true })), "sent");
    assert.equal(path.handle(frame(1, 1, { bits: 0, temporal: 1 })), "sent");
  },
});
