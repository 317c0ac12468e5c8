import { readUint16 } from "../bytes.ts";
import type { RtpPacket } from "../packet.ts";
import type { LayerReader } from "./format.ts";
import { LayerCount } from "./layer_count.ts";
import { layersOf, type PacketLayers } from "./packet_layers.ts";
import { PictureCounter } from "./picture_counter.ts";

/** Bytes of the uncompressed data chunk of a key frame up to its height (RFC 6386 section 9.1). */
const KEY_FRAME_HEADER_LENGTH = 10;

/** Temporal layers and picture numbers of VP8, by the payload descriptor (RFC 7741 section 4.2). */
export class Vp8LayerReader implements LayerReader {
  readonly spatialLayers = 1;
  readonly #temporal = new LayerCount();
  readonly #counter = new PictureCounter();
  #stamp = -1;
  #width = 0;
  #height = 0;

  get temporalLayers(): number {
    return this.#temporal.count;
  }

  widthOf(spatial: number): number {
    return spatial === 0 ? this.#width : 0;
  }

  heightOf(spatial: number): number {
    return spatial === 0 ? this.#height : 0;
  }

  read(packet: RtpPacket): void {
    const layers = layersOf(packet);
    const end = packet.headerLength + packet.payloadLength;
    const start = readDescriptor(packet, layers);
    layers.usable = start < end;
    layers.newestBefore = this.#counter.newest;
    layers.picture = -1;
    layers.startsKeyPicture = false;
    layers.keyPicture = false;
    if (!layers.usable) return;
    layers.endOfFrame = packet.marker;
    if (layers.pictureIdBits > 0) this.#number(packet, layers);
    // P clear in the payload header marks a key frame (section 4.3).
    if (layers.startOfFrame && (packet.bytes[start] & 0x01) === 0) this.#handleKeyFrame(packet, layers, start, end);
    this.#temporal.handleLayer(layers.temporal);
    layers.stamp = this.#stamp;
  }

  #number(packet: RtpPacket, layers: PacketLayers): void {
    layers.picture = this.#counter.count(packet, layers.pictureId, layers.pictureIdBits);
    if (layers.picture === this.#counter.newest) {
      this.#stamp = (layers.pictureId << 13) | (layers.tl0 << 5) | layers.keyIndex;
    }
  }

  #handleKeyFrame(packet: RtpPacket, layers: PacketLayers, start: number, end: number): void {
    layers.startsKeyPicture = true;
    layers.keyPicture = true;
    // One that is late, or from the cache, tells nothing new.
    if (layers.picture < layers.newestBefore) return;
    if (layers.picture > layers.newestBefore) this.#temporal.handleKeyFrame();
    const { bytes } = packet;
    if (start + KEY_FRAME_HEADER_LENGTH > end) return;
    if (bytes[start + 3] !== 0x9d || bytes[start + 4] !== 0x01 || bytes[start + 5] !== 0x2a) return;
    this.#width = ((bytes[start + 7] << 8) | bytes[start + 6]) & 0x3fff;
    this.#height = ((bytes[start + 9] << 8) | bytes[start + 8]) & 0x3fff;
  }
}

/**
 * Reads the payload descriptor and returns where the payload header behind it begins: at the end of the payload or beyond
 * where the descriptor is cut short, whatever the bytes behind it are.
 */
function readDescriptor(packet: RtpPacket, layers: PacketLayers): number {
  const { bytes, headerLength } = packet;
  if (packet.payloadLength === 0) return headerLength;
  const first = bytes[headerLength];
  const flags = (first & 0x80) !== 0 ? bytes[headerLength + 1] : 0;
  let position = headerLength + ((first & 0x80) !== 0 ? 2 : 1);
  // S set and PID 0: the start of the first partition, so of the frame.
  layers.startOfFrame = (first & 0x17) === 0x10;
  position = readPictureId(bytes, position, (flags & 0x80) !== 0, layers);
  const hasTl0 = (flags & 0x40) !== 0;
  layers.tl0Offset = hasTl0 ? position : 0;
  layers.tl0 = hasTl0 ? bytes[position++] | 0 : 0;
  const hasLayer = (flags & 0x20) !== 0;
  const hasKeyIndex = (flags & 0x10) !== 0;
  const indices = bytes[position];
  layers.temporal = hasLayer ? indices >> 6 : 0;
  layers.switchingPoint = hasLayer && (indices & 0x20) !== 0;
  layers.keyIndexOffset = hasKeyIndex ? position : 0;
  layers.keyIndex = hasKeyIndex ? indices & 0x1f : 0;
  return hasLayer || hasKeyIndex ? position + 1 : position;
}

/** Reads the picture ID, 15 bits long with the M bit, else 7, and returns where it ends. VP9's is the same. */
export function readPictureId(bytes: Uint8Array, position: number, isThere: boolean, layers: PacketLayers): number {
  layers.pictureIdOffset = isThere ? position : 0;
  layers.pictureIdBits = 0;
  if (!isThere) return position;
  const isLong = (bytes[position] & 0x80) !== 0;
  layers.pictureIdBits = isLong ? 15 : 7;
  layers.pictureId = isLong ? readUint16(bytes, position) & 0x7fff : bytes[position] | 0;
  return position + (isLong ? 2 : 1);
}
