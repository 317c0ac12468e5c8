import type { RtpPacket } from "../rtp/packet.ts";

/**
 * Is shown the packets of one transport in the clear: what was received when it has been decrypted, what is sent before it is
 * encrypted. All that it is shown is valid only during the call. It must not throw.
 */
export interface PacketTap {
  rtpReceived(packet: RtpPacket): void;
  /** One compound packet, `bytes[0, length)`. */
  rtcpReceived(bytes: Uint8Array, length: number): void;
  /** The header is `slot[0, headerLength)`, what follows it `source[offset, offset + length)`, as MediaSender has it. */
  rtpSent(slot: Uint8Array, headerLength: number, source: Uint8Array, offset: number, length: number): void;
  /** One compound packet, `bytes[0, length)`. */
  rtcpSent(bytes: Uint8Array, length: number): void;
}
