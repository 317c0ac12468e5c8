import { readUint32, writeUint32 } from "../bytes.ts";
import { FORMAT_FIR, PAYLOAD_FEEDBACK } from "./packet_types.ts";
import { writeRtcpHeader } from "./rtcp_header.ts";
import type { RtcpReader } from "./rtcp_reader.ts";

const HEADER_LENGTH = 12;
const ENTRY_LENGTH = 8;

/** How many entries the FIR (RFC 5104 section 4.3.1.1) that the reader is at has; 0 where that is no FIR. */
export function firEntryCount(reader: RtcpReader): number {
  if (reader.packetType !== PAYLOAD_FEEDBACK || reader.count !== FORMAT_FIR || reader.length < HEADER_LENGTH) return 0;
  return Math.floor((reader.length - HEADER_LENGTH) / ENTRY_LENGTH);
}

/** The SSRC that entry `index`, below `firEntryCount`, asks of. */
export function firMediaSsrc(reader: RtcpReader, index: number): number {
  return readUint32(reader.bytes, reader.offset + HEADER_LENGTH + index * ENTRY_LENGTH);
}

/** The command sequence number (8 bits) of entry `index`: a repeated command repeats it. */
export function firSequenceNumber(reader: RtcpReader, index: number): number {
  return reader.bytes[reader.offset + HEADER_LENGTH + index * ENTRY_LENGTH + 4];
}

/** Writes a FIR with one entry and returns its bytes; 0, with nothing written, where `out` has no room. */
export function writeFir(
  out: Uint8Array,
  offset: number,
  senderSsrc: number,
  mediaSsrc: number,
  sequenceNumber: number,
): number {
  const length = HEADER_LENGTH + ENTRY_LENGTH;
  if (offset + length > out.length) return 0;
  writeRtcpHeader(out, offset, FORMAT_FIR, PAYLOAD_FEEDBACK, length, senderSsrc);
  // "SSRC of media source" is not used and shall be 0; the entry names the stream (RFC 5104 section 4.3.1.2).
  writeUint32(out, offset + 8, 0);
  writeUint32(out, offset + 12, mediaSsrc);
  writeUint32(out, offset + 16, sequenceNumber << 24);
  return length;
}
