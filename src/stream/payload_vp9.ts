import type { PacketLayers } from "../rtp/codecs/packet_layers.ts";
import type { RtpPacket } from "../rtp/packet.ts";
import { ALL_LAYERS } from "./layer_forwarder.ts";
import { PictureIdForwarder } from "./picture_id_forwarder.ts";

/**
 * Spatial and temporal layers of VP9 (RFC 9628 section 4.2). Picture IDs keep their gaps: references (P_DIFF) and the place
 * in a group of pictures are counted by them.
 */
export class Vp9Forwarder extends PictureIdForwarder {
  /** Bits: 1 << n for each spatial layer of which a frame was left out since the last key picture, as not needed above. */
  #broken = 0;

  constructor() {
    super(false);
  }

  override select(packet: RtpPacket): boolean {
    if (super.select(packet)) return true;
    const { layers } = packet;
    if (layers.notNeededAbove && layers.spatial < this.spatial) this.#broken |= 1 << layers.spatial;
    return false;
  }

  protected override decide(layers: PacketLayers): boolean {
    this.#decideSpatial(layers);
    this.#decideTemporal(layers);
    return layers.temporal <= this.temporal;
  }

  protected override level(): number {
    return (this.spatial << 3) | this.temporal;
  }

  protected override decideLate(layers: PacketLayers, level: number): boolean {
    return layers.temporal <= (level & 0x07);
  }

  /** Z: what no upper layer is predicted from is left out below the highest layer. */
  protected override includes(layers: PacketLayers, level: number): boolean {
    const spatial = level >> 3;
    return layers.spatial === spatial || (layers.spatial < spatial && !layers.notNeededAbove);
  }

  protected override markerOf({ marker, layers }: RtpPacket, level: number): boolean {
    return marker || (layers.endOfFrame && layers.spatial === level >> 3);
  }

  /** Up at a key picture. Down at any, but not to a layer whose frames were left out. */
  #decideSpatial(layers: PacketLayers): void {
    const highest = layers.spatialLayers - 1;
    if (this.spatial === ALL_LAYERS) this.spatial = highest;
    const wanted = Math.min(this.targetSpatial, highest);
    if (layers.keyPicture) this.#broken = 0;
    if (layers.keyPicture || (wanted < this.spatial && (this.#broken & (1 << wanted)) === 0)) this.spatial = wanted;
    this.needsKeyFrame = wanted !== this.spatial;
  }

  /**
   * U: what follows in the layers above this one's needs no picture of theirs from before. Encoders set it as well where a
   * picture is the first of its layer that needs none of them.
   */
  #decideTemporal(layers: PacketLayers): void {
    const { temporal, targetTemporal } = this;
    if (layers.keyPicture || targetTemporal < temporal) this.temporal = targetTemporal;
    else if (!layers.switchingPoint || temporal === targetTemporal) return;
    else if (layers.temporal <= temporal) this.temporal = targetTemporal;
    else if (layers.temporal === temporal + 1) this.temporal = layers.temporal;
  }
}
