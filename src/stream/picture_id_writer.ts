import { writeUint16 } from "../rtp/bytes.ts";
import type { RtpPacket } from "../rtp/packet.ts";

/**
 * Writes picture IDs of VP8 and VP9 in place, always 15 bits long. Where the source's has 7 what stands before it moves down
 * by a byte, and so the payload begins over the last byte of the header.
 */
export class PictureIdWriter {
  /** The byte of the header that was written over. */
  #headerByte = 0;

  /** Writes `id` and returns where the payload begins. */
  write({ bytes, headerLength, layers }: RtpPacket, id: number): number {
    const { pictureIdOffset } = layers;
    const value = 0x8000 | (id & 0x7fff);
    if (layers.pictureIdBits === 15) {
      writeUint16(bytes, pictureIdOffset, value);
      return headerLength;
    }
    this.#headerByte = bytes[headerLength - 1];
    for (let i = headerLength; i < pictureIdOffset; i++) bytes[i - 1] = bytes[i];
    writeUint16(bytes, pictureIdOffset - 1, value);
    return headerLength - 1;
  }

  /** Puts back what was there before `write`. */
  restore({ bytes, headerLength, layers }: RtpPacket): void {
    const { pictureIdOffset, pictureId } = layers;
    if (layers.pictureIdBits === 15) return writeUint16(bytes, pictureIdOffset, 0x8000 | pictureId);
    for (let i = pictureIdOffset - 1; i >= headerLength; i--) bytes[i] = bytes[i - 1];
    bytes[headerLength - 1] = this.#headerByte;
    bytes[pictureIdOffset] = pictureId;
  }
}
