import type { CodecFormat } from "./format.ts";

/** AV1's leb128 numbers have no more bytes (AV1 specification, section 4.10.5). */
const MAX_LEB128_LENGTH = 8;

/** AV1 (https://aomediacodec.github.io/av1-rtp-spec/). */
export const av1: CodecFormat = { isKeyFrameStart };

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
