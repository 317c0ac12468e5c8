import { BitReader } from "../bit_reader.ts";
import type { PictureSize } from "./picture_size.ts";

const bits = new BitReader();

/**
 * Reads max_frame_width and max_frame_height of a sequence header OBU's payload `bytes[start, end)` (AV1 specification,
 * section 5.5.1). Leaves `into` as it is where that is cut short.
 */
export function readSequenceHeaderSize(bytes: Uint8Array, start: number, end: number, into: PictureSize): void {
  bits.start(bytes, start, end);
  // seq_profile, still_picture.
  bits.bits(4);
  const isReduced = bits.flag();
  if (isReduced) bits.bits(5);
  else skipOperatingPoints();
  const widthBits = bits.bits(4) + 1;
  const heightBits = bits.bits(4) + 1;
  const width = bits.bits(widthBits) + 1;
  const height = bits.bits(heightBits) + 1;
  if (bits.overrun) return;
  into.width = width;
  into.height = height;
}

function skipOperatingPoints(): void {
  const hasTiming = bits.flag();
  const delayBits = hasTiming ? skipTiming() : 0;
  const hasInitialDelay = bits.flag();
  const points = bits.bits(5) + 1;
  for (let point = 0; point < points; point++) {
    // operating_point_idc, seq_level_idx; seq_tier for the levels that have one.
    bits.bits(12);
    if (bits.bits(5) > 7) bits.bits(1);
    if (delayBits > 0 && bits.flag()) skip(2 * delayBits + 1);
    if (hasInitialDelay && bits.flag()) bits.bits(4);
  }
}

/** timing_info and decoder_model_info (sections 5.5.3 and 5.5.4); returns the bits of a delay, 0 without a decoder model. */
function skipTiming(): number {
  skip(64);
  if (bits.flag()) bits.exponentialGolomb();
  if (!bits.flag()) return 0;
  const delayBits = bits.bits(5) + 1;
  skip(32 + 10);
  return delayBits;
}

function skip(count: number): void {
  for (let left = count; left > 0; left -= 16) bits.bits(Math.min(left, 16));
}
