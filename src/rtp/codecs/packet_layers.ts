import type { DependencyStructure } from "./dependency_structure.ts";

/**
 * What one packet says of the layers of its stream. It is read once for each packet, by the `LayerReader` of its source,
 * into `RtpPacket.layers`, and looked at by all who forward the packet.
 *
 * A picture is what has one timestamp; a frame is one spatial layer of it. Offsets count from the start of the packet; 0
 * means that there is no such field.
 */
export class PacketLayers {
  /** False where the payload, or its dependency descriptor, is cut short or cannot be understood. */
  usable = false;
  /** SID and TID, 0 where there are none. */
  spatial = 0;
  temporal = 0;
  /**
   * The picture (VP8, VP9) or frame (dependency descriptor) of the packet, counted over all wraps of the number that it
   * has on the wire; -1 where the packet has no number: then nothing of its source can be left out or is to be rewritten.
   */
  picture = -1;
  /** The newest `picture` that was read of the source before this packet; -1 before the first. */
  newestBefore = -1;
  /** The first packet of a key picture, as `CodecFormat.isKeyFrameStart` says. */
  startsKeyPicture = false;
  /** The packet is known to be of a key picture: that one is, and with VP9 each of its lowest spatial layer. */
  keyPicture = false;
  /** Spatial layers that the source has, as `LayerReader.spatialLayers` was at this packet. */
  spatialLayers = 1;
  /** VP8: Y. VP9: U. A decoder that was not sent the upper temporal layers can be sent them from here on. */
  switchingPoint = false;
  /** The first and the last packet of a frame, so of one spatial layer of its picture. */
  startOfFrame = false;
  endOfFrame = false;
  /** VP9, Z: no frame of an upper spatial layer is predicted from this one. */
  notNeededAbove = false;
  /** The numbers of the newest picture read so far, packed by the reader: from here another source goes on. */
  stamp = -1;

  // Where the numbers are that are rewritten.
  /** Of the picture ID, as it is on the wire: 7 or 15 bits. */
  pictureIdOffset = 0;
  pictureIdBits = 0;
  pictureId = 0;
  tl0Offset = 0;
  tl0 = 0;
  keyIndexOffset = 0;
  keyIndex = 0;

  // Of a dependency descriptor.
  /** Where its data begins. */
  descriptorOffset = 0;
  /** Bits: 1 << n for decode target n of which the frame is a part. As signed numbers. */
  present = 0;
  /** Those to which a decoder can switch at this frame. */
  switches = 0;
  /** Those that the encoder still makes. */
  active = 0;
  /** Whether the descriptor brings the structure, as at a key frame. */
  attachesStructure = false;
  /** What the descriptor refers to. */
  structure: DependencyStructure | undefined = undefined;
  /** How many frames before this one those are that it is predicted from, 0 for none: `frameDiffs[0, frameDiffCount)`. */
  frameDiffs: Uint16Array = NONE_16;
  frameDiffCount = 0;
  /** How many frames before this one the last one of each chain was; 0 where a chain begins anew. */
  chainDiffs: Uint8Array = NONE_8;
  /** Where those are that are the frame's own and not its template's; made by the first such frame. */
  ownFrameDiffs: Uint16Array | undefined = undefined;
  ownChainDiffs: Uint8Array | undefined = undefined;
}

const NONE_8 = new Uint8Array(0);
const NONE_16 = new Uint16Array(0);

/** Of a packet that no reader has read; not to be written to. */
export const NO_LAYERS = new PacketLayers();

/** The packet's own, made with its first reading. */
export function layersOf(packet: { layers: PacketLayers }): PacketLayers {
  if (packet.layers === NO_LAYERS) packet.layers = new PacketLayers();
  return packet.layers;
}
