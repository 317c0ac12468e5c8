import type { RtpPacket } from "../../src/rtp/packet.ts";
import { rtpPacket } from "./rtp_packets.ts";

/** What a test wants a VP8 packet to be; the rest is that of a picture of one packet in the base layer. */
export interface Vp8Fields {
  readonly ssrc?: number;
  readonly sequenceNumber: number;
  readonly timestamp: number;
  readonly pictureId: number;
  /** Of the picture ID; 0 for none. */
  readonly bits?: 0 | 7 | 15;
  readonly tl0: number;
  readonly temporal?: number;
  readonly switchingPoint?: boolean;
  readonly keyIndex?: number;
  readonly keyFrame?: boolean;
  readonly startOfFrame?: boolean;
  readonly marker?: boolean;
}

/** The wire form (RFC 7741 section 4.2), with all of the extension. */
export function vp8Packet(fields: Vp8Fields): RtpPacket {
  const { pictureId, bits = 15, temporal = 0, keyIndex = 0, keyFrame = false, startOfFrame = true } = fields;
  const long = [0x80 | (pictureId >> 8), pictureId & 0xff];
  const id = bits === 15 ? long : bits === 7 ? [pictureId & 0x7f] : [];
  const indices = (temporal << 6) | (fields.switchingPoint ? 0x20 : 0) | keyIndex;
  const payload = [
    0x80 | (startOfFrame ? 0x10 : 0),
    bits === 0 ? 0x70 : 0xf0,
    ...id,
    fields.tl0 & 0xff,
    indices,
    ...(keyFrame ? [0x50, 0xa5, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xb4, 0x00] : [0x31, 0x02, 0x00]),
    ...[1, 2, 3, 4],
  ];
  const { ssrc = 1, sequenceNumber, timestamp, marker = true } = fields;
  // The last byte of the header is none that may be lost: a picture ID that grows goes over it.
  const extension = { profile: 0xbede, data: [0x22, 0xaa, 0xbb, 0xcc] };
  return rtpPacket({ ssrc, sequenceNumber, timestamp, marker, payloadType: 96, payload, extension });
}
