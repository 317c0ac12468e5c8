import { writeDependencyDescriptor } from "./dependency_descriptor.ts";
import type { FrameFormat, PacketPosition } from "./frame_stream.ts";

/** OBUs without their size field (AV1 specification, section 5.3). */
const SEQUENCE_HEADER = [0x08, 0x00, 0x00, 0x00, 0x04];
const FRAME = [0x30, 0x10, 0x00];

/** AV1 with a dependency descriptor: one OBU for each frame, over as many packets as it takes (AV1 RTP payload, section 4.4). */
export const av1Frames: FrameFormat = {
  mimeType: "video/av1",
  writePayload,
  writeDescriptor: writeDependencyDescriptor,
};

function writePayload(position: PacketPosition, out: Uint8Array, offset: number): number {
  const { keyPicture, spatialLayer, startOfFrame, endOfFrame } = position;
  const startsSequence = keyPicture && spatialLayer === 0 && startOfFrame;
  // Z and Y: the OBU began before, and goes on behind, this packet. W: how many OBUs. N: a coded video sequence begins.
  out[offset] = (startOfFrame ? 0 : 0x80) | (endOfFrame ? 0 : 0x40) | (startsSequence ? 0x28 : 0x10);
  let end = offset + 1;
  if (startsSequence) {
    out[end++] = SEQUENCE_HEADER.length;
    for (const byte of SEQUENCE_HEADER) out[end++] = byte;
  }
  if (startOfFrame) { for (const byte of FRAME) out[end++] = byte; }
  return end;
}
