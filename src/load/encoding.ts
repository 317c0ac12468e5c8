import { MID_ID, REPAIRED_RID_ID, RID_ID } from "./formats.ts";

/** One of the encodings of a video. */
export interface Encoding {
  /** Its place among them, the best one first. */
  readonly index: number;
  /** How its packets are known (RFC 8852); undefined for the only encoding, which its SSRC tells. */
  readonly sign: { readonly mid: string; readonly rid: string } | undefined;
  /** Of the bitrate that the video has. */
  readonly share: number;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
}

/** Of a video without simulcast; sound has it too, and no pixels. */
export const ONLY_ENCODING: Encoding = { index: 0, sign: undefined, share: 1, width: 640, height: 360 };

/** As browsers scale: each half as wide and half as high as the one before, for a quarter of the bits. */
const SIMULCAST = [
  { rid: "f", share: 1, width: 1280, height: 720 },
  { rid: "h", share: 1 / 4, width: 640, height: 360 },
  { rid: "q", share: 1 / 16, width: 320, height: 180 },
] as const;

/** Those of a video on the m-line `mid`, the best one first. */
export function simulcastEncodings(mid: string): Encoding[] {
  return SIMULCAST.map(({ rid, ...rest }, index) => ({ index, sign: { mid, rid }, ...rest }));
}

/** The header extensions of each packet of an encoding, or of its repairs: a whole block (RFC 8285 section 4.2), or empty. */
export function extensionBlock({ sign }: Encoding, isRepair: boolean): Uint8Array {
  if (sign === undefined) return new Uint8Array(0);
  const elements = [...element(MID_ID, sign.mid), ...element(isRepair ? REPAIRED_RID_ID : RID_ID, sign.rid)];
  const words = Math.ceil(elements.length / 4);
  const block = new Uint8Array(4 + 4 * words);
  block.set([0xbe, 0xde, words >>> 8, words & 0xff, ...elements]);
  return block;
}

function element(id: number, text: string): number[] {
  return [(id << 4) | (text.length - 1), ...new TextEncoder().encode(text)];
}

/** The first bytes of the payload that begins a key frame: a descriptor with S set (RFC 7741), then RFC 6386 section 9.1. */
export function keyFrameStart({ width, height }: Encoding): Uint8Array {
  const [descriptor, frameTag, startCode] = [[0x10], [0x10, 0, 0], [0x9d, 0x01, 0x2a]];
  return new Uint8Array([
    ...descriptor,
    ...frameTag,
    ...startCode,
    width & 0xff,
    width >>> 8,
    height & 0xff,
    height >>> 8,
  ]);
}
