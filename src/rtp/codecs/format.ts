import type { RtpPacket } from "../packet.ts";

/** What the engine must know of a codec's RTP payload; one implementation for each codec. */
export interface CodecFormat {
  /**
   * Whether the payload `bytes[offset, offset + length)` is the first one of a key frame, so that a decoder can start
   * with it. False where the payload is malformed.
   */
  isKeyFrameStart(bytes: Uint8Array, offset: number, length: number): boolean;
  /**
   * A reader of the layers of one source, which is one SSRC; undefined for a codec that has none. `descriptorId` is the id
   * of the dependency descriptor on the publisher's m-line, 0 where it was not negotiated.
   */
  readonly layerReader?: (descriptorId: number) => LayerReader;
}

/** Reads what the packets of one source say of layers, each once for all subscribers. Allocates nothing once it runs. */
export interface LayerReader {
  /** Layers that were seen since the last key frame, 1 at least. */
  readonly spatialLayers: number;
  readonly temporalLayers: number;
  /** Reads into `packet.layers`, which is made with the packet's first reading. Late packets, and those from a cache, too. */
  read(packet: RtpPacket): void;
  /** Pixels of a spatial layer, from the last key frame on; 0 where it is not known. */
  widthOf(spatial: number): number;
  heightOf(spatial: number): number;
}
