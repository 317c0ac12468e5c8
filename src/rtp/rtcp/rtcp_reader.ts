import { readUint16, readUint32 } from "../bytes.ts";

const HEADER_LENGTH = 4;
const EMPTY = new Uint8Array(0);

/**
 * Walks the packets of one compound RTCP packet (RFC 3550 section 6.1), whichever comes first (reduced-size RTCP,
 * RFC 5506). A wrong version, or a length that runs past the end, ends the walk: nothing behind it can be trusted. One
 * instance is reused for every compound packet.
 */
export class RtcpReader {
  bytes: Uint8Array = EMPTY;
  packetType = 0;
  /** Number of report blocks, chunks or SSRCs; the format (FMT) in a feedback packet. */
  count = 0;
  /** Where the current packet begins in `bytes`. */
  offset = 0;
  /** Bytes of the current packet, header included, without padding. */
  length = 0;
  /** The 4 bytes behind the header: the sender's SSRC, in BYE and SDES the first source; 0 where the packet ends. */
  senderSsrc = 0;
  /** Set once the walk has ended before the end of the bytes. */
  malformed = false;
  #end = 0;
  #next = 0;

  /** Points the reader before the first packet of `bytes[0, length)`. */
  reset(bytes: Uint8Array, length: number): void {
    this.bytes = bytes;
    this.#end = Math.min(length, bytes.length);
    this.#next = 0;
    this.malformed = false;
  }

  /** Goes to the next packet; false at the end, with the fields unusable. */
  next(): boolean {
    const { bytes } = this;
    const offset = this.#next;
    const length = this.#packetLength(offset);
    const padding = this.#paddingLength(offset, length);
    if (padding < 0) {
      if (offset < this.#end) this.malformed = true;
      this.#next = this.#end;
      return false;
    }
    // `length` is at least a header, so each step moves on and the walk ends.
    this.#next = offset + length;
    this.offset = offset;
    this.length = length - padding;
    this.count = bytes[offset] & 0x1f;
    this.packetType = bytes[offset + 1];
    this.senderSsrc = this.length >= 8 ? readUint32(bytes, offset + 4) : 0;
    return true;
  }

  /** Bytes of the packet at `offset` with its padding; -1 where there is no whole packet. */
  #packetLength(offset: number): number {
    if (offset + HEADER_LENGTH > this.#end || this.bytes[offset] >> 6 !== 2) return -1;
    const length = (readUint16(this.bytes, offset + 2) + 1) * 4;
    return offset + length <= this.#end ? length : -1;
  }

  /** Bytes of padding (RFC 3550 section 6.4.1); -1 where the packet is invalid. */
  #paddingLength(offset: number, length: number): number {
    if (length < 0) return -1;
    if ((this.bytes[offset] & 0x20) === 0) return 0;
    const padding = this.bytes[offset + length - 1];
    return padding > 0 && padding <= length - HEADER_LENGTH ? padding : -1;
  }
}
