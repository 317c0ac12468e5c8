import { RtpPacket, type RtpRun } from "../../src/rtp/packet.ts";
import { type PacketFields, rtpBytes } from "./rtp_packets.ts";

/** What a test of the engine wants of an RTP packet; all else is a plain default. */
export interface RtpFields extends Omit<PacketFields, "payload" | "extension"> {
  readonly payload?: Uint8Array;
  /** One-byte header extensions (RFC 8285 section 4.2) by id. */
  readonly extensions?: ReadonlyMap<number, Uint8Array>;
}

/** The first packet of a VP8 key frame: descriptor with S set, frame header with P clear (RFC 7741 section 4). */
export const VP8_KEY_FRAME = new Uint8Array([0x10, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xb4, 0x00]);
/** The first packet of a VP8 interframe. */
export const VP8_DELTA_FRAME = new Uint8Array([0x10, 0x01, 0x02, 0x03]);

export function buildRtp({ payload, extensions, ...fields }: RtpFields): Uint8Array {
  return rtpBytes({
    payloadType: 96,
    ...fields,
    payload: [...(payload ?? [1, 2, 3])],
    ...(extensions !== undefined && { extension: { profile: 0xbede, data: oneByteElements(extensions) } }),
  });
}

export function parseRtp(bytes: Uint8Array): RtpPacket {
  const packet = new RtpPacket();
  if (!packet.parse(bytes, bytes.length)) throw new TypeError("not an RTP packet");
  return packet;
}

/** A run as a transport hands it over. */
export function runOf(...packets: Uint8Array[]): RtpRun {
  return { packets: packets.map(parseRtp), count: packets.length };
}

function oneByteElements(elements: ReadonlyMap<number, Uint8Array>): number[] {
  const data = [...elements].flatMap(([id, bytes]) => [(id << 4) | (bytes.length - 1), ...bytes]);
  while (data.length % 4 !== 0) data.push(0);
  return data;
}
