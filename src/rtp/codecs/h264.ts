import { readUint16 } from "../bytes.ts";
import { DependencyReader, type DescribedFormat } from "./dependency_reader.ts";
import { readParameterSetSize } from "./h264_sps.ts";
import type { PacketLayers } from "./packet_layers.ts";
import type { PictureSize } from "./picture_size.ts";

/** NAL unit types (RFC 6184 section 5.2 and ITU-T H.264 table 7-1). */
const SEQUENCE_PARAMETER_SET = 7;
const PREFIX = 14;
const SLICE_IN_SCALABLE_EXTENSION = 20;
const STAP_A = 24;
const FU_A = 28;

/**
 * H.264 (RFC 6184), packetization modes 0 and 1. A key frame starts with its sequence parameter set: endpoints of WebRTC
 * send the parameter sets in band (RFC 7742 section 6.2), in front of the IDR picture. The IDR picture itself is no
 * start, since a decoder that has not got the parameter sets can do nothing with it.
 */
export const h264: DescribedFormat = {
  isKeyFrameStart,
  readSize,
  readLayers,
  layerReader: (descriptorId) => new DependencyReader(h264, descriptorId),
};

function isKeyFrameStart(bytes: Uint8Array, offset: number, length: number): boolean {
  // A header alone is no NAL unit.
  if (length < 2) return false;
  const type = bytes[offset] & 0x1f;
  if (type === STAP_A) return aggregatesParameterSet(bytes, offset + 1, offset + length);
  // The S bit marks the first fragment (section 5.8).
  if (type === FU_A) return length > 2 && (bytes[offset + 1] & 0x9f) === (0x80 | SEQUENCE_PARAMETER_SET);
  return type === SEQUENCE_PARAMETER_SET;
}

/** Each NAL unit has its size in two bytes before it (section 5.7.1). One that is empty or too long spoils the packet. */
function aggregatesParameterSet(bytes: Uint8Array, start: number, end: number): boolean {
  let found = false;
  let position = start;
  while (position + 2 < end) {
    const size = (bytes[position] << 8) | bytes[position + 1];
    if (size === 0) return false;
    if ((bytes[position + 2] & 0x1f) === SEQUENCE_PARAMETER_SET) found = true;
    position += 2 + size;
  }
  return found && position === end;
}

/** The size in the sequence parameter set: alone, aggregated, or in the first fragment of one. */
function readSize(bytes: Uint8Array, offset: number, length: number, into: PictureSize): void {
  const end = offset + length;
  const type = bytes[offset] & 0x1f;
  if (type === SEQUENCE_PARAMETER_SET) return readParameterSetSize(bytes, offset, end, into);
  if (type === FU_A) return readParameterSetSize(bytes, offset + 1, end, into);
  for (let position = offset + 1; position + 2 < end; position += 2 + readUint16(bytes, position)) {
    const unit = position + 2;
    if ((bytes[unit] & 0x1f) !== SEQUENCE_PARAMETER_SET) continue;
    return readParameterSetSize(bytes, unit, unit + readUint16(bytes, position), into);
  }
}

/** dependency_id and temporal_id in the extended header of a prefix or a scalable slice (RFC 6190 section 1.1.3). */
function readLayers(bytes: Uint8Array, offset: number, length: number, layers: PacketLayers): void {
  const type = bytes[offset] & 0x1f;
  const isExtended = (type === PREFIX || type === SLICE_IN_SCALABLE_EXTENSION) && length >= 4;
  // svc_extension_flag: else the header is that of multiview coding.
  if (!isExtended || (bytes[offset + 1] & 0x80) === 0) return;
  layers.spatial = (bytes[offset + 2] >> 4) & 0x07;
  layers.temporal = bytes[offset + 3] >> 5;
}
