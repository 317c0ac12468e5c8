import type { CodecFormat } from "./format.ts";
import { Vp8LayerReader } from "./vp8_layers.ts";

/** VP8 (RFC 7741). */
export const vp8: CodecFormat = { isKeyFrameStart, layerReader: () => new Vp8LayerReader() };

function isKeyFrameStart(bytes: Uint8Array, offset: number, length: number): boolean {
  if (length < 1) return false;
  // S set and PID 0: the start of the first partition, so of the frame (section 4.2).
  if ((bytes[offset] & 0x17) !== 0x10) return false;
  const descriptorLength = payloadDescriptorLength(bytes, offset);
  if (descriptorLength >= length) return false;
  // P clear in the payload header marks a key frame (section 4.3).
  return (bytes[offset + descriptorLength] & 0x01) === 0;
}

/**
 * Bytes of the payload descriptor (section 4.2). One that is cut short comes out longer than the payload, whatever the
 * bytes behind it are: each byte looked at is counted.
 */
function payloadDescriptorLength(bytes: Uint8Array, offset: number): number {
  if ((bytes[offset] & 0x80) === 0) return 1;
  const flags = bytes[offset + 1];
  let descriptorLength = 2;
  // I: the picture ID, 15 bits long with the M bit, else 7.
  if ((flags & 0x80) !== 0) descriptorLength += (bytes[offset + 2] & 0x80) !== 0 ? 2 : 1;
  // L: TL0PICIDX.
  if ((flags & 0x40) !== 0) descriptorLength += 1;
  // T or K: one byte for TID, Y and KEYIDX.
  if ((flags & 0x30) !== 0) descriptorLength += 1;
  return descriptorLength;
}
