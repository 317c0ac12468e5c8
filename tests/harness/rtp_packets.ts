import { RtpPacket } from "../../src/rtp/packet.ts";
import { writeUint16, writeUint32 } from "../../src/rtp/bytes.ts";

/** What a test wants an RTP packet to be; the rest is 0 or empty. */
export interface PacketFields {
  readonly sequenceNumber?: number;
  readonly timestamp?: number;
  readonly ssrc?: number;
  readonly payloadType?: number;
  readonly marker?: boolean;
  readonly csrcs?: readonly number[];
  /** `data` must be a multiple of 4 bytes. */
  readonly extension?: { readonly profile: number; readonly data: readonly number[] };
  readonly payload?: readonly number[];
  /** Bytes of padding. */
  readonly padding?: number;
}

/** Starts that put one scenario across every edge of 16-bit arithmetic. */
export const START_SEQUENCE_NUMBERS: readonly number[] = [
  ...[0, 1, 2, 127, 128, 255, 256, 16383, 16384],
  ...[32766, 32767, 32768, 32769, 65533, 65534, 65535],
];

/** The wire form of a packet (RFC 3550 section 5.1). */
export function rtpBytes(fields: PacketFields): Uint8Array {
  const { csrcs = [], extension, payload = [], padding = 0 } = fields;
  const extensionBytes = extension === undefined ? 0 : 4 + extension.data.length;
  const headerLength = 12 + csrcs.length * 4 + extensionBytes;
  const bytes = new Uint8Array(headerLength + payload.length + padding);
  bytes[0] = 0x80 | (padding > 0 ? 0x20 : 0) | (extension === undefined ? 0 : 0x10) | csrcs.length;
  bytes[1] = (fields.marker ? 0x80 : 0) | (fields.payloadType ?? 0);
  writeUint16(bytes, 2, fields.sequenceNumber ?? 0);
  writeUint32(bytes, 4, fields.timestamp ?? 0);
  writeUint32(bytes, 8, fields.ssrc ?? 0);
  csrcs.forEach((csrc, i) => writeUint32(bytes, 12 + i * 4, csrc));
  if (extension !== undefined) {
    writeUint16(bytes, headerLength - extensionBytes, extension.profile);
    writeUint16(bytes, headerLength - extensionBytes + 2, extension.data.length / 4);
    bytes.set(extension.data, headerLength - extension.data.length);
  }
  bytes.set(payload, headerLength);
  if (padding > 0) bytes[bytes.length - 1] = padding;
  return bytes;
}

/** The packet as the receiving side sees it. */
export function rtpPacket(fields: PacketFields): RtpPacket {
  const bytes = rtpBytes(fields);
  const packet = new RtpPacket();
  if (!packet.parse(bytes, bytes.length)) throw new Error("the test's packet is no RTP packet");
  return packet;
}
