import type { RtpPacket } from "../rtp/packet.ts";
import { sequenceDiff } from "../rtp/sequence.ts";
import { located, SequenceMap } from "./sequence_map.ts";

/** A larger jump of sequence numbers, either way, is no loss or reordering but a source that began anew. */
const MAX_SEQUENCE_JUMP = 1 << 14;
/** The map of sequence numbers is told of the newest one at the latest after so many: with a jump less than half a circle. */
const MAX_UNTOLD = 1 << 13;
/** A step forward of a 32-bit timestamp that a receiver cannot take for one backward. */
const MAX_TIMESTAMP_STEP = 0x7fffffff;
/** What comes after a switch was captured so much before its arrival, or the sender reports of its source are wrong. */
const MAX_MISALIGNMENT_MS = 3000;

/**
 * Makes one continuous outgoing stream of the sources that one consumer forwards one after the other: gives each packet
 * its outgoing sequence number and timestamp. Gaps of the source stay gaps, so that the subscriber sees the loss.
 *
 * Within one source both are the incoming value plus an offset. The offset of the sequence number changes at a skipped
 * packet, that of the timestamp at a switch. A late packet gets the offset of its time.
 */
export class StreamRewriter {
  /** Of the packet that `map` took last. */
  sequenceNumber: number;
  // Timestamps and SSRCs are kept as signed numbers: V8 has those in the object itself, others elsewhere.
  #timestamp: number;
  #clockRate: number;
  #minimumStep: number;
  /** The next packet begins a source. */
  #switching = true;
  /** The timestamp that it is to go out with, where that is known. */
  #aligned = false;
  #alignedTimestamp = 0;
  #sourceSsrc = 0;
  #sequenceOffset = 0;
  #timestampOffset = 0;
  /** The source's newest sequence number, mapped or skipped. */
  #sourceSequenceNumber = 0;
  /** The offsets of the packets sent before, made with the first. It is told where one changes, or when it is asked: a run needs no upkeep. */
  #sequenceMap: SequenceMap | undefined;
  /** What it knows: the offset of its newest run; and how many numbers it is behind. */
  #runOffset = 0;
  #untold = 0;
  /** Packets that were left out since the newest one was sent. */
  #skipped = 0;
  /** Of the newest packet sent. */
  #newestSequenceNumber: number;
  #newestTimestamp: number;
  /** When the newest timestamp was first sent. */
  #newestTimestampMs = 0;

  /**
   * The stream begins at the given sequence number and timestamp (random: RFC 3550 section 5.1); `clockRate` in Hz.
   * `minimumStep` is the least by which a switch advances the timestamp: one frame for audio keeps two sources from
   * overlapping.
   */
  constructor(firstSequenceNumber: number, firstTimestamp: number, clockRate: number, minimumStep = 1) {
    this.sequenceNumber = firstSequenceNumber & 0xffff;
    this.#timestamp = firstTimestamp | 0;
    this.#newestSequenceNumber = (firstSequenceNumber - 1) & 0xffff;
    this.#newestTimestamp = this.#timestamp;
    this.#clockRate = clockRate;
    this.#minimumStep = minimumStep;
  }

  /** Of the packet that `map` took last. */
  get timestamp(): number {
    return this.#timestamp >>> 0;
  }

  /** The SSRC whose packets are mapped; -1 before the first packet, and after `switchTo` until the next one. */
  get sourceSsrc(): number {
    return this.#switching ? -1 : this.#sourceSsrc >>> 0;
  }

  /** Whether the packet is of the source whose packets are mapped. */
  isOfSource(packet: RtpPacket): boolean {
    return !this.#switching && (packet.ssrc | 0) === this.#sourceSsrc;
  }

  /** Of the packet that `locate` found: the sequence number it came with. */
  get locatedSource(): number {
    return located.source;
  }

  /** Of the packet that `locate` found: the SSRC it came with. */
  get locatedSsrc(): number {
    return located.ssrc;
  }

  /** Of the packet that `locate` found: its timestamp went out as the one it came with plus this, modulo 2^32. */
  get locatedTimestampOffset(): number {
    return located.timestampOffset;
  }

  /**
   * Makes the next packet given to `map` the first of its source, whichever that is: the stream goes on there without a
   * gap. For another SSRC, and for the same one after a pause. `clockRate` and `minimumStep` are those of the source, as
   * in the constructor.
   */
  switchTo(clockRate = this.#clockRate, minimumStep = this.#minimumStep): void {
    this.#switching = true;
    this.#aligned = false;
    this.#clockRate = clockRate;
    this.#minimumStep = minimumStep;
  }

  /**
   * The next packet given to `map` goes out with this timestamp (32 bits), by what sender reports tell of both sources: not
   * where that would go back, and not where it is seconds away from the wall time that passed.
   */
  alignTo(timestamp: number): void {
    this.#aligned = true;
    this.#alignedTimestamp = timestamp | 0;
  }

  /**
   * Sets `sequenceNumber` and `timestamp` to those under which the packet goes out. False where it must not be
   * forwarded: it is of another source than the present one, older than its first packet, or was skipped. A duplicate
   * gets the number it got before; SRTP's replay protection keeps them away from here.
   */
  map(packet: RtpPacket, nowMs: number): boolean {
    if (this.#switching) return this.#start(packet, nowMs);
    if ((packet.ssrc | 0) !== this.#sourceSsrc) return false;
    const distance = sequenceDiff(packet.sequenceNumber, this.#sourceSequenceNumber);
    if (distance > MAX_SEQUENCE_JUMP || distance < -MAX_SEQUENCE_JUMP) return this.#start(packet, nowMs);
    if (distance <= 0) return this.#mapLate(packet, nowMs);
    this.sequenceNumber = (packet.sequenceNumber + this.#sequenceOffset) & 0xffff;
    this.#timestamp = (packet.timestamp + this.#timestampOffset) | 0;
    this.#untold += distance;
    if (this.#sequenceOffset !== this.#runOffset || this.#untold > MAX_UNTOLD) this.#tell(packet);
    this.#advance(packet, nowMs);
    return true;
  }

  /**
   * Leaves out a packet that the consumer does not forward and closes the gap up: what follows moves down by one. Packets
   * that are missing just before it keep their numbers: they may still come, and be forwarded. False, with nothing changed,
   * where the packet is late, so that it has its number already, or where it is of no source or jumps.
   */
  skip(packet: RtpPacket): boolean {
    if (!this.isOfSource(packet)) return false;
    const distance = sequenceDiff(packet.sequenceNumber, this.#sourceSequenceNumber);
    if (distance <= 0 || distance > MAX_SEQUENCE_JUMP) return false;
    if (distance > 1) this.#reserve((packet.sequenceNumber - 1) & 0xffff, distance - 1);
    this.#sourceSequenceNumber = packet.sequenceNumber;
    this.#sequenceOffset = (this.#sequenceOffset - 1) & 0xffff;
    if (++this.#skipped > MAX_UNTOLD) this.#tellSkipped();
    return true;
  }

  /**
   * Goes on with this packet of the present source, however much of it was left out before: with the next number, and the
   * timestamp of its time. What comes late from before is not forwarded any more.
   */
  continueAt(packet: RtpPacket): void {
    if (!this.isOfSource(packet)) return;
    this.#tellNewest();
    const next = (this.#newestSequenceNumber + 1) & 0xffff;
    this.#sourceSequenceNumber = (packet.sequenceNumber - 1) & 0xffff;
    this.#sequenceOffset = (next - packet.sequenceNumber) & 0xffff;
    this.#sequenceMap?.begin(packet.sequenceNumber, next, packet.ssrc, this.#timestampOffset);
    this.#runOffset = this.#sequenceOffset;
    this.#skipped = 0;
  }

  /**
   * Finds what went out, or would have gone out, under a sequence number: sets `locatedSource`, `locatedSsrc` and
   * `locatedTimestampOffset`. False where that is not known, or not sent yet.
   */
  locate(outgoingSequenceNumber: number): boolean {
    this.#tellNewest();
    return this.#sequenceMap !== undefined && this.#sequenceMap.locate(outgoingSequenceNumber);
  }

  /** The outgoing timestamp of an instant of the source, for sender reports; valid while `sourceSsrc` is not -1. */
  translateTimestamp(sourceTimestamp: number): number {
    return (sourceTimestamp + this.#timestampOffset) >>> 0;
  }

  #start(packet: RtpPacket, nowMs: number): boolean {
    this.#switching = false;
    this.#sourceSsrc = packet.ssrc | 0;
    this.sequenceNumber = (this.#newestSequenceNumber + 1) & 0xffff;
    this.#timestamp = (this.#newestTimestamp + (this.#sequenceMap === undefined ? 0 : this.#timestampStep(nowMs))) | 0;
    this.#aligned = false;
    this.#sequenceOffset = (this.sequenceNumber - packet.sequenceNumber) & 0xffff;
    this.#timestampOffset = (this.#timestamp - packet.timestamp) | 0;
    this.#newestTimestampMs = nowMs;
    this.#sequenceMap ??= new SequenceMap();
    this.#sequenceMap.begin(packet.sequenceNumber, this.sequenceNumber, packet.ssrc, this.#timestampOffset);
    this.#runOffset = this.#sequenceOffset;
    this.#untold = 0;
    this.#skipped = 0;
    this.#advance(packet, nowMs);
    return true;
  }

  /** The numbers of `count` packets up to the source's `last`, which are missing, are kept for them. */
  #reserve(last: number, count: number): void {
    const outgoing = (last + this.#sequenceOffset) & 0xffff;
    if (this.#sequenceOffset !== this.#runOffset) {
      this.#tellNewest();
      this.#sequenceMap?.extend(last, outgoing);
      this.#runOffset = this.#sequenceOffset;
      this.#newestSequenceNumber = outgoing;
    } else {
      this.#newestSequenceNumber = outgoing;
      this.#untold += count;
      if (this.#untold > MAX_UNTOLD) this.#tellNewest();
    }
    this.#skipped = 0;
  }

  /** Tells the map how far the source has gone on without a packet that was sent: it counts in half circles. */
  #tellSkipped(): void {
    this.#tellNewest();
    this.#sequenceMap?.leaveOut(this.#sourceSequenceNumber);
    this.#skipped = 0;
  }

  /** A packet that is not newer than all before it: late, or a duplicate. */
  #mapLate(packet: RtpPacket, nowMs: number): boolean {
    this.#tellNewest();
    const sequenceNumber = this.#sequenceMap?.outgoing(packet.sequenceNumber) ?? -1;
    if (sequenceNumber < 0) return false;
    this.sequenceNumber = sequenceNumber;
    this.#timestamp = (packet.timestamp + this.#timestampOffset) | 0;
    // It may be the newest that was sent all the same, where those behind it were left out.
    if (((this.#timestamp - this.#newestTimestamp) | 0) > 0) this.#noteTimestamp(nowMs);
    return true;
  }

  /** Tells the map of `packet`, the newest one, which goes out as `sequenceNumber`. */
  #tell(packet: RtpPacket): void {
    // Where a run ends is where the packet before was.
    this.#tellNewest();
    this.#sequenceMap?.extend(packet.sequenceNumber, this.sequenceNumber);
    this.#runOffset = this.#sequenceOffset;
    this.#untold = 0;
    this.#skipped = 0;
  }

  /** Tells the map of the newest packet that was sent. */
  #tellNewest(): void {
    if (this.#untold === 0) return;
    const newest = this.#newestSequenceNumber;
    this.#sequenceMap?.extend((newest - this.#runOffset) & 0xffff, newest);
    this.#untold = 0;
  }

  /** How far the timestamp goes on over a switch: to what it is aligned to, or by the wall time since the newest was sent. */
  #timestampStep(nowMs: number): number {
    const elapsed = Math.round(((nowMs - this.#newestTimestampMs) * this.#clockRate) / 1000);
    const aligned = this.#aligned ? (this.#alignedTimestamp - this.#newestTimestamp) | 0 : elapsed;
    const isCredible = Math.abs(aligned - elapsed) <= (MAX_MISALIGNMENT_MS * this.#clockRate) / 1000;
    return Math.min(Math.max(isCredible ? aligned : elapsed, this.#minimumStep), MAX_TIMESTAMP_STEP);
  }

  /** The packet is the newest of its source. */
  #advance(packet: RtpPacket, nowMs: number): void {
    this.#sourceSequenceNumber = packet.sequenceNumber;
    this.#newestSequenceNumber = this.sequenceNumber;
    if (this.#timestamp !== this.#newestTimestamp) this.#noteTimestamp(nowMs);
  }

  #noteTimestamp(nowMs: number): void {
    this.#newestTimestamp = this.#timestamp;
    this.#newestTimestampMs = nowMs;
  }
}
