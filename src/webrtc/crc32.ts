/** The polynomial of ISO 3309, its bits reversed. */
const POLYNOMIAL = 0xedb88320;

const TABLE: Readonly<Uint32Array> = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? POLYNOMIAL : 0);
  return remainder;
});

/** The CRC-32 of `bytes[0, length)` (ISO 3309, ITU-T V.42), as an unsigned integer. */
export function crc32(bytes: Uint8Array, length: number): number {
  let remainder = 0xffffffff;
  for (let i = 0; i < length; i++) remainder = TABLE[(remainder ^ bytes[i]) & 0xff] ^ (remainder >>> 8);
  return ~remainder >>> 0;
}
