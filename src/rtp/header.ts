import { writeUint16, writeUint32 } from "./bytes.ts";
import { writeExtensions } from "./header_extension.ts";
import { FIXED_HEADER_LENGTH, type RtpPacket } from "./packet.ts";

/** What a packet is forwarded under. An object, because V8 would allocate for each 32-bit number that is an argument. */
export interface HeaderFields {
  payloadType: number;
  sequenceNumber: number;
  timestamp: number;
  ssrc: number;
}

/**
 * Writes the RTP header (RFC 3550 section 5.1) under which `packet` is forwarded at `out[0]` and returns its length.
 * The marker and the P bit stay, because payload and padding follow unchanged; for `idMap`, `midId`, `mid` and
 * `transportId` see `writeExtensions`. CSRCs are dropped: they name sources of the publisher's own session, which the subscriber cannot
 * resolve, and nothing is mixed here.
 */
export function writeHeader(
  out: Uint8Array,
  packet: RtpPacket,
  fields: HeaderFields,
  idMap: Uint8Array,
  midId: number,
  mid: Uint8Array,
  transportId = 0,
): number {
  const extensionBytes = writeExtensions(out, FIXED_HEADER_LENGTH, packet, idMap, midId, mid, transportId);
  out[0] = 0x80 | (packet.padding ? 0x20 : 0) | (extensionBytes > 0 ? 0x10 : 0);
  out[1] = (packet.marker ? 0x80 : 0) | fields.payloadType;
  writeUint16(out, 2, fields.sequenceNumber);
  writeUint32(out, 4, fields.timestamp);
  writeUint32(out, 8, fields.ssrc);
  return FIXED_HEADER_LENGTH + extensionBytes;
}
