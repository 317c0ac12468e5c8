import { readUint16, readUint32 } from "./bytes.ts";
import { NO_LAYERS, type PacketLayers } from "./codecs/packet_layers.ts";

/** Bytes of the header without CSRCs and extension. */
export const FIXED_HEADER_LENGTH = 12;

const EMPTY = new Uint8Array(0);

/**
 * A view of one RTP packet (RFC 3550 section 5.1): `parse` reads the fixed header into fields and
 * notes where the parts lie; nothing is copied, so one instance is reused for every packet.
 */
export class RtpPacket {
  /** The buffer that holds the packet, which starts at index 0. */
  bytes: Uint8Array = EMPTY;
  /** Bytes of the whole packet: header, payload and padding. */
  length = 0;
  marker = false;
  /** The P bit: the last byte of the packet counts the padding bytes. */
  padding = false;
  payloadType = 0;
  sequenceNumber = 0;
  timestamp = 0;
  ssrc = 0;
  /** "Defined by profile" field of the header extension (RFC 8285): 0xBEDE or 0x100x; 0 where there is none. */
  extensionProfile = 0;
  /** Where the header extension's elements begin, after profile and length. */
  extensionOffset = 0;
  /** Bytes of the header extension's elements. */
  extensionLength = 0;
  /** Bytes of the whole header, CSRCs and extension included: the payload begins here. */
  headerLength = 0;
  /** Bytes of payload without padding. */
  payloadLength = 0;
  /** What the source's `LayerReader` has read of this packet; of no meaning after `parse` until it has. */
  layers: PacketLayers = NO_LAYERS;

  /** Bytes of padding, the last one, which counts them, included; 0 where there is none. */
  get paddingLength(): number {
    return this.length - this.headerLength - this.payloadLength;
  }

  /** Points this view at `bytes[0, length)`; false, with the view unusable, where that is no RTP packet. */
  parse(bytes: Uint8Array, length: number): boolean {
    if (length < FIXED_HEADER_LENGTH || length > bytes.length || bytes[0] >> 6 !== 2) return false;
    this.bytes = bytes;
    this.length = length;
    this.padding = (bytes[0] & 0x20) !== 0;
    this.marker = (bytes[1] & 0x80) !== 0;
    this.payloadType = bytes[1] & 0x7f;
    this.sequenceNumber = readUint16(bytes, 2);
    this.timestamp = readUint32(bytes, 4);
    this.ssrc = readUint32(bytes, 8);
    const headerLength = this.#parseExtension(FIXED_HEADER_LENGTH + (bytes[0] & 0x0f) * 4);
    if (headerLength < 0 || headerLength > length) return false;
    this.headerLength = headerLength;
    return this.#parsePadding();
  }

  /**
   * Lengthens the packet by `count` bytes of padding (RFC 3550 section 5.1), in its own bytes too, behind padding that it
   * has already. The buffer must have room for them, and the padding be 255 bytes at most in the end.
   */
  addPadding(count: number): void {
    if (count === 0) return;
    const { bytes } = this;
    const padding = this.paddingLength + count;
    const end = this.length + count;
    for (let i = end - padding; i < end - 1; i++) bytes[i] = 0;
    bytes[end - 1] = padding;
    bytes[0] |= 0x20;
    this.padding = true;
    this.length = end;
  }

  /** Returns where the payload begins, -1 where the header runs past the end. */
  #parseExtension(offset: number): number {
    const bytes = this.bytes;
    this.extensionProfile = 0;
    this.extensionOffset = offset;
    this.extensionLength = 0;
    if ((bytes[0] & 0x10) === 0) return offset;
    if (offset + 4 > this.length) return -1;
    this.extensionProfile = readUint16(bytes, offset);
    this.extensionOffset = offset + 4;
    this.extensionLength = readUint16(bytes, offset + 2) * 4;
    return this.extensionOffset + this.extensionLength;
  }

  #parsePadding(): boolean {
    const available = this.length - this.headerLength;
    if (!this.padding) {
      this.payloadLength = available;
      return true;
    }
    const padding = this.bytes[this.length - 1];
    if (padding === 0 || padding > available) return false;
    this.payloadLength = available - padding;
    return true;
  }
}

/** Consecutive packets of one receive batch that came from one peer. Valid only during the call that hands it over. */
export interface RtpRun {
  /** At least `count` packets; those behind are left from earlier batches. */
  readonly packets: readonly RtpPacket[];
  readonly count: number;
}
