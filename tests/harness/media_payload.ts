import { readUint32, writeUint32 } from "../../src/rtp/bytes.ts";
import type { RtpPacket } from "../../src/rtp/packet.ts";
import type { Kind } from "../../src/sfu/types.ts";
import { VP8_DELTA_FRAME, VP8_KEY_FRAME } from "./rtp_builder.ts";

/** Which packet and which frame of its source this is, both counted from 0: the last 8 bytes of each payload. */
export interface PayloadTag {
  readonly index: number;
  readonly frame: number;
}

/** Where in its frame a packet with a payload is. */
export type PayloadPart = "keyFrameStart" | "frameStart" | "continuation" | "sound";

const TAG_LENGTH = 8;
/** A VP8 descriptor with S clear (RFC 7741 section 4.2). */
const VP8_CONTINUATION = Uint8Array.of(0x00);
const OPUS = Uint8Array.of(0xfc);

const STARTS: Readonly<Record<PayloadPart, Uint8Array>> = {
  keyFrameStart: VP8_KEY_FRAME,
  frameStart: VP8_DELTA_FRAME,
  continuation: VP8_CONTINUATION,
  sound: OPUS,
};

/** A payload that begins as the codec wants and ends with its tag: VP8, or Opus. */
export function mediaPayload(part: PayloadPart, { index, frame }: PayloadTag, length: number): Uint8Array {
  const start = STARTS[part];
  const payload = new Uint8Array(Math.max(length, start.length + TAG_LENGTH)).fill(index);
  payload.set(start);
  writeUint32(payload, payload.length - TAG_LENGTH, index);
  writeUint32(payload, payload.length - TAG_LENGTH + 4, frame);
  return payload;
}

export function readTag({ bytes, headerLength, payloadLength }: RtpPacket): PayloadTag {
  const offset = headerLength + payloadLength - TAG_LENGTH;
  return { index: readUint32(bytes, offset), frame: readUint32(bytes, offset + 4) };
}

export function readPart(kind: Kind, { bytes, headerLength }: RtpPacket): PayloadPart {
  if (kind === "audio") return "sound";
  if ((bytes[headerLength] & 0x10) === 0) return "continuation";
  return (bytes[headerLength + 1] & 0x01) === 0 ? "keyFrameStart" : "frameStart";
}
