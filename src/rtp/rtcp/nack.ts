import { readUint16, readUint32, writeUint16, writeUint32 } from "../bytes.ts";
import { FORMAT_NACK, TRANSPORT_FEEDBACK } from "./packet_types.ts";
import { writeRtcpHeader } from "./rtcp_header.ts";
import type { RtcpReader } from "./rtcp_reader.ts";

const HEADER_LENGTH = 12;
const PAIR_LENGTH = 4;
/** Packets after the PID that one BLP names. */
const BLP_BITS = 16;

/** The SSRC whose packets the NACK (RFC 4585 section 6.2.1) that the reader is at asks for; -1 where that is no NACK. */
export function nackMediaSsrc(reader: RtcpReader): number {
  return isNack(reader) ? readUint32(reader.bytes, reader.offset + 8) : -1;
}

/** How many pairs of PID and BLP the NACK that the reader is at has; 0 where that is no NACK. */
export function nackCount(reader: RtcpReader): number {
  return isNack(reader) ? Math.floor((reader.length - HEADER_LENGTH) / PAIR_LENGTH) : 0;
}

/** The packet ID of pair `index`, below `nackCount`: the first sequence number that the pair asks for. */
export function nackPid(reader: RtcpReader, index: number): number {
  return readUint16(reader.bytes, reader.offset + HEADER_LENGTH + index * PAIR_LENGTH);
}

/** The bitmask of pair `index`: bit i, counted from the lowest, asks for sequence number PID + 1 + i as well. */
export function nackBlp(reader: RtcpReader, index: number): number {
  return readUint16(reader.bytes, reader.offset + HEADER_LENGTH + index * PAIR_LENGTH + 2);
}

/**
 * Writes a NACK for `sequenceNumbers[0, count)` and returns its bytes; 0, with nothing written, where `out` has no room
 * or nothing is asked for. Ascending numbers, around the wrap too, need the fewest pairs; any order is right.
 */
export function writeNack(
  out: Uint8Array,
  offset: number,
  senderSsrc: number,
  mediaSsrc: number,
  sequenceNumbers: Uint16Array,
  count: number,
): number {
  const length = HEADER_LENGTH + countPairs(sequenceNumbers, count) * PAIR_LENGTH;
  if (count === 0 || offset + length > out.length) return 0;
  writeRtcpHeader(out, offset, FORMAT_NACK, TRANSPORT_FEEDBACK, length, senderSsrc);
  writeUint32(out, offset + 8, mediaSsrc);
  let position = offset + HEADER_LENGTH;
  for (let start = 0; start < count; position += PAIR_LENGTH) {
    const end = pairEnd(sequenceNumbers, start, count);
    writeUint16(out, position, sequenceNumbers[start]);
    writeUint16(out, position + 2, bitmask(sequenceNumbers, start, end));
    start = end;
  }
  return length;
}

function isNack(reader: RtcpReader): boolean {
  return reader.packetType === TRANSPORT_FEEDBACK && reader.count === FORMAT_NACK && reader.length >= HEADER_LENGTH;
}

function countPairs(sequenceNumbers: Uint16Array, count: number): number {
  let pairs = 0;
  for (let start = 0; start < count; start = pairEnd(sequenceNumbers, start, count)) pairs++;
  return pairs;
}

/** The index behind the last number that one pair can name together with the number at `start`. */
function pairEnd(sequenceNumbers: Uint16Array, start: number, count: number): number {
  const pid = sequenceNumbers[start];
  let end = start + 1;
  while (end < count && ((sequenceNumbers[end] - pid) & 0xffff) <= BLP_BITS) end++;
  return end;
}

function bitmask(sequenceNumbers: Uint16Array, start: number, end: number): number {
  const pid = sequenceNumbers[start];
  let blp = 0;
  for (let i = start + 1; i < end; i++) {
    const distance = (sequenceNumbers[i] - pid) & 0xffff;
    if (distance > 0) blp |= 1 << (distance - 1);
  }
  return blp;
}
