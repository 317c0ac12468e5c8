import { readUint32, writeUint32 } from "../bytes.ts";
import { BYE } from "./packet_types.ts";
import { MAX_COUNT, writeRtcpHeader } from "./rtcp_header.ts";
import type { RtcpReader } from "./rtcp_reader.ts";

/** How many sources the BYE (RFC 3550 section 6.6) that the reader is at names; 0 where that is no BYE. */
export function byeSourceCount(reader: RtcpReader): number {
  if (reader.packetType !== BYE) return 0;
  return Math.min(reader.count, (reader.length >> 2) - 1);
}

/** The SSRC of source `index`, below `byeSourceCount`. */
export function byeSource(reader: RtcpReader, index: number): number {
  return readUint32(reader.bytes, reader.offset + 4 + index * 4);
}

/**
 * Writes a BYE for 1 to 31 sources, without a reason, and returns its bytes; 0, with nothing written, where `out` has
 * no room or the number of sources is another.
 */
export function writeBye(out: Uint8Array, offset: number, ssrcs: readonly number[]): number {
  const length = 4 + ssrcs.length * 4;
  if (ssrcs.length === 0 || ssrcs.length > MAX_COUNT || offset + length > out.length) return 0;
  writeRtcpHeader(out, offset, ssrcs.length, BYE, length, ssrcs[0]);
  for (let i = 1; i < ssrcs.length; i++) writeUint32(out, offset + 4 + i * 4, ssrcs[i]);
  return length;
}
