import { writeUint16 } from "../../src/rtp/bytes.ts";
import type { FrameFormat, PacketPosition } from "./frame_stream.ts";

/** Frame marker, profile 0 and the sync code; an inter frame (VP9 specification, section 6.2). */
const KEY_FRAME = [0x82, 0x49, 0x83, 0x42];
const INTER_FRAME = [0x86, 0x00, 0x40];

/** VP9 in the not flexible mode, as Chromium sends SVC: 15-bit picture ID, layer indices, TL0PICIDX (RFC 9628 section 4.2). */
export const vp9Frames: FrameFormat = { mimeType: "video/vp9", writePayload };

function writePayload(position: PacketPosition, out: Uint8Array, offset: number): number {
  const { picture, keyPicture, spatialLayer, startOfFrame, endOfFrame, shape } = position;
  const isScalable = shape.spatialLayers > 1 || shape.temporalLayers > 1;
  const hasStructure = isScalable && keyPicture && spatialLayer === 0 && startOfFrame;
  // I, and by need P, L, B, E, V, Z.
  out[offset] = 0x80 | (keyPicture ? 0 : 0x40) | (isScalable ? 0x20 : 0) | (startOfFrame ? 0x08 : 0) |
    (endOfFrame ? 0x04 : 0) | (hasStructure ? 0x02 : 0) | (isNeededAbove(position) ? 0 : 0x01);
  writeUint16(out, offset + 1, 0x8000 | (picture & 0x7fff));
  let end = offset + 3;
  if (isScalable) end = writeLayers(position, out, end);
  if (hasStructure) end = writeStructure(position, out, end);
  if (startOfFrame) { for (const byte of keyPicture ? KEY_FRAME : INTER_FRAME) out[end++] = byte; }
  return end;
}

/** Whether the layers of a picture are predicted from the ones below. */
function hasInterLayerPrediction({ keyPicture, shape }: PacketPosition): boolean {
  return shape.interLayer === "every picture" || (keyPicture && shape.interLayer === "key pictures");
}

function isNeededAbove(position: PacketPosition): boolean {
  return position.spatialLayer < position.shape.spatialLayers - 1 && hasInterLayerPrediction(position);
}

/** TID, U, SID and D, then TL0PICIDX. */
function writeLayers(position: PacketPosition, out: Uint8Array, offset: number): number {
  const { temporalLayer, spatialLayer, basePicture } = position;
  const dependent = spatialLayer > 0 && hasInterLayerPrediction(position);
  out[offset] = (temporalLayer << 5) | (temporalLayer > 0 ? 0x10 : 0) | (spatialLayer << 1) | (dependent ? 1 : 0);
  out[offset + 1] = basePicture;
  return offset + 2;
}

/** N_S, Y with the size of each layer (RFC 9628 section 4.2.1). */
function writeStructure({ shape }: PacketPosition, out: Uint8Array, offset: number): number {
  out[offset] = ((shape.spatialLayers - 1) << 5) | 0x10;
  let end = offset + 1;
  for (let layer = 0; layer < shape.spatialLayers; layer++, end += 4) {
    writeUint16(out, end, 160 << layer);
    writeUint16(out, end + 2, 90 << layer);
  }
  return end;
}
