import type { RtpPacket } from "../../src/rtp/packet.ts";
import { rtpPacket } from "./rtp_packets.ts";

/** What a test wants a VP9 packet to be; the rest is that of a frame of one packet in the lowest layers. */
export interface Vp9Fields {
  readonly ssrc?: number;
  readonly sequenceNumber: number;
  readonly timestamp: number;
  readonly pictureId: number;
  readonly bits?: 0 | 7 | 15;
  readonly tl0: number;
  readonly spatial?: number;
  readonly temporal?: number;
  readonly switchingPoint?: boolean;
  /** P clear. */
  readonly keyPicture?: boolean;
  /** Z clear. */
  readonly neededAbove?: boolean;
  /** Layers of a scalability structure, in front of a key picture. */
  readonly structure?: number;
  readonly startOfFrame?: boolean;
  readonly endOfFrame?: boolean;
  readonly marker?: boolean;
}

/** The wire form in the not flexible mode (RFC 9628 section 4.2). */
export function vp9Packet(fields: Vp9Fields): RtpPacket {
  const { pictureId, bits = 15, spatial = 0, temporal = 0, structure = 0, keyPicture = false } = fields;
  const { startOfFrame = true, endOfFrame = true, neededAbove = true, marker = true } = fields;
  const long = [0x80 | ((pictureId >> 8) & 0x7f), pictureId & 0xff];
  const id = bits === 15 ? long : bits === 7 ? [pictureId & 0x7f] : [];
  const flags = (bits > 0 ? 0x80 : 0) | (keyPicture ? 0 : 0x40) | 0x20 | (startOfFrame ? 0x08 : 0) |
    (endOfFrame ? 0x04 : 0) | (structure > 0 ? 0x02 : 0) | (neededAbove ? 0 : 0x01);
  const indices = (temporal << 5) | (fields.switchingPoint ? 0x10 : 0) | (spatial << 1) | (spatial > 0 ? 1 : 0);
  const sizes = Array.from({ length: structure }, (_, layer) => [160 << layer, 90 << layer]).flat();
  const payload = [
    flags,
    ...id,
    indices,
    fields.tl0 & 0xff,
    ...(structure > 0 ? [((structure - 1) << 5) | 0x10, ...sizes.flatMap((size) => [size >> 8, size & 0xff])] : []),
    ...(keyPicture ? [0x82, 0x49, 0x83, 0x42] : [0x86, 0x00, 0x40]),
    ...[1, 2, 3, 4],
  ];
  const { ssrc = 1, sequenceNumber, timestamp } = fields;
  return rtpPacket({ ssrc, sequenceNumber, timestamp, marker, payloadType: 98, payload });
}
