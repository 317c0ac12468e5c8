import { readUint16, readUint32, writeUint16, writeUint32 } from "../bytes.ts";
import { compactNtp } from "./ntp.ts";
import { BLOCK_DLRR, BLOCK_RECEIVER_REFERENCE_TIME, EXTENDED_REPORT } from "./packet_types.ts";
import { writeRtcpHeader } from "./rtcp_header.ts";
import type { RtcpReader } from "./rtcp_reader.ts";

const HEADER_LENGTH = 8;
const BLOCK_HEADER_LENGTH = 4;
/** Block type, block length and an NTP timestamp. */
const REFERENCE_TIME_LENGTH = 12;
const SUB_BLOCK_LENGTH = 12;
const EMPTY = new Uint8Array(0);

/**
 * Walks the report blocks of one extended report (XR, RFC 3611 section 3). A block whose length runs past the end ends
 * the walk. One instance is reused for every packet.
 */
export class ExtendedReportReader {
  bytes: Uint8Array = EMPTY;
  blockType = 0;
  /** Where the current block begins in `bytes`. */
  offset = 0;
  /** Bytes of the current block with its header. */
  length = 0;
  #end = 0;

  /** Points before the first block of the packet that `reader` is at; without blocks where that is no extended report. */
  reset(reader: RtcpReader): void {
    this.bytes = reader.bytes;
    this.offset = reader.offset + HEADER_LENGTH;
    this.length = 0;
    this.#end = reader.packetType === EXTENDED_REPORT ? reader.offset + reader.length : 0;
  }

  /** Goes to the next block; false at the end, with the fields unusable. */
  next(): boolean {
    const offset = this.offset + this.length;
    if (offset + BLOCK_HEADER_LENGTH > this.#end) return false;
    const length = (readUint16(this.bytes, offset + 2) + 1) * 4;
    if (offset + length > this.#end) return false;
    this.offset = offset;
    this.length = length;
    this.blockType = this.bytes[offset];
    return true;
  }
}

/**
 * The middle 32 bits of the NTP timestamp of a receiver reference time block (RRTR, RFC 3611 section 4.4); -1 where the
 * current block is none.
 */
export function receiverReferenceTime(block: ExtendedReportReader): number {
  if (block.blockType !== BLOCK_RECEIVER_REFERENCE_TIME || block.length !== REFERENCE_TIME_LENGTH) return -1;
  return compactNtp(readUint32(block.bytes, block.offset + 4), readUint32(block.bytes, block.offset + 8));
}

/** How many sub-blocks a DLRR block (RFC 3611 section 4.5) has; 0 where the current block is none, or no whole one. */
export function dlrrCount(block: ExtendedReportReader): number {
  const length = block.length - BLOCK_HEADER_LENGTH;
  return block.blockType === BLOCK_DLRR && length % SUB_BLOCK_LENGTH === 0 ? length / SUB_BLOCK_LENGTH : 0;
}

/** The receiver that sub-block `index`, below `dlrrCount`, answers. */
export function dlrrSsrc(block: ExtendedReportReader, index: number): number {
  return readUint32(block.bytes, subBlock(block, index));
}

/** LRR: the middle 32 bits of the last reference time of that receiver; 0 where none came. */
export function dlrrLastReferenceTime(block: ExtendedReportReader, index: number): number {
  return readUint32(block.bytes, subBlock(block, index) + 4);
}

/** The time since that reference time came, in 1/65536 s. */
export function dlrrDelay(block: ExtendedReportReader, index: number): number {
  return readUint32(block.bytes, subBlock(block, index) + 8);
}

/** Writes an extended report with an RRTR block and returns its bytes; 0, with nothing written, where `out` has no room. */
export function writeReceiverReferenceTime(
  out: Uint8Array,
  offset: number,
  senderSsrc: number,
  ntpSeconds: number,
  ntpFraction: number,
): number {
  const length = HEADER_LENGTH + REFERENCE_TIME_LENGTH;
  if (offset + length > out.length) return 0;
  writeRtcpHeader(out, offset, 0, EXTENDED_REPORT, length, senderSsrc);
  writeBlockHeader(out, offset + HEADER_LENGTH, BLOCK_RECEIVER_REFERENCE_TIME, REFERENCE_TIME_LENGTH);
  writeUint32(out, offset + HEADER_LENGTH + 4, ntpSeconds);
  writeUint32(out, offset + HEADER_LENGTH + 8, ntpFraction);
  return length;
}

/**
 * Writes an extended report with a DLRR block of one sub-block, for the receiver `ssrc`: the middle 32 bits of its
 * reference time, and the time since that came in 1/65536 s. Returns its bytes; 0, with nothing written, where `out` has
 * no room.
 */
export function writeDlrr(
  out: Uint8Array,
  offset: number,
  senderSsrc: number,
  ssrc: number,
  lastReferenceTime: number,
  delay: number,
): number {
  const blockLength = BLOCK_HEADER_LENGTH + SUB_BLOCK_LENGTH;
  const length = HEADER_LENGTH + blockLength;
  if (offset + length > out.length) return 0;
  writeRtcpHeader(out, offset, 0, EXTENDED_REPORT, length, senderSsrc);
  writeBlockHeader(out, offset + HEADER_LENGTH, BLOCK_DLRR, blockLength);
  writeUint32(out, offset + HEADER_LENGTH + 4, ssrc);
  writeUint32(out, offset + HEADER_LENGTH + 8, lastReferenceTime);
  writeUint32(out, offset + HEADER_LENGTH + 12, delay);
  return length;
}

function subBlock(block: ExtendedReportReader, index: number): number {
  return block.offset + BLOCK_HEADER_LENGTH + index * SUB_BLOCK_LENGTH;
}

function writeBlockHeader(out: Uint8Array, offset: number, blockType: number, length: number): void {
  out[offset] = blockType;
  out[offset + 1] = 0;
  writeUint16(out, offset + 2, length / 4 - 1);
}
