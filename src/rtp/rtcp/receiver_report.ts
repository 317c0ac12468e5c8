import { readUint32, writeUint32 } from "../bytes.ts";
import { RECEIVER_REPORT, SENDER_REPORT } from "./packet_types.ts";
import { MAX_COUNT, writeRtcpHeader } from "./rtcp_header.ts";
import type { RtcpReader } from "./rtcp_reader.ts";
import { SENDER_REPORT_LENGTH } from "./sender_report.ts";

const HEADER_LENGTH = 8;
const BLOCK_LENGTH = 24;

/** Report blocks that one receiver report can carry. */
export const MAX_REPORT_BLOCKS = MAX_COUNT;

/** What a receiver tells of one source (RFC 3550 section 6.4.1), in an RR or behind the sender information of an SR. */
export class ReportBlock {
  /** The source that the block is about. */
  ssrc = 0;
  /** Lost since the last report, in 1/256 of what was expected. */
  fractionLost = 0;
  /** Lost since the start, a signed 24-bit number: duplicates can make it negative. */
  cumulativeLost = 0;
  /** Highest sequence number with the count of its cycles in the upper 16 bits. */
  extendedSequenceNumber = 0;
  /** Interarrival jitter in units of the stream's clock rate. */
  jitter = 0;
  /** LSR: the middle 32 bits of the last sender report's NTP timestamp; 0 where none came. */
  lastSenderReport = 0;
  /** DLSR: time since that report came, in 1/65536 s. */
  delaySinceLastSenderReport = 0;

  /** Takes block `index` of the packet that the reader is at; false, with nothing changed, where there is none. */
  read(reader: RtcpReader, index: number): boolean {
    const start = blocksStart(reader.packetType) + index * BLOCK_LENGTH;
    if (start < 0 || index >= reader.count || start + BLOCK_LENGTH > reader.length) return false;
    const { bytes } = reader;
    const offset = reader.offset + start;
    const lost = readUint32(bytes, offset + 4);
    this.ssrc = readUint32(bytes, offset);
    this.fractionLost = lost >>> 24;
    this.cumulativeLost = (lost << 8) >> 8;
    this.extendedSequenceNumber = readUint32(bytes, offset + 8);
    this.jitter = readUint32(bytes, offset + 12);
    this.lastSenderReport = readUint32(bytes, offset + 16);
    this.delaySinceLastSenderReport = readUint32(bytes, offset + 20);
    return true;
  }

  write(out: Uint8Array, offset: number): void {
    writeUint32(out, offset, this.ssrc);
    writeUint32(out, offset + 4, (this.fractionLost << 24) | (this.cumulativeLost & 0xffffff));
    writeUint32(out, offset + 8, this.extendedSequenceNumber);
    writeUint32(out, offset + 12, this.jitter);
    writeUint32(out, offset + 16, this.lastSenderReport);
    writeUint32(out, offset + 20, this.delaySinceLastSenderReport);
  }
}

/**
 * Writes an RR (RFC 3550 section 6.4.2) with `blocks[start, start + count)` and returns its bytes; 0, with nothing
 * written, where `out` has no room or `count` is over MAX_REPORT_BLOCKS: who has more blocks writes several reports.
 */
export function writeReceiverReport(
  out: Uint8Array,
  offset: number,
  senderSsrc: number,
  blocks: readonly ReportBlock[],
  start: number,
  count: number,
): number {
  const length = HEADER_LENGTH + count * BLOCK_LENGTH;
  if (count > MAX_REPORT_BLOCKS || offset + length > out.length) return 0;
  writeRtcpHeader(out, offset, count, RECEIVER_REPORT, length, senderSsrc);
  for (let i = 0; i < count; i++) blocks[start + i].write(out, offset + HEADER_LENGTH + i * BLOCK_LENGTH);
  return length;
}

/** Where the report blocks begin in a packet of this type; far below 0 in a packet that has none. */
function blocksStart(packetType: number): number {
  if (packetType === SENDER_REPORT) return SENDER_REPORT_LENGTH;
  return packetType === RECEIVER_REPORT ? HEADER_LENGTH : -Infinity;
}
