import { writeUint16, writeUint32 } from "../bytes.ts";

/** The largest count that the 5-bit field of the header holds: report blocks, SSRCs or chunks of one packet. */
export const MAX_COUNT = 31;

/**
 * Writes the first 8 bytes of an RTCP packet of `length` bytes (a multiple of 4): header and sender SSRC (RFC 3550
 * section 6.4.1).
 */
export function writeRtcpHeader(
  out: Uint8Array,
  offset: number,
  count: number,
  packetType: number,
  length: number,
  senderSsrc: number,
): void {
  out[offset] = 0x80 | count;
  out[offset + 1] = packetType;
  writeUint16(out, offset + 2, length / 4 - 1);
  writeUint32(out, offset + 4, senderSsrc);
}
