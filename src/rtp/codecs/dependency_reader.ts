import { BitReader } from "../bit_reader.ts";
import { readUint16 } from "../bytes.ts";
import { elementLength, findExtension } from "../header_extension.ts";
import type { RtpPacket } from "../packet.ts";
import { type DependencyStructure, readDependencyStructure, readIndications } from "./dependency_structure.ts";
import type { CodecFormat, LayerReader } from "./format.ts";
import { layersOf, type PacketLayers } from "./packet_layers.ts";
import type { PictureSize } from "./picture_size.ts";
import { PictureCounter } from "./picture_counter.ts";

/** Bytes of the mandatory fields. */
const MANDATORY_LENGTH = 3;
/** References of one frame: more than AV1 has. */
const MAX_FRAME_DIFFS = 16;
const MAX_CHAINS = 32;
const MAX_DESCRIPTOR_LENGTH = 256;

/** What a codec with a dependency descriptor tells by its payload alone. */
export interface DescribedFormat extends CodecFormat {
  /** Reads the size in the first packet of a key frame; leaves it as it is where there is none. */
  readSize(bytes: Uint8Array, offset: number, length: number, into: PictureSize): void;
  /** Reads the layers of a packet without a descriptor, where the payload has any. */
  readonly readLayers?: (bytes: Uint8Array, offset: number, length: number, layers: PacketLayers) => void;
}

/**
 * Layers by the dependency descriptor (AV1 RTP payload format, appendix A). A structure is kept from its key frame on, and
 * the one before it for what comes late. A packet without a descriptor has no layers; one whose structure never came is of
 * no use.
 */
export class DependencyReader implements LayerReader {
  readonly #format: DescribedFormat;
  readonly #descriptorId: number;
  readonly #counter = new PictureCounter();
  readonly #bits = new BitReader();
  readonly #size: PictureSize = { width: 0, height: 0 };
  #structure: DependencyStructure | undefined;
  /** The frame that brought it. */
  #structureFrom = 0;
  /** Its bytes. */
  readonly #structureBytes = new Uint8Array(MAX_DESCRIPTOR_LENGTH);
  #structureBits = 0;
  #structureBefore: DependencyStructure | undefined;
  #structureBeforeFrom = 0;
  /** Bits for the decode targets that the encoder makes, and the frame that said so. */
  #active = 0;
  #activeFrom = 0;
  /** The newest one. */
  #keyPicture = -1;
  #stamp = -1;

  constructor(format: DescribedFormat, descriptorId: number) {
    this.#format = format;
    this.#descriptorId = descriptorId;
  }

  get spatialLayers(): number {
    return this.#highest(this.#structure?.spatialOf) + 1;
  }

  get temporalLayers(): number {
    return this.#highest(this.#structure?.temporalOf) + 1;
  }

  widthOf(spatial: number): number {
    return this.#sizeOf(spatial, this.#structure?.widths, this.#size.width);
  }

  heightOf(spatial: number): number {
    return this.#sizeOf(spatial, this.#structure?.heights, this.#size.height);
  }

  read(packet: RtpPacket): void {
    const layers = layersOf(packet);
    const { bytes, headerLength, payloadLength } = packet;
    layers.newestBefore = this.#counter.newest;
    layers.picture = -1;
    layers.usable = payloadLength > 0;
    layers.startsKeyPicture = this.#format.isKeyFrameStart(bytes, headerLength, payloadLength);
    layers.keyPicture = layers.startsKeyPicture;
    const element = this.#descriptorId > 0 ? findExtension(packet, this.#descriptorId) : -1;
    if (element >= 0 && payloadLength > 0) this.#readDescriptor(packet, layers, element);
    else this.#readUndescribed(packet, layers);
    if (layers.startsKeyPicture && layers.picture >= this.#keyPicture) {
      this.#keyPicture = layers.picture;
      this.#format.readSize(bytes, headerLength, payloadLength, this.#size);
    }
    layers.spatialLayers = this.spatialLayers;
    layers.stamp = this.#stamp;
  }

  #readUndescribed(packet: RtpPacket, layers: PacketLayers): void {
    layers.spatial = 0;
    layers.temporal = 0;
    layers.startOfFrame = false;
    layers.endOfFrame = packet.marker;
    layers.descriptorOffset = 0;
    layers.attachesStructure = false;
    layers.structure = undefined;
    this.#format.readLayers?.(packet.bytes, packet.headerLength, packet.payloadLength, layers);
  }

  #readDescriptor(packet: RtpPacket, layers: PacketLayers, element: number): void {
    const length = elementLength(packet, element);
    const { bytes } = packet;
    layers.usable = false;
    layers.descriptorOffset = element;
    if (length < MANDATORY_LENGTH) return;
    layers.startOfFrame = (bytes[element] & 0x80) !== 0;
    layers.endOfFrame = (bytes[element] & 0x40) !== 0;
    layers.pictureId = readUint16(bytes, element + 1);
    layers.pictureIdBits = 16;
    this.#bits.start(bytes, element + MANDATORY_LENGTH, element + length);
    const frame = this.#counter.count(packet, layers.pictureId, layers.pictureIdBits);
    if (!this.#readFields(layers, frame, bytes[element] & 0x3f)) return;
    layers.usable = true;
    layers.picture = frame;
    const { structure } = layers;
    if (frame !== this.#counter.newest || structure === undefined) return;
    this.#stamp = (layers.pictureId << 6) | ((structure.templateIdOffset + structure.templates.length) & 0x3f);
  }

  /** Reads the extended fields, where there are any, and what the frame depends on. False where they are of no use. */
  #readFields(layers: PacketLayers, frame: number, templateId: number): boolean {
    const bits = this.#bits;
    const isExtended = bits.left > 0;
    layers.attachesStructure = isExtended && bits.flag();
    const hasActive = isExtended && bits.flag();
    const hasIndications = isExtended && bits.flag();
    const hasFrameDiffs = isExtended && bits.flag();
    const hasChains = isExtended && bits.flag();
    if (layers.attachesStructure && !this.#readStructure(frame)) return false;
    layers.keyPicture = layers.attachesStructure;
    const structure = this.#structureOf(frame);
    if (structure === undefined) return false;
    layers.structure = structure;
    if (hasActive) this.#setActive(frame, readBits32(bits, structure.decodeTargets));
    layers.active = this.#active;
    const template = structure.templates[(templateId - structure.templateIdOffset) & 0x3f];
    if (template === undefined) return false;
    layers.spatial = template.spatial;
    layers.temporal = template.temporal;
    layers.present = template.present;
    layers.switches = template.switches;
    if (hasIndications) readIndications(bits, structure.decodeTargets, layers);
    layers.frameDiffs = template.frameDiffs;
    layers.frameDiffCount = template.frameDiffs.length;
    if (hasFrameDiffs && !readFrameDiffs(bits, layers)) return false;
    layers.chainDiffs = template.chainDiffs;
    if (hasChains) readChains(bits, structure.chains, layers);
    return !bits.overrun;
  }

  /** One that is newer than the present one takes its place; a key frame whose first packet came late has one as well. */
  #readStructure(frame: number): boolean {
    const start = this.#bits.position;
    const structure = readDependencyStructure(this.#bits);
    if (structure === undefined) return false;
    if (this.#structure !== undefined && frame <= this.#structureFrom) return true;
    this.#setActive(frame, allTargets(structure.decodeTargets));
    if (this.#isSame(start)) return true;
    this.#structureBefore = this.#structure;
    this.#structureBeforeFrom = this.#structureFrom;
    this.#structure = structure;
    this.#structureFrom = frame;
    return true;
  }

  /**
   * Whether the structure that was read from `start` on is the present one: then the packets of a key frame whose first one
   * is late can be understood. Its bytes are taken note of.
   */
  #isSame(start: number): boolean {
    const length = this.#bits.position - start;
    let isSame = length === this.#structureBits;
    const end = this.#bits.position;
    this.#bits.position = start;
    for (let i = 0; this.#bits.position < end; i++) {
      const byte = this.#bits.bits(Math.min(8, end - this.#bits.position));
      isSame &&= byte === this.#structureBytes[i];
      this.#structureBytes[i] = byte;
    }
    this.#structureBits = length;
    return isSame;
  }

  #structureOf(frame: number): DependencyStructure | undefined {
    if (frame >= this.#structureFrom) return this.#structure;
    return frame >= this.#structureBeforeFrom ? this.#structureBefore : undefined;
  }

  #setActive(frame: number, active: number): void {
    if (frame < this.#activeFrom) return;
    this.#active = active;
    this.#activeFrom = frame;
  }

  /** The highest layer of the decode targets that are active. */
  #highest(layersOf: Uint8Array | undefined): number {
    let highest = 0;
    for (let target = 0; layersOf !== undefined && target < layersOf.length; target++) {
      if ((this.#active & (1 << target)) !== 0) highest = Math.max(highest, layersOf[target]);
    }
    return highest;
  }

  #sizeOf(spatial: number, told: Uint16Array | undefined, ofPicture: number): number {
    const { spatialLayers } = this;
    if (spatial >= spatialLayers) return 0;
    if (told !== undefined && told.length > 0) return told[spatial];
    // The size in the payload is that of the whole.
    return spatial === spatialLayers - 1 ? ofPicture : 0;
  }
}

function allTargets(count: number): number {
  return count === 32 ? -1 : (1 << count) - 1;
}

/** Up to 32 bits, the first one read as the lowest of a signed number (active_decode_targets_bitmask, A.8.3). */
function readBits32(bits: BitReader, count: number): number {
  return count > 31 ? (bits.bits(1) << 31) | bits.bits(31) : bits.bits(count);
}

function readFrameDiffs(bits: BitReader, layers: PacketLayers): boolean {
  const diffs = layers.ownFrameDiffs ??= new Uint16Array(MAX_FRAME_DIFFS);
  let count = 0;
  for (let size = bits.bits(2); size > 0; size = bits.bits(2)) {
    if (count === MAX_FRAME_DIFFS) return false;
    diffs[count++] = bits.bits(size * 4) + 1;
  }
  layers.frameDiffs = diffs;
  layers.frameDiffCount = count;
  return true;
}

function readChains(bits: BitReader, chains: number, layers: PacketLayers): void {
  const diffs = layers.ownChainDiffs ??= new Uint8Array(MAX_CHAINS);
  for (let chain = 0; chain < chains; chain++) diffs[chain] = bits.bits(8);
  layers.chainDiffs = diffs;
}
