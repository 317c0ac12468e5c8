/** Bounds of the dependency descriptor (AV1 RTP payload format, appendix A.8.1). */
export const MAX_DECODE_TARGETS = 32;
export const MAX_TEMPLATES = 64;

/** One kind of frame. */
export interface FrameTemplate {
  readonly spatial: number;
  readonly temporal: number;
  /** Bits: 1 << n for each decode target that the frame is a part of, and for each to which a decoder can switch at it. */
  readonly present: number;
  readonly switches: number;
  readonly frameDiffs: Uint16Array;
  /** One for each chain. */
  readonly chainDiffs: Uint8Array;
}

/** What a key frame's dependency descriptor says of all frames that follow (template_dependency_structure, A.8.2). */
export interface DependencyStructure {
  /** The id of the first template, 6 bits. */
  readonly templateIdOffset: number;
  readonly templates: readonly FrameTemplate[];
  readonly decodeTargets: number;
  readonly chains: number;
  /** The chain that protects each decode target; empty without chains. */
  readonly protectedBy: Uint8Array;
  /** The highest spatial and temporal layer of each decode target. */
  readonly spatialOf: Uint8Array;
  readonly temporalOf: Uint8Array;
  /** Bits for each decode target: those of which every frame is a part of it as well. */
  readonly within: Int32Array;
  /** Of each spatial layer; empty where it is not told. */
  readonly widths: Uint16Array;
  readonly heights: Uint16Array;
}
