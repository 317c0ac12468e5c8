import type { PacketNumbering } from "../congestion/bandwidth_estimator.ts";
import { type HeaderFields, writeHeader } from "../rtp/header.ts";
import { writeTransportSequenceNumber } from "../rtp/header_extension.ts";
import { FIXED_HEADER_LENGTH, type RtpPacket } from "../rtp/packet.ts";
import type { ExtensionMapping } from "./header_extensions.ts";

/**
 * Writes the header under which `packet` goes to a subscriber, with a number for the whole transport where `numbering`
 * gives one. Returns its bytes; `length` are those that follow it.
 */
export function writeForwardedHeader(
  slot: Uint8Array,
  packet: RtpPacket,
  fields: HeaderFields,
  extensions: ExtensionMapping,
  numbering: PacketNumbering | undefined,
  length: number,
  nowMs: number,
): number {
  const { ids, midId, mid, transportId } = extensions;
  if (numbering === undefined) return writeHeader(slot, packet, fields, ids, midId, mid);
  const headerLength = writeHeader(slot, packet, fields, ids, midId, mid, transportId);
  const number = numbering.handleSent(headerLength + length, nowMs);
  writeTransportSequenceNumber(slot, FIXED_HEADER_LENGTH, number);
  return headerLength;
}
