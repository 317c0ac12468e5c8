import { FIXED_HEADER_LENGTH, RtpPacket } from "../rtp/packet.ts";

/** The most that one byte counts (RFC 3550 section 5.1). */
export const MAX_PADDING = 255;
/** Header, MID and transport-wide sequence number, about. */
const HEADER_LENGTH = 24;

const bytes = new Uint8Array(FIXED_HEADER_LENGTH + MAX_PADDING);

/**
 * A packet of padding alone, which the consumers of this isolate send for probes, one after the other: nothing of it is
 * forwarded but what `paddingFor` says.
 */
export const padding = new RtpPacket();
bytes[0] = 0xa0;
bytes[bytes.length - 1] = MAX_PADDING;
padding.parse(bytes, bytes.length);

/** Has `padding` end in as many bytes of padding as make a packet of about `length` bytes, and returns how many. */
export function paddingFor(length: number): number {
  const count = Math.min(Math.max(length - HEADER_LENGTH, 1), MAX_PADDING);
  bytes[bytes.length - 1] = count;
  return count;
}
