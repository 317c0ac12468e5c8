import { readUint16, readUint32 } from "../bytes.ts";
import { FORMAT_APPLICATION_LAYER, PAYLOAD_FEEDBACK } from "./packet_types.ts";
import type { RtcpReader } from "./rtcp_reader.ts";

/** Without the SSRCs. */
const HEADER_LENGTH = 20;
/** "REMB" in ASCII. */
const IDENTIFIER = 0x52454d42;

/**
 * The bits per second that the REMB (draft-alvestrand-rmcat-remb-03 section 2.2) that the reader is at allows for all its
 * SSRCs together; -1 where that is no REMB, or one that claims more SSRCs than it has.
 */
export function rembBitsPerSecond(reader: RtcpReader): number {
  const { bytes, offset, length } = reader;
  if (reader.packetType !== PAYLOAD_FEEDBACK || reader.count !== FORMAT_APPLICATION_LAYER) return -1;
  if (length < HEADER_LENGTH || readUint32(bytes, offset + 12) !== IDENTIFIER) return -1;
  if (HEADER_LENGTH + bytes[offset + 16] * 4 > length) return -1;
  const exponent = bytes[offset + 17] >> 2;
  const mantissa = ((bytes[offset + 17] & 0x03) << 16) | readUint16(bytes, offset + 18);
  return mantissa * 2 ** exponent;
}
