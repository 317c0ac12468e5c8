/** Redundant audio data, RED (RFC 2198): a packet that carries earlier ones as well. */

/** Before a redundant block: F bit and payload type, timestamp offset, length. */
const BLOCK_HEADER_LENGTH = 4;
/** Before the primary block. */
const LAST_HEADER_LENGTH = 1;
/** Bytes that RED adds to a packet that carries one redundant block, without the block. */
export const RED_OVERHEAD = BLOCK_HEADER_LENGTH + LAST_HEADER_LENGTH;
/** 14 bits, in units of the RTP clock. */
export const MAX_TIMESTAMP_OFFSET = 0x3fff;
/** 10 bits. */
export const MAX_BLOCK_LENGTH = 0x3ff;
/** More than any encoder sends, so that a forged packet costs little to read. */
const MAX_BLOCKS = 16;

/**
 * Where in `bytes` the primary block of the RED payload `bytes[offset, offset + length)` begins, which lasts to the end of
 * the payload. -1 where the payload is malformed: cut short, without a primary block, of more than 16 blocks, or with a
 * block of another payload type than `payloadType`.
 */
export function findPrimary(bytes: Uint8Array, offset: number, length: number, payloadType: number): number {
  const end = offset + length;
  let header = offset;
  let redundant = 0;
  for (let blocks = 0; blocks < MAX_BLOCKS; blocks++) {
    if (header >= end || (bytes[header] & 0x7f) !== payloadType) return -1;
    if ((bytes[header] & 0x80) === 0) {
      const primary = header + LAST_HEADER_LENGTH + redundant;
      return primary < end ? primary : -1;
    }
    if (header + BLOCK_HEADER_LENGTH > end) return -1;
    redundant += ((bytes[header + 2] & 0x03) << 8) | bytes[header + 3];
    header += BLOCK_HEADER_LENGTH;
  }
  return -1;
}

/** Gives every block of a RED payload at `offset`, which `findPrimary` has found well-formed, another payload type. */
export function setBlockPayloadTypes(bytes: Uint8Array, offset: number, payloadType: number): void {
  let header = offset;
  while ((bytes[header] & 0x80) !== 0) {
    bytes[header] = 0x80 | payloadType;
    header += BLOCK_HEADER_LENGTH;
  }
  bytes[header] = payloadType;
}

/**
 * Writes the headers of a RED payload of one redundant block of `length` bytes, from `timestampOffset` before, and a
 * primary one; returns where the redundant block is to be written, behind which the primary one goes.
 */
export function writeRedHeaders(
  out: Uint8Array,
  offset: number,
  payloadType: number,
  timestampOffset: number,
  length: number,
): number {
  out[offset] = 0x80 | payloadType;
  out[offset + 1] = timestampOffset >> 6;
  out[offset + 2] = ((timestampOffset & 0x3f) << 2) | (length >> 8);
  out[offset + 3] = length & 0xff;
  return writeLastRedHeader(out, offset + BLOCK_HEADER_LENGTH, payloadType);
}

/** Writes the header of the primary block; returns where its data goes if there is no redundant block before. */
export function writeLastRedHeader(out: Uint8Array, offset: number, payloadType: number): number {
  out[offset] = payloadType;
  return offset + LAST_HEADER_LENGTH;
}
