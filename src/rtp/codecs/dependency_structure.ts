import type { BitReader } from "../bit_reader.ts";

/** Templates that a structure may have: their ids have 6 bits. */
const MAX_TEMPLATES = 64;
/** next_layer_idc (AV1 RTP payload format, appendix A.8.3). */
const NEXT_TEMPORAL_LAYER = 1;
const NEXT_SPATIAL_LAYER = 2;
const NO_MORE_TEMPLATES = 3;
/** Decode target indication: a decoder can switch to the target at the frame; 0 is not present. */
const SWITCH = 2;

/** One kind of frame. */
export interface FrameTemplate {
  readonly spatial: number;
  readonly temporal: number;
  /** Bits: 1 << n for each decode target that the frame is a part of, and for each to which a decoder can switch at it. */
  present: number;
  switches: number;
  frameDiffs: Uint16Array;
  /** One for each chain. */
  chainDiffs: Uint8Array;
}

/** What a key frame's dependency descriptor says of all frames that follow (template_dependency_structure, A.8.2). */
export interface DependencyStructure {
  /** The id of the first template, 6 bits. */
  readonly templateIdOffset: number;
  readonly templates: readonly FrameTemplate[];
  readonly decodeTargets: number;
  readonly chains: number;
  /** The chain that protects each decode target; of no meaning without chains. */
  readonly protectedBy: Uint8Array;
  /** The highest spatial and temporal layer of each decode target. */
  readonly spatialOf: Uint8Array;
  readonly temporalOf: Uint8Array;
  /** Of each decode target: bits for those of which every frame is a part of it as well. */
  readonly within: Int32Array;
  /** Of each spatial layer; empty where it is not told. */
  readonly widths: Uint16Array;
  readonly heights: Uint16Array;
}

/** Reads a structure. Undefined where it is malformed; where it is cut short the reader is overrun as well. */
export function readDependencyStructure(bits: BitReader): DependencyStructure | undefined {
  const templateIdOffset = bits.bits(6);
  const decodeTargets = bits.bits(5) + 1;
  const templates = readTemplateLayers(bits);
  if (templates === undefined) return undefined;
  for (const template of templates) readIndications(bits, decodeTargets, template);
  for (const template of templates) template.frameDiffs = readFrameDiffs(bits);
  const chains = bits.nonSymmetric(decodeTargets + 1);
  const protectedBy = new Uint8Array(decodeTargets);
  if (chains > 0) {
    for (let target = 0; target < decodeTargets; target++) protectedBy[target] = bits.nonSymmetric(chains);
    for (const template of templates) template.chainDiffs = Uint8Array.from({ length: chains }, () => bits.bits(4));
  }
  const sizes = bits.flag() ? templates[templates.length - 1].spatial + 1 : 0;
  const widths = new Uint16Array(sizes);
  const heights = new Uint16Array(sizes);
  for (let layer = 0; layer < sizes; layer++) {
    widths[layer] = bits.bits(16) + 1;
    heights[layer] = bits.bits(16) + 1;
  }
  if (bits.overrun) return undefined;
  const targets = layersOfTargets(templates, decodeTargets);
  return { templateIdOffset, templates, decodeTargets, chains, protectedBy, widths, heights, ...targets };
}

function readTemplateLayers(bits: BitReader): FrameTemplate[] | undefined {
  const templates: FrameTemplate[] = [];
  let spatial = 0;
  let temporal = 0;
  for (let next = 0; next !== NO_MORE_TEMPLATES; next = bits.bits(2)) {
    if (next === NEXT_TEMPORAL_LAYER) temporal++;
    if (next === NEXT_SPATIAL_LAYER) {
      temporal = 0;
      spatial++;
    }
    if (templates.length === MAX_TEMPLATES || bits.overrun) return undefined;
    if (spatial > 3 || temporal > 7) return undefined;
    const none = { present: 0, switches: 0, frameDiffs: new Uint16Array(0), chainDiffs: new Uint8Array(0) };
    templates.push({ spatial, temporal, ...none });
  }
  return templates;
}

/** Reads one indication for each decode target; the bits of one after the other. */
export function readIndications(
  bits: BitReader,
  decodeTargets: number,
  into: { present: number; switches: number },
): void {
  into.present = 0;
  into.switches = 0;
  for (let target = 0; target < decodeTargets; target++) {
    const indication = bits.bits(2);
    if (indication !== 0) into.present |= 1 << target;
    if (indication === SWITCH) into.switches |= 1 << target;
  }
}

function readFrameDiffs(bits: BitReader): Uint16Array {
  const diffs: number[] = [];
  while (bits.flag()) diffs.push(bits.bits(4) + 1);
  return Uint16Array.from(diffs);
}

function layersOfTargets(templates: readonly FrameTemplate[], decodeTargets: number) {
  const spatialOf = new Uint8Array(decodeTargets);
  const temporalOf = new Uint8Array(decodeTargets);
  const within = new Int32Array(decodeTargets).fill(-1);
  for (let target = 0; target < decodeTargets; target++) {
    for (const { spatial, temporal, present } of templates) {
      if ((present & (1 << target)) !== 0) {
        spatialOf[target] = Math.max(spatialOf[target], spatial);
        temporalOf[target] = Math.max(temporalOf[target], temporal);
      } // A frame that this one lacks: all that have it are not within it.
      else within[target] &= ~present;
    }
  }
  return { spatialOf, temporalOf, within };
}
