import type { RtpPacket, RtpRun } from "./packet.ts";

/** Bytes of padding that a packet is brought to at most, what it came with included. */
const MAX_PADDING = 16;
/** Nor to more than a 128th of what it is without: 9 bytes of 1,200, one of a packet of sound or none. */
const SHARE_SHIFT = 7;

/**
 * Brings neighbours among `run.packets[from, to)`, which are of one SSRC, to equal lengths by RTP padding (RFC 3550
 * section 5.1), in their own bytes, so that what is forwarded of them can leave as one message of the kernel (UDP GSO:
 * equal lengths, save the last, which may be shorter). Done once before the fan-out; to do it again changes nothing.
 *
 * Packetisers split a frame evenly, so its packets differ by a byte (libwebrtc makes the last ones the longer ones, aiortc
 * the first). A group is as many neighbours as can have the length of the longest one. The last stays as it is, so that
 * one that is shorter by any amount, such as the end of a frame, fits in and ends the group. A part of a group would do as
 * a group too: therefore to make each one as long as it goes, front to back, gives the least number of messages.
 *
 * Neighbours whose headers differ in length are never of one group: what becomes of the difference is up to the
 * extensions that a subscriber negotiated (a MID of its own, no video orientation), so that what is made equal for one
 * would be unequal for another. Between two such changes nobody needs more messages than without padding.
 */
export function equalizeLengths(run: RtpRun, from: number, to: number): void {
  let start = from;
  while (start < to) start = equalizeGroup(run.packets, start, to);
}

/** Pads the group that begins at `start` and returns where the next one does. */
function equalizeGroup(packets: readonly RtpPacket[], start: number, to: number): number {
  const { headerLength } = packets[start];
  let longest = packets[start].length;
  let limit = maxLength(packets[start]);
  let end = start + 1;
  // All packets in [start, end - 1) can have the length `longest`, and while it is within `limit` the last one can too.
  for (; end < to && longest <= limit; end++) {
    const packet = packets[end];
    if (packet.headerLength !== headerLength || packet.length > limit) break;
    longest = Math.max(longest, packet.length);
    limit = Math.min(limit, maxLength(packet));
  }
  for (let i = start; i < end - 1; i++) packets[i].addPadding(longest - packets[i].length);
  return end;
}

/** The greatest length that the packet may be given; reckoned from its length without padding, so that it stays so. */
function maxLength(packet: RtpPacket): number {
  // Padding alone is not forwarded, and too rare to be passed over.
  if (packet.payloadLength === 0) return packet.length;
  const plain = packet.headerLength + packet.payloadLength;
  const padded = plain + Math.min(plain >> SHARE_SHIFT, MAX_PADDING);
  return Math.max(packet.length, Math.min(padded, packet.bytes.length));
}
