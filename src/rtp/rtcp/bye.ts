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
 * Writes a BYE for `ssrcs[start, start + count)`, 1 to 31 sources, without a reason, and returns its bytes; 0, with
 * nothing written, where `out` has no room or `count` is another: who ends more sources writes several packets.
 */
export function writeBye(
  out: Uint8Array,
  offset: number,
  ssrcs: readonly number[],
  start: number,
  count: number,
): number {
  const length = 4 + count * 4;
  if (count === 0 || count > MAX_COUNT || offset + length > out.length) return 0;
  writeRtcpHeader(out, offset, count, BYE, length, ssrcs[start]);
  for (let i = 1; i < count; i++) writeUint32(out, offset + 4 + i * 4, ssrcs[start + i]);
  return length;
}
