/** What a datagram on a media socket is. */
export type DatagramKind = "stun" | "dtls" | "rtp" | "rtcp" | "unknown";

/**
 * Tells the protocol of the datagram `bytes[0, length)` by its first byte (RFC 7983 section 7), and RTCP from RTP by
 * its second (RFC 5761 section 4). It says where the datagram belongs, not that it is well formed.
 */
export function classify(bytes: Uint8Array, length: number): DatagramKind {
  if (length < 2) return "unknown";
  const first = bytes[0];
  if (first >= 128 && first <= 191) {
    const second = bytes[1];
    return second >= 192 && second <= 223 ? "rtcp" : "rtp";
  }
  if (first <= 3) return "stun";
  return first >= 20 && first <= 63 ? "dtls" : "unknown";
}
