import type { PacketLayers } from "../rtp/codecs/packet_layers.ts";
import type { RtpPacket } from "../rtp/packet.ts";
import { PictureIdForwarder } from "./picture_id_forwarder.ts";

/**
 * Temporal layers of VP8 (RFC 7741 section 4.2). Picture IDs close up over a picture that is left out: a receiver takes each
 * ID that is missing for a picture that it may need.
 */
export class Vp8Forwarder extends PictureIdForwarder {
  constructor() {
    super(true);
  }

  protected override decide(layers: PacketLayers): boolean {
    const { targetTemporal } = this;
    if (layers.keyPicture || targetTemporal < this.temporal) this.temporal = targetTemporal;
    // Y: predicted from the base layer alone. A layer is gone up to from the one below it, whose pictures may be needed by
    // what follows.
    else if (layers.switchingPoint && layers.temporal === this.temporal + 1 && this.temporal < targetTemporal) {
      this.temporal++;
    }
    return layers.temporal <= this.temporal;
  }

  protected override level(): number {
    return this.temporal;
  }

  protected override decideLate(layers: PacketLayers, level: number): boolean {
    return layers.temporal <= level;
  }

  protected override includes(): boolean {
    return true;
  }

  protected override markerOf(packet: RtpPacket): boolean {
    return packet.marker;
  }
}
