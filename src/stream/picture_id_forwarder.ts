import type { PacketLayers } from "../rtp/codecs/packet_layers.ts";
import type { RtpPacket } from "../rtp/packet.ts";
import { LayerForwarder } from "./layer_forwarder.ts";
import { PictureIdWriter } from "./picture_id_writer.ts";

/**
 * What the numbers of VP8 and VP9 have alike: the picture ID, and TL0PICIDX and KEYIDX where a packet has them, which move
 * at a switch of sources alone, as the base layer is never left out.
 */
export abstract class PictureIdForwarder extends LayerForwarder {
  readonly #writer = new PictureIdWriter();

  override changeHeader(): void {}

  override changePayload(packet: RtpPacket): number {
    const { bytes, layers } = packet;
    if (layers.tl0Offset > 0) bytes[layers.tl0Offset] = layers.tl0 + tl0Of(this.shift);
    if (layers.keyIndexOffset > 0) {
      const keyIndex = (layers.keyIndex + keyIndexOf(this.shift)) & 0x1f;
      bytes[layers.keyIndexOffset] = (bytes[layers.keyIndexOffset] & 0xe0) | keyIndex;
    }
    return this.#writer.write(packet, this.outgoing);
  }

  override restore(packet: RtpPacket): void {
    const { bytes, layers } = packet;
    this.#writer.restore(packet);
    if (layers.tl0Offset > 0) bytes[layers.tl0Offset] = layers.tl0;
    if (layers.keyIndexOffset > 0) {
      bytes[layers.keyIndexOffset] = (bytes[layers.keyIndexOffset] & 0xe0) | layers.keyIndex;
    }
  }

  protected override numberOf(stamp: number): number {
    return stamp >> 13;
  }

  protected override shiftBehind(stamp: number, shift: number, { tl0, keyIndex }: PacketLayers): number {
    const newestTl0 = ((stamp >> 5) & 0xff) + tl0Of(shift);
    const newestKeyIndex = (stamp & 0x1f) + keyIndexOf(shift);
    return (((newestTl0 + 1 - tl0) & 0xff) << 5) | ((newestKeyIndex + 1 - keyIndex) & 0x1f);
  }

  protected override mustChange(layers: PacketLayers): boolean {
    return this.shift !== 0 || layers.pictureIdBits === 7 || (this.outgoing & 0x7fff) !== layers.pictureId;
  }
}

function tl0Of(shift: number): number {
  return shift >> 5;
}

function keyIndexOf(shift: number): number {
  return shift & 0x1f;
}
