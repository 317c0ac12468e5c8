import type { RtpPacket } from "../rtp/packet.ts";

/**
 * What of a source's layers goes to one subscriber, and under which numbers of the payload (picture ID, TL0PICIDX, KEYIDX,
 * frame number of the dependency descriptor), so that no decoder notices what is left out or another source.
 *
 * A packet must have been read by its source's `LayerReader` before: `packet.layers` is what is looked at. That is done
 * once for each packet, not for each subscriber; for a packet from a cache just before `selectAgain`. As long as all of
 * the first source is forwarded nothing is remembered and nothing changes (rule B122).
 *
 * A packet that `select` refuses is skipped by the `StreamRewriter`. Where that is not possible, as it came late, its number
 * goes out all the same, with padding alone, else the subscriber would ask for it again and again (rule B310).
 */
export interface PayloadForwarder {
  /** The highest layers forwarded at present. */
  readonly spatial: number;
  readonly temporal: number;
  /**
   * Whether the target can be reached at a key frame only, so that one is to be asked for: known after `setTarget`, and
   * after each packet, as it may be the stream that has changed, or a chain that broke.
   */
  readonly needsKeyFrame: boolean;
  /** The M bit of the selected packet: the end of the highest forwarded spatial layer. */
  readonly marker: boolean;
  /** Whether the selected packet must be changed at all: where false `changeHeader` and `changePayload` are not called. */
  readonly changes: boolean;
  /** The layers to go to, each at the next packet at which a decoder can follow. Infinity: all there are. */
  setTarget(spatial: number, temporal: number): void;
  /**
   * The next packet given to `select` is the first one of a key frame of another source, or of the same one after a pause:
   * the numbers go on from what was sent.
   */
  switchSource(): void;
  /**
   * Whether the packet goes on, in order or late. Sets `marker` and `changes`. What was decided for a picture stays so for
   * all packets of it, and numbers are those of its time. False for what is older than is remembered.
   */
  select(packet: RtpPacket): boolean;
  /** The same for a packet from a cache that is sent again: of the present source or of one before it. */
  selectAgain(packet: RtpPacket): boolean;
  /**
   * Writes the numbers of the selected packet into its header extensions: before `writeHeader` copies them. Only where
   * `changes` says so; then all three go with every packet, in this order.
   */
  changeHeader(packet: RtpPacket): void;
  /**
   * Writes them into its payload and returns where that begins now: at `headerLength`, or a byte before it where a picture
   * ID has grown, over the last byte of the header, which must have been written elsewhere before. It ends where it did.
   */
  changePayload(packet: RtpPacket): number;
  /** Puts back every byte that was changed, for the next subscriber. */
  restore(packet: RtpPacket): void;
}
