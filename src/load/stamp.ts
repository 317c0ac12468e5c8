import { readUint32, writeUint32 } from "../rtp/bytes.ts";

/** Where the stamp begins in a payload: behind what the codec needs there. */
const STAMP = 12;
/** Where the pattern begins, which goes on to the end of the payload. */
const PATTERN = STAMP + 24;
const TWO_TO_32 = 2 ** 32;

/** No payload is shorter. */
export const MIN_PAYLOAD_LENGTH = PATTERN;

/** Of one track; each has numbers of its own for its packets. */
export const MAX_ENCODINGS = 4;

/** What a payload tells of itself: track and number of the packet, when it was sent, its length; with a checksum. */
export class Stamp {
  /** The number of the published track, times MAX_ENCODINGS, and that of the encoding. */
  track = 0;
  packet = 0;
  /** Microseconds since 1970, whole ones. */
  sentUs = 0;
  length = 0;

  /** Writes into the payload at `offset`. */
  write(bytes: Uint8Array, offset: number): void {
    const at = offset + STAMP;
    writeUint32(bytes, at, this.track);
    writeUint32(bytes, at + 4, this.packet);
    writeUint32(bytes, at + 8, this.sentUs / TWO_TO_32);
    writeUint32(bytes, at + 12, this.sentUs % TWO_TO_32);
    writeUint32(bytes, at + 16, this.length);
    writeUint32(bytes, at + 20, checksum(bytes, at));
  }

  /** Reads the payload `bytes[offset, offset + length)`; false where it is not as its publisher sent it. */
  read(bytes: Uint8Array, offset: number, length: number): boolean {
    const at = offset + STAMP;
    if (length < MIN_PAYLOAD_LENGTH || readUint32(bytes, at + 20) !== checksum(bytes, at)) return false;
    this.track = readUint32(bytes, at);
    this.packet = readUint32(bytes, at + 4);
    this.sentUs = readUint32(bytes, at + 8) * TWO_TO_32 + readUint32(bytes, at + 12);
    this.length = readUint32(bytes, at + 16);
    if (this.length !== length) return false;
    for (let i = PATTERN; i < length; i++) if (bytes[offset + i] !== patternByte(this.track, i)) return false;
    return true;
  }
}

/** Fills payloads at `offset` with the pattern of a track, whose bytes depend on their place alone. */
export function writePattern(bytes: Uint8Array, offset: number, track: number): void {
  for (let i = PATTERN; offset + i < bytes.length; i++) bytes[offset + i] = patternByte(track, i);
}

function patternByte(track: number, position: number): number {
  return (track * 29 + position * 7) & 0xff;
}

/** Of the five words at `at`. */
function checksum(bytes: Uint8Array, at: number): number {
  let sum = 0;
  for (let i = 0; i < 20; i += 4) sum = Math.imul(sum ^ readUint32(bytes, at + i), 0x9e3779b1);
  return sum >>> 0;
}
