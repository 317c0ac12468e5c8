import { elementLength, findExtension } from "./header_extension.ts";
import type { RtpPacket } from "./packet.ts";

/**
 * The level of an audio packet in -dBov (RFC 6464 section 3): 0 is full scale, 127 silence. -1 where the packet has no such
 * element under `id`, or one of another length than a byte. The voice activity bit is not looked at: what sets it differs
 * from browser to browser, and some always do.
 */
export function readAudioLevel(packet: RtpPacket, id: number): number {
  const element = findExtension(packet, id);
  if (element < 0 || elementLength(packet, element) !== 1) return -1;
  return packet.bytes[element] & 0x7f;
}
