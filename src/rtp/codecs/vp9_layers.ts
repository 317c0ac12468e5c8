import { BitReader } from "../bit_reader.ts";
import { readUint16 } from "../bytes.ts";
import type { RtpPacket } from "../packet.ts";
import type { LayerReader } from "./format.ts";
import { LayerCount } from "./layer_count.ts";
import { layersOf, type PacketLayers } from "./packet_layers.ts";
import { PictureCounter } from "./picture_counter.ts";
import { readPictureId } from "./vp8_layers.ts";

const MAX_SPATIAL_LAYERS = 8;
/** Reference indices of a picture in the flexible mode (section 4.2). */
const MAX_REFERENCES = 3;
const SYNC_CODE = 0x498342;
const SRGB = 7;

/** Spatial and temporal layers of VP9, by the payload descriptor (RFC 9628 section 4.2). */
export class Vp9LayerReader implements LayerReader {
  readonly #spatial = new LayerCount();
  readonly #temporal = new LayerCount();
  readonly #counter = new PictureCounter();
  readonly #bits = new BitReader();
  readonly #widths = new Uint16Array(MAX_SPATIAL_LAYERS);
  readonly #heights = new Uint16Array(MAX_SPATIAL_LAYERS);
  /** What the newest scalability structure says; 0 before one. */
  #structured = 0;
  #stamp = -1;

  get spatialLayers(): number {
    return this.#structured > 0 ? this.#structured : this.#spatial.count;
  }

  get temporalLayers(): number {
    return this.#temporal.count;
  }

  widthOf(spatial: number): number {
    return spatial < this.spatialLayers ? this.#widths[spatial] : 0;
  }

  heightOf(spatial: number): number {
    return spatial < this.spatialLayers ? this.#heights[spatial] : 0;
  }

  read(packet: RtpPacket): void {
    const layers = layersOf(packet);
    const end = packet.headerLength + packet.payloadLength;
    const structure = readDescriptor(packet, layers);
    const hasStructure = packet.payloadLength > 0 && (packet.bytes[packet.headerLength] & 0x02) !== 0;
    const start = hasStructure ? endOfStructure(packet.bytes, structure, end) : structure;
    layers.usable = start < end;
    layers.newestBefore = this.#counter.newest;
    layers.picture = -1;
    layers.startsKeyPicture = layers.usable && layers.keyPicture && layers.startOfFrame;
    if (!layers.usable) return;
    if (layers.pictureIdBits > 0) this.#number(packet, layers);
    // A packet that is late, or from the cache, tells nothing new.
    if (layers.picture >= layers.newestBefore) this.#learn(packet, layers, hasStructure ? structure : -1, start, end);
    layers.spatialLayers = this.spatialLayers;
    layers.stamp = this.#stamp;
  }

  #number(packet: RtpPacket, layers: PacketLayers): void {
    layers.picture = this.#counter.count(packet, layers.pictureId, layers.pictureIdBits);
    if (layers.picture === this.#counter.newest) this.#stamp = (layers.pictureId << 13) | (layers.tl0 << 5);
  }

  #learn(packet: RtpPacket, layers: PacketLayers, structure: number, start: number, end: number): void {
    if (layers.startsKeyPicture) {
      this.#structured = 0;
      if (layers.picture !== layers.newestBefore) {
        this.#spatial.handleKeyFrame();
        this.#temporal.handleKeyFrame();
      }
      this.#readFrameSize(packet.bytes, start, end);
    }
    this.#spatial.handleLayer(layers.spatial);
    this.#temporal.handleLayer(layers.temporal);
    if (structure >= 0) this.#readStructure(packet.bytes, structure);
  }

  /** The sizes of the layers (section 4.2.1). */
  #readStructure(bytes: Uint8Array, offset: number): void {
    this.#structured = (bytes[offset] >> 5) + 1;
    if ((bytes[offset] & 0x10) === 0) return;
    for (let layer = 0; layer < this.#structured; layer++) {
      this.#widths[layer] = readUint16(bytes, offset + 1 + layer * 4);
      this.#heights[layer] = readUint16(bytes, offset + 3 + layer * 4);
    }
  }

  /** The size in the uncompressed header of a key frame (VP9 specification, section 6.2). */
  #readFrameSize(bytes: Uint8Array, start: number, end: number): void {
    const bits = this.#bits;
    bits.start(bytes, start, end);
    if (bits.bits(2) !== 2) return;
    const profile = bits.bits(1) | (bits.bits(1) << 1);
    // A reserved bit of profile 3; show_existing_frame; frame_type: 0 for a key frame.
    if ((profile === 3 && bits.flag()) || bits.flag() || bits.flag()) return;
    // show_frame and error_resilient_mode.
    bits.bits(2);
    if (bits.bits(24) !== SYNC_CODE) return;
    this.#skipColors(profile);
    const width = bits.bits(16) + 1;
    const height = bits.bits(16) + 1;
    if (bits.overrun) return;
    this.#widths[0] = width;
    this.#heights[0] = height;
  }

  /** color_config (section 6.2.2). */
  #skipColors(profile: number): void {
    const bits = this.#bits;
    const hasSubsampling = profile === 1 || profile === 3;
    if (profile >= 2) bits.bits(1);
    if (bits.bits(3) !== SRGB) bits.bits(hasSubsampling ? 4 : 1);
    else if (hasSubsampling) bits.bits(1);
  }
}

/**
 * Reads the payload descriptor up to the scalability structure and returns where that begins, or the frame behind it: at the
 * end of the payload or beyond where the descriptor is cut short, whatever the bytes behind it are.
 */
function readDescriptor(packet: RtpPacket, layers: PacketLayers): number {
  const { bytes, headerLength } = packet;
  if (packet.payloadLength === 0) return headerLength;
  const flags = bytes[headerLength];
  const isInterPicture = (flags & 0x40) !== 0;
  const isFlexible = (flags & 0x10) !== 0;
  layers.startOfFrame = (flags & 0x08) !== 0;
  layers.endOfFrame = (flags & 0x04) !== 0;
  layers.notNeededAbove = (flags & 0x01) !== 0;
  let position = readPictureId(bytes, headerLength + 1, (flags & 0x80) !== 0, layers);
  const hasLayers = (flags & 0x20) !== 0;
  const indices = hasLayers ? bytes[position++] | 0 : 0;
  layers.temporal = indices >> 5;
  layers.switchingPoint = (indices & 0x10) !== 0;
  layers.spatial = (indices >> 1) & 0x07;
  // The upper layers of a key picture have P clear as well, but so may have one that only begins in another picture.
  layers.keyPicture = !isInterPicture && layers.spatial === 0;
  const hasTl0 = hasLayers && !isFlexible;
  layers.tl0Offset = hasTl0 ? position : 0;
  layers.tl0 = hasTl0 ? bytes[position++] | 0 : 0;
  if (!isFlexible || !isInterPicture) return position;
  // Each reference says by its last bit whether there is another one.
  let references = 1;
  while (references < MAX_REFERENCES && (bytes[position + references - 1] & 0x01) !== 0) references++;
  return position + references;
}

/** Where the scalability structure at `offset` ends (section 4.2.1); `end` at least where it is cut short. */
function endOfStructure(bytes: Uint8Array, offset: number, end: number): number {
  if (offset >= end) return end;
  const flags = bytes[offset];
  let position = offset + 1;
  if ((flags & 0x10) !== 0) position += ((flags >> 5) + 1) * 4;
  if ((flags & 0x08) === 0) return position;
  if (position >= end) return end;
  const pictures = bytes[position++];
  for (let i = 0; i < pictures; i++) {
    if (position >= end) return end;
    position += 1 + ((bytes[position] >> 2) & 0x03);
  }
  return position;
}
