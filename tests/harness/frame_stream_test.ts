import assert from "node:assert/strict";
import { AV1RtpPayload, Vp8RtpPayload, Vp9RtpPayload } from "werift";
import { av1Frames } from "./av1_frames.ts";
import { writeDependencyDescriptor } from "./dependency_descriptor.ts";
import {
  type FrameFormat,
  FrameStream,
  MAX_GENERATED_LENGTH,
  PacketPosition,
  type StreamShape,
} from "./frame_stream.ts";
import { vp8Frames } from "./vp8_frames.ts";
import { vp9Frames } from "./vp9_frames.ts";

const FIELDS = { ssrc: 1, payloadType: 96, firstSequenceNumber: 0, firstTimestamp: 0, descriptorId: 0 };

function shape(spatialLayers: number, temporalLayers: number, interLayer: StreamShape["interLayer"]): StreamShape {
  return { packetsPerFrame: 2, spatialLayers, temporalLayers, interLayer };
}

/** Payloads of the first packets of a stream. */
function* payloads(format: FrameFormat, form: StreamShape, count: number): Generator<[PacketPosition, Buffer]> {
  const stream = new FrameStream(format, form, FIELDS);
  const out = new Uint8Array(MAX_GENERATED_LENGTH);
  for (let index = 0; index < count; index++) {
    yield [stream.position, Buffer.from(out.slice(0, stream.writePayload(index, out, 0)))];
  }
}

Deno.test({
  name: "werift reads the generated VP8 descriptors as they are meant",
  permissions: "none",
  fn() {
    for (const [position, payload] of payloads(vp8Frames, shape(1, 3, "every picture"), 80_000)) {
      const read = Vp8RtpPayload.deSerialize(payload);
      assert.deepEqual([read.pictureId, read.sBit], [position.picture & 0x7fff, position.startOfFrame ? 1 : 0]);
      if (position.startOfFrame) assert.equal(read.isKeyframe, position.keyPicture);
    }
  },
});

Deno.test({
  name: "werift reads the generated VP9 descriptors as they are meant",
  permissions: "none",
  fn() {
    for (const interLayer of ["every picture", "key pictures"] as const) {
      for (const [position, payload] of payloads(vp9Frames, shape(3, 3, interLayer), 40_000)) {
        const { keyPicture, spatialLayer } = position;
        const read = Vp9RtpPayload.deSerialize(payload);
        assert.deepEqual([read.pictureId, read.tl0PicIdx], [position.picture & 0x7fff, position.basePicture & 0xff]);
        assert.deepEqual([read.sid, read.tid], [spatialLayer, position.temporalLayer]);
        assert.deepEqual([read.bBit, read.eBit], [position.startOfFrame ? 1 : 0, position.endOfFrame ? 1 : 0]);
        assert.equal(read.pBit, keyPicture ? 0 : 1);
        assert.equal(read.d, spatialLayer > 0 && (keyPicture || interLayer === "every picture") ? 1 : 0);
        if (read.vBit === 1) assert.deepEqual([read.width, read.height], [[160, 320, 640], [90, 180, 360]]);
        assert.equal(read.vBit === 1, keyPicture && spatialLayer === 0 && position.startOfFrame);
      }
    }
  },
});

Deno.test({
  name: "werift reads the generated AV1 aggregation headers as they are meant",
  permissions: "none",
  fn() {
    for (
      const [{ keyPicture, spatialLayer, startOfFrame, endOfFrame }, payload] of payloads(
        av1Frames,
        shape(2, 2, "every picture"),
        40_000,
      )
    ) {
      const read = AV1RtpPayload.deSerialize(payload);
      const startsSequence = keyPicture && spatialLayer === 0 && startOfFrame;
      assert.equal(read.nBit_RtpStartsNewCodedVideoSequence === 1, startsSequence);
      assert.equal(read.obu_or_fragment.length, startsSequence ? 2 : 1);
      assert.deepEqual([read.zBit_RtpStartsWithFragment, read.yBit_RtpEndsWithFragment], [
        startOfFrame ? 0 : 1,
        endOfFrame ? 0 : 1,
      ]);
    }
  },
});

Deno.test({
  name: "a dependency descriptor has the bits of the AV1 RTP specification, appendix A.8",
  permissions: "none",
  fn() {
    const position = new PacketPosition(shape(1, 1, "every picture"));
    const out = new Uint8Array(MAX_GENERATED_LENGTH);
    const bits = () => {
      const bytes = out.slice(0, writeDependencyDescriptor(position, out, 0));
      return [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
    };
    position.seek(0);
    const mandatory = "10" + "000000" + "0000000000000000";
    // Flags, offset, decode targets, layers, indications, frame differences, chains, resolutions.
    const structure = "10000" + "000000" + "00000" + "0011" + "1010" + "0" + "100000" + "1" + "0000" + "0001" + "0";
    assert.equal(bits(), (mandatory + structure).padEnd(72, "0"));
    position.seek(1);
    assert.equal(bits(), "01" + "000000" + "0000000000000000");
    position.seek(2 * 0x1_0002);
    assert.equal(bits(), "10" + "000001" + "0000000000000010");
  },
});

Deno.test({
  name:
    "the dependency descriptor of two by two layers names its templates by layer, and its structure with a key picture",
  permissions: "none",
  fn() {
    for (const interLayer of ["every picture", "key pictures"] as const) {
      const position = new PacketPosition({ ...shape(2, 2, interLayer), packetsPerFrame: 1 });
      const out = new Uint8Array(MAX_GENERATED_LENGTH);
      const read = Array.from({ length: 12 }, (_, index) => {
        position.seek(index);
        const length = writeDependencyDescriptor(position, out, 0);
        return [out[0] & 0x3f, out[2], length];
      });
      assert.deepEqual(read.map(([template]) => template), [0, 3, 2, 5, 1, 4, 2, 5, 1, 4, 2, 5]);
      assert.deepEqual(read.map(([, frame]) => frame), Array.from({ length: 12 }, (_, index) => index));
      assert.ok(read[0][2] > 16, "more than the one-byte form of header extensions takes");
      assert.ok(read.slice(1).every(([, , length]) => length === 3));
    }
  },
});
