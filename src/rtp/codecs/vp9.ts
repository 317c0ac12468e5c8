import type { CodecFormat } from "./format.ts";
import { Vp9LayerReader } from "./vp9_layers.ts";

/** VP9 (RFC 9628). */
export const vp9: CodecFormat = { isKeyFrameStart, layerReader: () => new Vp9LayerReader() };

function isKeyFrameStart(bytes: Uint8Array, offset: number, length: number): boolean {
  if (length < 1) return false;
  // B set and P clear: a layer frame begins that is predicted from no earlier picture (section 4.2).
  if ((bytes[offset] & 0x48) !== 0x08) return false;
  const layers = 1 + pictureIdLength(bytes, offset);
  if (payloadDescriptorLength(bytes, offset, layers) >= length) return false;
  // The upper spatial layers of a key picture have P clear as well, but are predicted from the layer below.
  return (bytes[offset] & 0x20) === 0 || (bytes[offset + layers] & 0x0e) === 0;
}

/** I: 15 bits with the M bit, else 7. */
function pictureIdLength(bytes: Uint8Array, offset: number): number {
  if ((bytes[offset] & 0x80) === 0) return 0;
  return (bytes[offset + 1] & 0x80) !== 0 ? 2 : 1;
}

/**
 * Bytes of the payload descriptor (section 4.2) of a frame with P clear, which has no reference indices. `layers` are
 * the bytes in front of the layer indices. A descriptor that is cut short comes out longer than the payload, whatever
 * the bytes behind it are: each byte looked at is counted.
 */
function payloadDescriptorLength(bytes: Uint8Array, offset: number, layers: number): number {
  const flags = bytes[offset];
  let descriptorLength = layers;
  // L: one byte of TID, U, SID and D; TL0PICIDX behind it where F says that the mode is not flexible.
  if ((flags & 0x20) !== 0) descriptorLength += (flags & 0x10) !== 0 ? 1 : 2;
  // V: the scalability structure.
  if ((flags & 0x02) !== 0) descriptorLength += scalabilityStructureLength(bytes, offset + descriptorLength);
  return descriptorLength;
}

/** Section 4.2.1. */
function scalabilityStructureLength(bytes: Uint8Array, offset: number): number {
  const flags = bytes[offset];
  let structureLength = 1;
  // Y: width and height of each of the N_S + 1 spatial layers.
  if ((flags & 0x10) !== 0) structureLength += ((flags >> 5) + 1) * 4;
  // G: the N_G pictures of a group, one byte each and one more for each of their R references.
  if ((flags & 0x08) !== 0) {
    const pictures = bytes[offset + structureLength++];
    for (let i = 0; i < pictures; i++) structureLength += 1 + ((bytes[offset + structureLength] >> 2) & 0x03);
  }
  return structureLength;
}
