import { readUint32, writeUint32 } from "../bytes.ts";
import { FORMAT_PLI, PAYLOAD_FEEDBACK } from "./packet_types.ts";
import { writeRtcpHeader } from "./rtcp_header.ts";
import type { RtcpReader } from "./rtcp_reader.ts";

const PLI_LENGTH = 12;

/** The SSRC that the PLI (RFC 4585 section 6.3.1) that the reader is at asks of; -1 where that is no PLI. */
export function pliMediaSsrc(reader: RtcpReader): number {
  const isPli = reader.packetType === PAYLOAD_FEEDBACK && reader.count === FORMAT_PLI && reader.length >= PLI_LENGTH;
  return isPli ? readUint32(reader.bytes, reader.offset + 8) : -1;
}

/** Writes a PLI and returns its bytes; 0, with nothing written, where `out` has no room. */
export function writePli(out: Uint8Array, offset: number, senderSsrc: number, mediaSsrc: number): number {
  if (offset + PLI_LENGTH > out.length) return 0;
  writeRtcpHeader(out, offset, FORMAT_PLI, PAYLOAD_FEEDBACK, PLI_LENGTH, senderSsrc);
  writeUint32(out, offset + 8, mediaSsrc);
  return PLI_LENGTH;
}
