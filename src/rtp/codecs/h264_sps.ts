import { BitReader } from "../bit_reader.ts";
import type { PictureSize } from "./picture_size.ts";

/** Profiles whose parameter sets say something of the color format (ITU-T H.264 section 7.3.2.1.1). */
const HIGH_PROFILES: ReadonlySet<number> = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);
/** A longer one is none that WebRTC endpoints send. */
const MAX_LENGTH = 256;
const MACROBLOCK = 16;
/** num_ref_frames_in_pic_order_cnt_cycle is no more. */
const MAX_CYCLE = 255;

/** What is used during one call, and of no meaning after it. */
const unescaped = new Uint8Array(MAX_LENGTH);
const bits = new BitReader();

/**
 * Reads the size of the picture, cropped, in the sequence parameter set `bytes[start, end)`, with its NAL unit header.
 * Leaves `into` as it is where that is cut short.
 */
export function readParameterSetSize(bytes: Uint8Array, start: number, end: number, into: PictureSize): void {
  bits.start(unescaped, 0, unescape(bytes, start + 1, end));
  const profile = bits.bits(8);
  // Constraints and level.
  bits.bits(16);
  bits.exponentialGolomb();
  const chroma = HIGH_PROFILES.has(profile) ? skipHighProfile() : 1;
  bits.exponentialGolomb();
  skipOrder();
  bits.exponentialGolomb();
  bits.bits(1);
  const widthUnits = bits.exponentialGolomb() + 1;
  const heightUnits = bits.exponentialGolomb() + 1;
  // frame_mbs_only_flag: without it a unit of height is of two fields.
  const fields = bits.flag() ? 1 : 2;
  if (fields === 2) bits.bits(1);
  bits.bits(1);
  // Cropping is in samples of color (tables 6-1 and 7.4.2.1.1).
  const cropX = chroma === 1 || chroma === 2 ? 2 : 1;
  const cropY = (chroma === 1 ? 2 : 1) * fields;
  const isCropped = bits.flag();
  const cropWidth = isCropped ? (bits.exponentialGolomb() + bits.exponentialGolomb()) * cropX : 0;
  const cropHeight = isCropped ? (bits.exponentialGolomb() + bits.exponentialGolomb()) * cropY : 0;
  const width = widthUnits * MACROBLOCK - cropWidth;
  const height = heightUnits * MACROBLOCK * fields - cropHeight;
  if (bits.overrun || width <= 0 || height <= 0 || width > 0xffff || height > 0xffff) return;
  into.width = width;
  into.height = height;
}

/** Copies a NAL unit's payload without emulation prevention (section 7.4.1) and returns its bytes. */
function unescape(bytes: Uint8Array, start: number, end: number): number {
  let length = 0;
  let zeros = 0;
  for (let i = start; i < end && length < MAX_LENGTH; i++) {
    const byte = bytes[i];
    const isEscape = zeros === 2 && byte === 3;
    zeros = byte === 0 ? zeros + 1 : 0;
    if (!isEscape) unescaped[length++] = byte;
  }
  return length;
}

/** Color format, bit depths and scaling lists; returns chroma_format_idc, 0 for planes that are coded apart. */
function skipHighProfile(): number {
  const chroma = bits.exponentialGolomb();
  const isSeparate = chroma === 3 && bits.flag();
  bits.exponentialGolomb();
  bits.exponentialGolomb();
  bits.bits(1);
  if (bits.flag()) {
    const lists = chroma === 3 ? 12 : 8;
    for (let list = 0; list < lists; list++) {
      if (bits.flag()) skipScalingList(list < 6 ? 16 : 64);
    }
  }
  return isSeparate ? 0 : chroma;
}

/** scaling_list (section 7.3.2.1.1.1). */
function skipScalingList(size: number): void {
  let last = 8;
  for (let i = 0; i < size; i++) {
    const next = (last + bits.signedExponentialGolomb()) & 0xff;
    if (next === 0) return;
    last = next;
  }
}

/** pic_order_cnt_type and what goes with it. */
function skipOrder(): void {
  const type = bits.exponentialGolomb();
  if (type === 0) bits.exponentialGolomb();
  if (type !== 1) return;
  bits.bits(1);
  bits.signedExponentialGolomb();
  bits.signedExponentialGolomb();
  const cycle = Math.min(bits.exponentialGolomb(), MAX_CYCLE);
  for (let i = 0; i < cycle; i++) bits.signedExponentialGolomb();
}
