import { readUint16, writeUint16, writeUint32 } from "./bytes.ts";
import type { RtpPacket } from "./packet.ts";

/** Bytes of the original sequence number (OSN) before the payload of a retransmission packet. */
export const OSN_LENGTH = 2;

/**
 * The original sequence number of an RTX packet (RFC 4588 section 4); -1 where it carries no packet: senders probe for
 * bandwidth with RTX packets of padding alone.
 */
export function readOriginalSequenceNumber(packet: RtpPacket): number {
  return packet.payloadLength >= OSN_LENGTH ? readUint16(packet.bytes, packet.headerLength) : -1;
}

/**
 * Makes of an RTX packet, in its own bytes, the packet that it carries: its sequence number, and the SSRC and payload
 * type of the stream that it repairs. False, with nothing changed, where it carries none. Timestamp, marker and header
 * extensions are those of the original already (RFC 4588 section 4).
 */
export function unwrapRtx(packet: RtpPacket, ssrc: number, payloadType: number): boolean {
  const sequenceNumber = readOriginalSequenceNumber(packet);
  if (sequenceNumber < 0) return false;
  const { bytes, headerLength, length } = packet;
  // A packet begins at index 0, so the payload moves, not the header: one memmove, cheaper than a `subarray`.
  bytes.copyWithin(headerLength, headerLength + OSN_LENGTH, length);
  bytes[1] = (bytes[1] & 0x80) | payloadType;
  writeUint16(bytes, 2, sequenceNumber);
  writeUint32(bytes, 8, ssrc);
  packet.length -= OSN_LENGTH;
  packet.payloadLength -= OSN_LENGTH;
  packet.payloadType = payloadType;
  packet.sequenceNumber = sequenceNumber;
  packet.ssrc = ssrc;
  return true;
}

/**
 * Puts the original sequence number in front of the payload of a packet that is to be sent as RTX, over the last two
 * bytes of its header, which must have been written elsewhere before. Returns where the RTX payload begins: OSN_LENGTH
 * before `payloadOffset`, where that of the packet does. The packet must be a copy that nobody else reads, without padding:
 * that of the original is removed (RFC 4588 section 4).
 */
export function prependOriginalSequenceNumber(
  packet: RtpPacket,
  originalSequenceNumber: number,
  payloadOffset = packet.headerLength,
): number {
  const offset = payloadOffset - OSN_LENGTH;
  writeUint16(packet.bytes, offset, originalSequenceNumber);
  return offset;
}
