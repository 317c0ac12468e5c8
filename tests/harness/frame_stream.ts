import { writeUint16, writeUint32 } from "../../src/rtp/bytes.ts";
import { FIXED_HEADER_LENGTH } from "../../src/rtp/packet.ts";

/** How the packets of a stream make frames, its frames layers, and its layers pictures. */
export interface StreamShape {
  /** Of each layer of each picture. */
  readonly packetsPerFrame: number;
  readonly spatialLayers: number;
  /** 1 to 3, as in L1T1 to L1T3. */
  readonly temporalLayers: number;
  /** Whether upper spatial layers need the ones below in every picture (SVC), in key pictures alone (K-SVC), or never. */
  readonly interLayer: "every picture" | "key pictures" | "never";
}

/** Pictures from one key picture to the next; a whole number of temporal periods. */
const KEY_PICTURE_INTERVAL = 4000;
/** The temporal layer of each picture of a period, by the number of layers. */
const TEMPORAL_LAYERS: readonly (readonly number[])[] = [[], [0], [0, 1], [0, 2, 1, 2]];

/** Where in a stream of that shape a packet is. All of it follows from its index; `seek` says which one. */
export class PacketPosition {
  index = 0;
  /** The picture: what has one timestamp. */
  picture = 0;
  /** The frame, which is one layer of a picture, counted over all layers. */
  frame = 0;
  spatialLayer = 0;
  temporalLayer = 0;
  /** Pictures of temporal layer 0 before the next one; the first is number 0. */
  basePicture = 0;
  keyPicture = false;
  /** Key pictures before this picture, itself included. */
  keyPictures = 0;
  startOfFrame = false;
  endOfFrame = false;
  endOfPicture = false;
  readonly shape: StreamShape;
  readonly #period: readonly number[];

  constructor(shape: StreamShape) {
    this.shape = shape;
    this.#period = TEMPORAL_LAYERS[shape.temporalLayers];
  }

  seek(index: number): void {
    const { packetsPerFrame, spatialLayers } = this.shape;
    const part = index % packetsPerFrame;
    this.index = index;
    this.frame = (index - part) / packetsPerFrame;
    this.spatialLayer = this.frame % spatialLayers;
    this.picture = (this.frame - this.spatialLayer) / spatialLayers;
    this.temporalLayer = this.#period[this.picture % this.#period.length];
    this.basePicture = Math.floor(this.picture / this.#period.length);
    this.keyPicture = this.picture % KEY_PICTURE_INTERVAL === 0;
    this.keyPictures = Math.floor(this.picture / KEY_PICTURE_INTERVAL) + 1;
    this.startOfFrame = part === 0;
    this.endOfFrame = part === packetsPerFrame - 1;
    this.endOfPicture = this.endOfFrame && this.spatialLayer === spatialLayers - 1;
  }
}

/** How a codec says what a packet is. Both write at `out[offset]` and return where they have ended. */
export interface FrameFormat {
  readonly mimeType: string;
  /** The payload descriptor, and the first bytes of the frame where the packet begins one. */
  writePayload(position: PacketPosition, out: Uint8Array, offset: number): number;
  /** The data of the dependency descriptor; undefined for a codec without one. */
  readonly writeDescriptor?: (position: PacketPosition, out: Uint8Array, offset: number) => number;
}

/** What is the same for all packets of a stream. */
export interface StreamFields {
  readonly ssrc: number;
  readonly payloadType: number;
  readonly firstSequenceNumber: number;
  readonly firstTimestamp: number;
  /** The id of the dependency descriptor; 0 for none. */
  readonly descriptorId: number;
}

/** Hz. */
export const VIDEO_CLOCK_RATE = 90_000;
/** 30 pictures a second. */
export const PICTURE_TICKS = 3000;
/** No packet is longer. */
export const MAX_GENERATED_LENGTH = 128;
/** Four bytes in place of the encoder's, and the packet's index: no two payloads are alike. */
const TAG_LENGTH = 8;
/** A structure is too long for the one-byte form (RFC 8285 section 4.3). */
const TWO_BYTE_PROFILE = 0x1000;

/** A stream that is told by arithmetic: any packet can be written, and written again, from its index alone. */
export class FrameStream {
  readonly format: FrameFormat;
  readonly fields: StreamFields;
  readonly position: PacketPosition;

  constructor(format: FrameFormat, shape: StreamShape, fields: StreamFields) {
    this.format = format;
    this.fields = fields;
    this.position = new PacketPosition(shape);
  }

  /** Writes packet `index` at `out[0]` and returns its length. */
  write(index: number, out: Uint8Array): number {
    const { ssrc, payloadType, firstSequenceNumber, firstTimestamp, descriptorId } = this.fields;
    this.position.seek(index);
    out[0] = descriptorId === 0 ? 0x80 : 0x90;
    out[1] = (this.position.endOfPicture ? 0x80 : 0) | payloadType;
    writeUint16(out, 2, (firstSequenceNumber + index) & 0xffff);
    writeUint32(out, 4, (firstTimestamp + this.position.picture * PICTURE_TICKS) >>> 0);
    writeUint32(out, 8, ssrc);
    const header = descriptorId === 0 ? FIXED_HEADER_LENGTH : this.#writeExtension(out, descriptorId);
    return this.writePayload(index, out, header);
  }

  /** Writes the payload of packet `index` at `out[offset]` and returns where it ends: its last four bytes are the index. */
  writePayload(index: number, out: Uint8Array, offset: number): number {
    this.position.seek(index);
    const data = this.format.writePayload(this.position, out, offset);
    writeUint32(out, data, Math.imul(index, 0x9e3779b1));
    writeUint32(out, data + 4, index);
    return data + TAG_LENGTH;
  }

  #writeExtension(out: Uint8Array, descriptorId: number): number {
    const start = FIXED_HEADER_LENGTH + 4;
    let end = this.format.writeDescriptor?.(this.position, out, start + 2) ?? start + 2;
    out[start] = descriptorId;
    out[start + 1] = end - start - 2;
    while ((end - start) % 4 !== 0) out[end++] = 0;
    writeUint16(out, FIXED_HEADER_LENGTH, TWO_BYTE_PROFILE);
    writeUint16(out, FIXED_HEADER_LENGTH + 2, (end - start) / 4);
    return end;
  }
}
