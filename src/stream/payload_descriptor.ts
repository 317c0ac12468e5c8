import { writeUint16 } from "../rtp/bytes.ts";
import type { DependencyStructure } from "../rtp/codecs/dependency_structure.ts";
import type { PacketLayers } from "../rtp/codecs/packet_layers.ts";
import type { RtpPacket } from "../rtp/packet.ts";
import { LayerForwarder } from "./layer_forwarder.ts";
import { LEFT_OUT, MISSING } from "./picture_map.ts";

/** A frame that is missing is waited for while no more came behind it: by then it was asked for and given up. */
export const MAX_MISSING_FRAMES = 64;
const MAX_CHAINS = 32;
/** In place of a decode target: none can be decoded; all can, as everything was forwarded so far. */
const NO_TARGET = -1;
const ALL_TARGETS = -2;
/** Of these as a level the low bits are kept; those of decode targets are below. */
const LEVEL_MASK = 0x3f;
const ALL_TARGETS_LEVEL = ALL_TARGETS & LEVEL_MASK;
const MAX_TARGETS = 32;
/** What of a descriptor is rewritten: the mandatory fields, and with a structure its template_id_offset behind five flags. */
const MANDATORY_LENGTH = 3;
const REWRITTEN_LENGTH = 5;

/**
 * Layers of a codec with a dependency descriptor (AV1 RTP payload format, appendix A), as decode targets: frames are left
 * out that are no part of the target. A target is held as long as its chain is whole. Another one is gone to with a new
 * picture: where all its frames were forwarded so far, or at a frame that is a switch to it and depends on nothing that was
 * left out. Frame numbers keep their gaps, because dependencies are counted by them.
 */
export class DescriptorForwarder extends LayerForwarder {
  #structure: DependencyStructure | undefined;
  #target = ALL_TARGETS;
  /** Bits: 1 << n for each chain of which a frame was left out, or never came. */
  #broken = 0;
  /** Of each chain: the frame that is missing and waited for; 0 for none. */
  readonly #missing = new Int32Array(MAX_CHAINS);
  /** Of the newest picture, as a signed number. */
  #timestamp = 0;
  readonly #before = new Uint8Array(REWRITTEN_LENGTH);

  constructor() {
    super(false);
  }

  override select(packet: RtpPacket): boolean {
    const isSelected = super.select(packet);
    // The structure was lost: without a new one nothing goes on.
    if (!isSelected && !packet.layers.usable && packet.payloadLength > 0) this.needsKeyFrame = true;
    return isSelected;
  }

  override changeHeader({ bytes, layers }: RtpPacket): void {
    const offset = layers.descriptorOffset;
    for (let i = 0; i < REWRITTEN_LENGTH; i++) this.#before[i] = bytes[offset + i];
    bytes[offset] = (bytes[offset] & 0xc0) | ((bytes[offset] + this.shift) & 0x3f);
    writeUint16(bytes, offset + 1, this.outgoing);
    if (!layers.attachesStructure || layers.structure === undefined) return;
    const first = (layers.structure.templateIdOffset + this.shift) & 0x3f;
    bytes[offset + 3] = (bytes[offset + 3] & 0xf8) | (first >> 3);
    bytes[offset + 4] = (bytes[offset + 4] & 0x1f) | ((first & 0x07) << 5);
  }

  override changePayload(packet: RtpPacket): number {
    return packet.headerLength;
  }

  override restore({ bytes, layers }: RtpPacket): void {
    const length = layers.attachesStructure ? REWRITTEN_LENGTH : MANDATORY_LENGTH;
    for (let i = 0; i < length; i++) bytes[layers.descriptorOffset + i] = this.#before[i];
  }

  protected override numberOf(stamp: number): number {
    return stamp >> 6;
  }

  /** Template ids go on behind those of the source before: who has lost the new structure is not to use the old one. */
  protected override shiftBehind(stamp: number, shift: number, { structure }: PacketLayers): number {
    return structure === undefined ? 0 : ((stamp & 0x3f) + shift - structure.templateIdOffset) & 0x3f;
  }

  protected override decide(layers: PacketLayers, packet: RtpPacket): boolean {
    const { structure } = layers;
    if (structure === undefined) return false;
    const isNewPicture = this.#beginsPicture(layers, packet);
    const wanted = this.#wantedTarget(layers, structure);
    if (structure !== this.#structure || layers.keyPicture) this.#beginSequence(layers, structure, wanted);
    this.#followChains(layers, packet);
    const isWhole = this.#isWhole(layers, packet);
    if (isNewPicture && !layers.keyPicture) this.#target = this.#reachableTarget(layers, structure, wanted, isWhole);
    const target = this.#target;
    if (target === ALL_TARGETS) return true;
    this.spatial = target < 0 ? 0 : structure.spatialOf[target];
    this.temporal = target < 0 ? 0 : structure.temporalOf[target];
    this.needsKeyFrame = target < 0 || structure.spatialOf[wanted] !== this.spatial;
    return target >= 0 && isWhole && !this.#isBroken(structure, target) && (layers.present & (1 << target)) !== 0;
  }

  protected override level(): number {
    return this.#target & LEVEL_MASK;
  }

  protected override decideLate(layers: PacketLayers, level: number): boolean {
    if (level === ALL_TARGETS_LEVEL) return true;
    return level < MAX_TARGETS && (layers.present & (1 << level)) !== 0;
  }

  protected override includes(): boolean {
    return true;
  }

  protected override markerOf({ marker, layers }: RtpPacket, level: number): boolean {
    if (level >= MAX_TARGETS) return marker;
    return marker || (layers.endOfFrame && layers.spatial === layers.structure?.spatialOf[level]);
  }

  protected override mustChange(layers: PacketLayers): boolean {
    return this.shift !== 0 || this.outgoing !== layers.pictureId;
  }

  /** Targets change with the first frame of a picture: else its end would have no marker, or two. */
  #beginsPicture({ spatial }: PacketLayers, packet: RtpPacket): boolean {
    const timestamp = packet.timestamp | 0;
    const isNew = this.#structure === undefined ? spatial === 0 : timestamp !== this.#timestamp;
    this.#timestamp = timestamp;
    return isNew;
  }

  /** Nothing from before is needed any more: all begins anew, or waits for that where the key frame was lost. */
  #beginSequence(layers: PacketLayers, structure: DependencyStructure, wanted: number): void {
    if (layers.keyPicture) this.#target = wanted;
    else if (this.#structure !== undefined) this.#target = NO_TARGET;
    this.#structure = structure;
    this.#broken = 0;
    this.#missing.fill(0);
  }

  /** The best one that is asked for; the least one where even that is more. */
  #wantedTarget({ active }: PacketLayers, structure: DependencyStructure): number {
    let best = NO_TARGET;
    let least = 0;
    for (let target = 0; target < structure.decodeTargets; target++) {
      if ((active & (1 << target)) === 0) continue;
      if (this.#isAsked(structure, target) && (best < 0 || isAbove(structure, target, best))) best = target;
      if ((active & (1 << least)) === 0 || isAbove(structure, least, target)) least = target;
    }
    return best < 0 ? least : best;
  }

  /** The best one that can be gone to, or stayed in, with this frame; NO_TARGET where there is none. */
  #reachableTarget(layers: PacketLayers, structure: DependencyStructure, wanted: number, isWhole: boolean): number {
    const present = this.#target;
    const held = present === ALL_TARGETS ? -1 : present < 0 ? 0 : structure.within[present];
    const switches = isWhole ? layers.switches : 0;
    let best = NO_TARGET;
    for (let target = 0; target < structure.decodeTargets; target++) {
      const bit = 1 << target;
      if ((layers.active & bit) === 0 || ((held | switches) & bit) === 0) continue;
      // More than is asked for is only held until there is a way down.
      if ((held & bit) === 0 && target !== wanted && !this.#isAsked(structure, target)) continue;
      if (this.#isBroken(structure, target)) continue;
      if (best < 0 || this.#isBetter(structure, target, best)) best = target;
    }
    return best;
  }

  /** Of two that are asked for the higher one, of two that are not the lower one. */
  #isBetter(structure: DependencyStructure, target: number, than: number): boolean {
    const isAsked = this.#isAsked(structure, target);
    if (isAsked !== this.#isAsked(structure, than)) return isAsked;
    return isAsked ? isAbove(structure, target, than) : isAbove(structure, than, target);
  }

  #isAsked({ spatialOf, temporalOf }: DependencyStructure, target: number): boolean {
    return spatialOf[target] <= this.targetSpatial && temporalOf[target] <= this.targetTemporal;
  }

  #isBroken({ chains, protectedBy }: DependencyStructure, target: number): boolean {
    return chains > 0 && (this.#broken & (1 << protectedBy[target])) !== 0;
  }

  /** Takes note of chains of which the frame before this one was left out, or has been missing for too long. */
  #followChains({ structure, chainDiffs, picture }: PacketLayers, packet: RtpPacket): void {
    const chains = structure?.chains ?? 0;
    for (let chain = 0; chain < chains; chain++) {
      const diff = chainDiffs[chain];
      if (diff === 0) {
        this.#broken &= ~(1 << chain);
        this.#missing[chain] = 0;
        continue;
      }
      if (this.#missing[chain] === 0) this.#missing[chain] = picture - diff;
      const fate = this.fateOf(packet, this.#missing[chain]);
      if (fate === MISSING && picture - this.#missing[chain] <= MAX_MISSING_FRAMES) continue;
      if (fate === LEFT_OUT || fate === MISSING) this.#broken |= 1 << chain;
      this.#missing[chain] = 0;
    }
  }

  /** Whether all that the frame depends on was forwarded, or may still come. */
  #isWhole({ frameDiffs, frameDiffCount, picture }: PacketLayers, packet: RtpPacket): boolean {
    for (let i = 0; i < frameDiffCount; i++) {
      const fate = this.fateOf(packet, picture - frameDiffs[i]);
      if (fate === LEFT_OUT || (fate === MISSING && frameDiffs[i] > MAX_MISSING_FRAMES)) return false;
    }
    return true;
  }
}

function isAbove({ spatialOf, temporalOf }: DependencyStructure, target: number, other: number): boolean {
  if (spatialOf[target] !== spatialOf[other]) return spatialOf[target] > spatialOf[other];
  return temporalOf[target] > temporalOf[other];
}
