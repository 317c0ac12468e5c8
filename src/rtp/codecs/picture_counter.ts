import type { RtpPacket } from "../packet.ts";
import { sequenceDiff, timestampDiff } from "../sequence.ts";

/** A larger jump of sequence numbers, either way, is a source that began anew (rule B53). */
const MAX_SEQUENCE_JUMP = 1 << 14;
/** A first count: a multiple of every number's range, with room for pictures from before it. */
const FIRST = 1 << 16;

/**
 * Counts the pictures of one source over all wraps of the numbers that they have on the wire. Which way a number has gone
 * is told by the timestamp, so that a gap may be as wide as the number's range.
 */
export class PictureCounter {
  /** The count of the newest picture; -1 before the first. */
  newest = -1;
  #sequenceNumber = 0;
  #timestamp = 0;

  /** The count of the packet's picture, whose number on the wire is `id`, of so many bits. */
  count(packet: RtpPacket, id: number, bits: number): number {
    const timestamp = packet.timestamp | 0;
    if (this.newest < 0) return this.#advance(packet, timestamp, FIRST + id);
    const jump = Math.abs(sequenceDiff(packet.sequenceNumber, this.#sequenceNumber)) > MAX_SEQUENCE_JUMP;
    const range = 1 << bits;
    const forward = (id - this.newest) & (range - 1);
    const ahead = timestampDiff(timestamp, this.#timestamp);
    if (jump || ahead > 0) return this.#advance(packet, timestamp, this.newest + (forward === 0 ? range : forward));
    if (ahead < 0) return this.newest + forward - range;
    // Of one timestamp: of the newest picture, mostly.
    if (forward < range >> 1) return this.#advance(packet, timestamp, this.newest + forward);
    return this.newest + forward - range;
  }

  #advance(packet: RtpPacket, timestamp: number, picture: number): number {
    if (sequenceDiff(packet.sequenceNumber, this.#sequenceNumber) > 0 || picture !== this.newest) {
      this.#sequenceNumber = packet.sequenceNumber;
    }
    this.#timestamp = timestamp;
    this.newest = picture;
    return picture;
  }
}
