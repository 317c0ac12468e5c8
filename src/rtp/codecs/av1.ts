import { readSequenceHeaderSize } from "./av1_sequence_header.ts";
import { DependencyReader, type DescribedFormat } from "./dependency_reader.ts";
import type { PictureSize } from "./picture_size.ts";

/** AV1's leb128 numbers have no more bytes (AV1 specification, section 4.10.5). */
const MAX_LEB128_LENGTH = 8;
/** obu_type (AV1 specification, section 6.2.2). */
const SEQUENCE_HEADER = 1;

/** AV1 (https://aomediacodec.github.io/av1-rtp-spec/). */
export const av1: DescribedFormat = {
  isKeyFrameStart,
  readSize,
  layerReader: (descriptorId) => new DependencyReader(av1, descriptorId),
};

function isKeyFrameStart(bytes: Uint8Array, offset: number, length: number): boolean {
  if (length < 1) return false;
  // N set and Z clear: the first packet of a coded video sequence, which a key frame begins (section 4.4).
  if ((bytes[offset] & 0x88) !== 0x08) return false;
  return areElementsWhole(bytes, offset + 1, offset + length, (bytes[offset] >> 4) & 0x03);
}

/**
 * Whether `bytes[start, end)` is as many OBU elements as `count` says (W). Each has its length before it, but for the last
 * one, which takes the rest; with a count of 0 all have, and there may be any number.
 */
function areElementsWhole(bytes: Uint8Array, start: number, end: number, count: number): boolean {
  let position = start;
  for (let element = 1; element !== count; element++) {
    if (count === 0 && position === end) return element > 1;
    position = skipElement(bytes, position, end);
    if (position < 0) return false;
  }
  return position < end;
}

/** Returns where the element behind the one at `position` begins; -1 where it is empty or goes beyond `end`. */
function skipElement(bytes: Uint8Array, position: number, end: number): number {
  let size = 0;
  for (let i = 0; i < MAX_LEB128_LENGTH && position + i < end; i++) {
    const byte = bytes[position + i];
    size += (byte & 0x7f) * 2 ** (7 * i);
    if ((byte & 0x80) !== 0) continue;
    const next = position + i + 1 + size;
    return size > 0 && next <= end ? next : -1;
  }
  return -1;
}

/** The size in the sequence header, which is the first OBU of a coded video sequence (AV1 specification, section 7.5). */
function readSize(bytes: Uint8Array, offset: number, length: number, into: PictureSize): void {
  const end = offset + length;
  const hasLength = ((bytes[offset] >> 4) & 0x03) !== 1;
  const next = hasLength ? skipElement(bytes, offset + 1, end) : end;
  let start = offset + 1;
  if (hasLength) { while ((bytes[start++] & 0x80) !== 0); }
  if (next < 0 || start >= next || ((bytes[start] >> 3) & 0x0f) !== SEQUENCE_HEADER) return;
  // obu_extension_flag and obu_has_size_field: a byte more, and a length of its own.
  const header = start + ((bytes[start] & 0x04) !== 0 ? 2 : 1);
  if ((bytes[start] & 0x02) === 0) return readSequenceHeaderSize(bytes, header, next, into);
  const sized = skipElement(bytes, header, next);
  let payload = header;
  while (payload < next && (bytes[payload++] & 0x80) !== 0);
  if (sized >= 0) readSequenceHeaderSize(bytes, payload, sized, into);
}
