import { writeUint16 } from "../../src/rtp/bytes.ts";
import type { FrameFormat, PacketPosition } from "./frame_stream.ts";

/** The frame tag with P clear, the start code, and 320x180 (RFC 6386 section 9.1). */
const KEY_FRAME = [0x50, 0xa5, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xb4, 0x00];
const INTER_FRAME = [0x31, 0x02, 0x00];

/** VP8 as Chromium packs it: 15-bit picture ID, TL0PICIDX, TID and KEYIDX in every packet (RFC 7741 section 4.2). */
export const vp8Frames: FrameFormat = { mimeType: "video/vp8", writePayload };

function writePayload(position: PacketPosition, out: Uint8Array, offset: number): number {
  const { picture, basePicture, temporalLayer, keyPicture, keyPictures, startOfFrame, shape } = position;
  // N: what no other frame is predicted from.
  const discardable = temporalLayer > 0 && temporalLayer === shape.temporalLayers - 1;
  out[offset] = 0x80 | (discardable ? 0x20 : 0) | (startOfFrame ? 0x10 : 0);
  out[offset + 1] = 0xf0;
  writeUint16(out, offset + 2, 0x8000 | (picture & 0x7fff));
  out[offset + 4] = basePicture;
  out[offset + 5] = (temporalLayer << 6) | (temporalLayer > 0 ? 0x20 : 0) | (keyPictures & 0x1f);
  let end = offset + 6;
  if (startOfFrame) { for (const byte of keyPicture ? KEY_FRAME : INTER_FRAME) out[end++] = byte; }
  return end;
}
