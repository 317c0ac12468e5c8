import { SOURCE_DESCRIPTION } from "./packet_types.ts";
import { writeRtcpHeader } from "./rtcp_header.ts";

const ITEM_CNAME = 1;
const MAX_TEXT_LENGTH = 255;

/**
 * Writes an SDES packet with one chunk: the CNAME of `ssrc` in UTF-8 (RFC 3550 sections 6.5 and 6.5.1). Returns its bytes;
 * 0, with nothing written, where `out` has no room or the CNAME is over 255 bytes.
 */
export function writeSourceDescription(out: Uint8Array, offset: number, ssrc: number, cname: Uint8Array): number {
  // Header, SSRC, item type, item length, text; then 1 to 4 zero bytes end the list and fill the word.
  const used = 10 + cname.length;
  const length = (used + 4) & ~3;
  if (cname.length > MAX_TEXT_LENGTH || offset + length > out.length) return 0;
  writeRtcpHeader(out, offset, 1, SOURCE_DESCRIPTION, length, ssrc);
  out[offset + 8] = ITEM_CNAME;
  out[offset + 9] = cname.length;
  out.set(cname, offset + 10);
  out.fill(0, offset + used, offset + length);
  return length;
}
