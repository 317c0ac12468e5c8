import assert from "node:assert/strict";
import { expect, expectRising, FrameSource } from "../../tests/harness/frame_source.ts";
import { PICTURE_TICKS } from "../../tests/harness/frame_stream.ts";
import { LayeredPath } from "../../tests/harness/layered_path.ts";
import { randomSeed } from "../../tests/harness/random_seed.ts";
import { shuffled } from "../../tests/harness/shuffled.ts";
import { vp8Frames } from "../../tests/harness/vp8_frames.ts";
import { type Vp8Fields, vp8Packet } from "../../tests/harness/vp8_packets.ts";
import type { RtpPacket } from "../rtp/packet.ts";
import { sequenceDiff } from "../rtp/sequence.ts";
import { MAX_PICTURES, MAX_SOURCES } from "./picture_map.ts";

const COUNT = 100_000;
const FIRST_OUT = 65_000;
const FIRST_TIMESTAMP = 0xffff0000;
/** Pictures of each period of four up to each of its pictures, itself included, in layers 0 to T. */
const UP_TO: readonly (readonly number[])[] = [[1, 1, 1, 1], [1, 1, 2, 2], [1, 2, 3, 4]];

function sourceOf(packetsPerFrame: number): FrameSource {
  return new FrameSource(vp8Frames, {
    packetsPerFrame,
    spatialLayers: 1,
    temporalLayers: 3,
    interLayer: "every picture",
  });
}

function pathTo(temporal: number): LayeredPath {
  const path = new LayeredPath("video/vp8", FIRST_OUT, FIRST_TIMESTAMP);
  path.forwarder.setTarget(Infinity, temporal);
  return path;
}

/** A seed by which more pictures than are remembered come before the first key frame. */
const LATE_KEY_FRAME = 3343901651;

const TARGETS = [[Infinity, "all layers"], [1, "two layers"], [0, "the base layer"]] as const;

for (const packets of [1, 3, 200]) {
  for (const [temporal, what] of TARGETS) {
    Deno.test({
      name: `B318, B319: VP8: of 100,000 packets in frames of ${packets} ${what} go out without a gap in any number`,
      permissions: "none",
      fn() {
        const path = pathTo(temporal);
        const source = sourceOf(packets);
        const { position } = source;
        let sent = 0;
        for (let index = 0; index < COUNT; index++) {
          const outcome = path.handle(source.packet(index));
          const isWanted = position.temporalLayer <= temporal;
          expect(outcome, isWanted ? "sent" : "closed", index);
          if (!isWanted) continue;
          const { layers, marker, sequenceNumber, timestamp } = path.sent;
          const upTo = UP_TO[Math.min(temporal, 2)];
          const pictures = Math.floor(position.picture / 4) * upTo[3] + upTo[position.picture % 4];
          expect(layers.pictureId, (pictures - 1) & 0x7fff, index);
          expect(layers.tl0, position.basePicture & 0xff, index);
          expect(layers.keyIndex, position.keyPictures & 0x1f, index);
          expect(marker, position.endOfPicture, index);
          expect(sequenceNumber, (FIRST_OUT + sent++) & 0xffff, index);
          expect(timestamp, (FIRST_TIMESTAMP + position.picture * PICTURE_TICKS) >>> 0, index);
          if (temporal === Infinity) expect(path.forwarder.changes, false, index);
        }
        assert.ok(sent > COUNT / 4 - packets);
      },
    });
  }
}

for (const packets of [1, 3]) {
  for (const [temporal, what] of TARGETS) {
    Deno.test({
      name:
        `B320: VP8: ${what} of 100,000 packets in frames of ${packets}, shuffled in a pool of 64, keep order and span`,
      permissions: "none",
      fn() {
        for (const seed of [11, LATE_KEY_FRAME, randomSeed()]) checkShuffled(packets, temporal, seed);
      },
    });
  }
}

function checkShuffled(packets: number, temporal: number, seed: number): void {
  const path = pathTo(temporal);
  const source = sourceOf(packets);
  const { position } = source;
  const ids = new Map<number, number>();
  const numbers = new Map<number, number>();
  let newestId = 0;
  let newestNumber = 0;
  let newestPicture = 0;
  for (const index of shuffled(COUNT, seed)) {
    const outcome = path.handle(source.packet(index));
    // Nothing begins before the key frame, however many pictures come before it.
    if (numbers.size === 0 && outcome === "refused") continue;
    newestPicture = Math.max(newestPicture, position.picture);
    if (outcome !== "sent" && outcome !== "padding") continue;
    const number = newestNumber + sequenceDiff(path.sent.sequenceNumber, (FIRST_OUT + newestNumber) & 0xffff);
    newestNumber = Math.max(newestNumber, number);
    expect(numbers.has(index), false, index, seed);
    numbers.set(index, number);
    const isKnown = temporal === Infinity || position.picture > newestPicture - MAX_PICTURES;
    expect(outcome, isKnown && position.temporalLayer <= temporal ? "sent" : "padding", index, seed);
    if (outcome === "padding") continue;
    const { layers } = path.sent;
    const id = newestId + (((layers.pictureId - newestId) << 17) >> 17);
    newestId = Math.max(newestId, id);
    expect(ids.get(position.picture) ?? id, id, index, seed);
    ids.set(position.picture, id);
    expect(layers.tl0, position.basePicture & 0xff, index, seed);
    expect(layers.keyIndex, position.keyPictures & 0x1f, index, seed);
  }
  expectRising(ids, seed);
  expectRising(numbers, seed);
}

/** A picture of one packet, by its number alone: base layer, each with its own TL0PICIDX. */
function picture(number: number, fields: Partial<Vp8Fields> = {}): RtpPacket {
  return vp8Packet({
    sequenceNumber: number & 0xffff,
    timestamp: (number * PICTURE_TICKS) >>> 0,
    pictureId: number & 0x7fff,
    tl0: number & 0xff,
    ...fields,
  });
}

Deno.test({
  name: "B317: VP8: a subscriber goes down at any picture, and up by a layer at a picture with Y",
  permissions: "none",
  fn() {
    const path = pathTo(Infinity);
    const { forwarder } = path;
    assert.equal(path.handle(picture(0, { keyFrame: true })), "sent");
    assert.equal(path.handle(picture(1, { temporal: 2 })), "sent");
    forwarder.setTarget(Infinity, 0);
    assert.equal(path.handle(picture(2, { temporal: 1, switchingPoint: true })), "closed");
    assert.equal(forwarder.temporal, 0);
    forwarder.setTarget(Infinity, 2);
    assert.equal(path.handle(picture(3, { temporal: 1 })), "closed", "predicted from what was left out");
    assert.equal(path.handle(picture(4)), "sent");
    assert.equal(path.handle(picture(5, { temporal: 2, switchingPoint: true })), "closed", "not the next layer");
    assert.equal(path.handle(picture(6, { temporal: 1, switchingPoint: true })), "sent");
    assert.equal(forwarder.temporal, 1);
    assert.equal(path.handle(picture(7, { temporal: 2 })), "closed");
    assert.equal(path.handle(picture(8, { temporal: 2, switchingPoint: true })), "sent");
    assert.equal(forwarder.temporal, 2);
    forwarder.setTarget(Infinity, 1);
    assert.equal(path.handle(picture(9, { temporal: 2, switchingPoint: true })), "closed");
    forwarder.setTarget(Infinity, 2);
    assert.equal(path.handle(picture(10, { keyFrame: true })), "sent");
    assert.equal(path.handle(picture(11, { temporal: 2 })), "sent", "all layers begin at a key frame");
  },
});

Deno.test({
  name: "B317: VP8: all packets of a picture are treated alike, also where the target changes inside of it",
  permissions: "none",
  fn() {
    const path = pathTo(Infinity);
    path.handle(picture(0, { keyFrame: true }));
    const parts = [0, 1, 2].map((part) => ({
      sequenceNumber: 1 + part,
      startOfFrame: part === 0,
      marker: part === 2,
      temporal: 1,
    }));
    assert.equal(path.handle(picture(1, parts[0])), "sent");
    path.forwarder.setTarget(Infinity, 0);
    assert.equal(path.handle(picture(1, parts[1])), "sent");
    assert.equal(path.handle(picture(1, parts[2])), "sent");
    assert.equal(path.handle(picture(2, { sequenceNumber: 4, temporal: 1 })), "closed");
    path.forwarder.setTarget(Infinity, 1);
    assert.equal(path.handle(picture(2, { sequenceNumber: 5, temporal: 1, switchingPoint: true })), "closed");
    assert.equal(path.handle(picture(3, { sequenceNumber: 6 })), "sent");
    assert.equal(path.sent.layers.pictureId, 2, "a picture of three packets was left out: one number");
    assert.equal(path.sent.sequenceNumber, (FIRST_OUT + 4) & 0xffff);
  },
});

Deno.test({
  name:
    "B320: VP8: a late packet has the number of its time; one of a picture that was left out, or is forgotten, has none",
  permissions: "none",
  fn() {
    const path = pathTo(0);
    path.handle(picture(0, { keyFrame: true }));
    assert.equal(path.handle(picture(1, { temporal: 1 })), "closed");
    // 2, 3 and 4 are late: the base layer, the upper one, and one that comes too late.
    assert.equal(path.handle(picture(5)), "sent");
    assert.equal(path.sent.layers.pictureId, 4);
    assert.equal(path.handle(picture(6, { temporal: 1 })), "closed");
    assert.equal(path.handle(picture(2)), "sent");
    assert.equal(path.sent.layers.pictureId, 1);
    assert.equal(path.sent.sequenceNumber, (FIRST_OUT + 1) & 0xffff);
    assert.equal(path.handle(picture(3, { temporal: 1 })), "padding", "else it would be asked for again");
    assert.equal(path.sent.payloadLength, 0);
    assert.equal(path.sent.sequenceNumber, (FIRST_OUT + 2) & 0xffff);
    assert.equal(path.handle(picture(1, { temporal: 1 })), "refused", "closed up over");
    for (let number = 7; number <= 5 + MAX_PICTURES; number++) path.handle(picture(number));
    assert.equal(path.forwarder.select(read(path, picture(6))), false, "it was left out");
    assert.equal(path.forwarder.select(read(path, picture(5))), false, "forgotten");
  },
});

function read(path: LayeredPath, packet: RtpPacket): RtpPacket {
  path.read(packet);
  return packet;
}

Deno.test({
  name: "B320: VP8: a duplicate is what it was, in a picture that is sent and in one that is left out",
  permissions: "none",
  fn() {
    const path = pathTo(0);
    path.handle(picture(0, { keyFrame: true }));
    path.handle(picture(1, { temporal: 1 }));
    assert.equal(path.handle(picture(2)), "sent");
    const { sequenceNumber } = path.sent;
    const { pictureId } = path.sent.layers;
    assert.equal(path.handle(picture(2)), "sent");
    assert.deepEqual([path.sent.sequenceNumber, path.sent.layers.pictureId], [sequenceNumber, pictureId]);
    assert.equal(path.handle(picture(1, { temporal: 1 })), "refused");
  },
});

for (let gap = 64; gap <= 32_768; gap *= 2) {
  Deno.test({
    name: `B320: VP8: a gap of ${gap} packets stays one, and 1,000 packets behind it are consistent`,
    permissions: "none",
    fn() {
      for (const temporal of [Infinity, 0]) {
        const path = pathTo(temporal);
        path.handle(picture(0, { keyFrame: true }));
        for (let number = 1; number < 10; number++) path.handle(picture(number));
        let before = -1;
        for (let number = 10 + gap; number < 1010 + gap; number++) {
          assert.equal(path.handle(picture(number)), "sent");
          const { pictureId } = path.sent.layers;
          if (before >= 0) assert.equal(pictureId, (before + 1) & 0x7fff);
          before = pictureId;
        }
      }
    },
  });
}

Deno.test({
  name: "B321: VP8: numbers go on over a switch of sources, each by one, and every source after that is rewritten",
  permissions: "none",
  fn() {
    const path = pathTo(Infinity);
    path.handle(picture(32_766, { ssrc: 1, keyFrame: true, tl0: 254, keyIndex: 31 }));
    path.handle(picture(32_767, { ssrc: 1, tl0: 255, keyIndex: 31 }));
    path.switchSource();
    assert.equal(path.handle(picture(500, { ssrc: 2, tl0: 7, keyIndex: 3 })), "refused", "no key frame");
    assert.equal(path.handle(picture(501, { ssrc: 2, tl0: 8, keyIndex: 4, keyFrame: true }), 33), "sent");
    const { layers } = path.sent;
    assert.deepEqual([layers.pictureId, layers.tl0, layers.keyIndex], [0, 0, 0]);
    assert.equal(path.sent.sequenceNumber, (FIRST_OUT + 2) & 0xffff);
    assert.equal(path.handle(picture(502, { ssrc: 2, tl0: 9, keyIndex: 4 })), "sent");
    assert.deepEqual([layers.pictureId, layers.tl0, layers.keyIndex], [1, 1, 0]);
    assert.equal(path.handle(picture(32_768, { ssrc: 1, tl0: 0, keyIndex: 31 })), "refused", "the old source");
    path.switchSource();
    path.handle(picture(32_770, { ssrc: 1, tl0: 2, keyIndex: 0, keyFrame: true }));
    assert.deepEqual([layers.pictureId, layers.tl0, layers.keyIndex], [2, 2, 1], "the first source is one as well");
  },
});

Deno.test({
  name: "B321: VP8: a picture ID of 7 bits has 15 once it is rewritten, and the packet grows by a byte",
  permissions: "none",
  fn() {
    const path = pathTo(Infinity);
    path.handle(picture(13_469, { keyFrame: true, tl0: 1 }));
    path.switchSource();
    const seven = (number: number, fields: Partial<Vp8Fields> = {}) => picture(number, { ssrc: 2, bits: 7, ...fields });
    assert.equal(path.handle(seven(126, { keyFrame: true })), "sent");
    assert.deepEqual([path.sent.layers.pictureId, path.sent.layers.pictureIdBits], [13_470, 15]);
    assert.equal(path.sent.payloadLength, seven(126, { keyFrame: true }).payloadLength + 1);
    assert.equal(path.sent.layers.startsKeyPicture, true, "the payload behind it is whole");
    for (let number = 127; number < 1000; number++) {
      assert.equal(path.handle(seven(number)), "sent");
      assert.equal(path.sent.layers.pictureId, 13_470 + number - 126);
    }
  },
});

Deno.test({
  name:
    "B122, B319: VP8: a source of 7 bits keeps every byte until something is left out, and goes on from there in 15",
  permissions: "none",
  fn() {
    const path = pathTo(Infinity);
    const seven = (number: number, fields: Partial<Vp8Fields> = {}) => picture(number, { bits: 7, ...fields });
    path.handle(seven(100, { keyFrame: true }));
    for (let number = 101; number < 140; number++) {
      path.handle(seven(number));
      assert.deepEqual([path.forwarder.changes, path.sent.layers.pictureId], [false, number & 0x7f]);
    }
    path.forwarder.setTarget(Infinity, 0);
    assert.equal(path.handle(seven(140, { temporal: 1 })), "closed");
    for (let number = 141; number < 400; number++) {
      path.handle(seven(number));
      assert.deepEqual([path.sent.layers.pictureIdBits, path.sent.layers.pictureId], [15, (139 & 0x7f) + number - 140]);
    }
  },
});

Deno.test({
  name: "B322: VP8: what is sent again over switches of sources has the numbers it had, as long as they are remembered",
  permissions: "none",
  fn() {
    const path = pathTo(Infinity);
    const sent: { number: number; ssrc: number; out: number; id: number; tl0: number; keyIndex: number }[] = [];
    const note = (number: number, ssrc: number, fields: Partial<Vp8Fields> = {}) => {
      if (path.handle(picture(number, { ssrc, ...fields })) !== "sent") return;
      const { pictureId: id, tl0, keyIndex } = path.sent.layers;
      sent.push({ number, ssrc, out: path.sent.sequenceNumber, id, tl0, keyIndex });
    };
    for (let source = 0; source < MAX_SOURCES; source++) {
      if (source > 0) path.switchSource();
      path.forwarder.setTarget(Infinity, source === 0 ? Infinity : 0);
      for (let i = 0; i < 16; i++) note(source * 1000 + i, source + 1, { keyFrame: i === 0, temporal: i % 2 });
    }
    for (const { number, ssrc, out, id, tl0, keyIndex } of sent) {
      const i = number % 1000;
      const again = picture(number, { ssrc, keyFrame: i === 0, temporal: i % 2 });
      assert.equal(path.resend(again, out), true, `picture ${number}`);
      const { layers } = path.sent;
      assert.deepEqual([layers.pictureId, layers.tl0, layers.keyIndex], [id, tl0, keyIndex], `picture ${number}`);
    }
    const leftOut = picture(1001, { ssrc: 2, temporal: 1 });
    assert.equal(path.forwarder.selectAgain(read(path, leftOut)), false, "it was left out");
  },
});

Deno.test({
  name: "B316: VP8: a source without picture IDs goes on as it came, whatever the target is",
  permissions: "none",
  fn() {
    const path = pathTo(0);
    assert.equal(path.handle(picture(0, { bits: 0, keyFrame: true })), "sent");
    assert.equal(path.handle(picture(1, { bits: 0, temporal: 1 })), "sent");
    assert.equal(path.forwarder.changes, false);
  },
});
