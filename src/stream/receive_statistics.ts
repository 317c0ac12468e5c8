import { compactNtp } from "../rtp/rtcp/ntp.ts";
import type { ReportBlock } from "../rtp/rtcp/receiver_report.ts";
import { timestampDiff } from "../rtp/sequence.ts";

/** A larger gap is taken for a source that began anew (RFC 3550 appendix A.1). */
const MAX_DROPOUT = 3000;
/** A packet that is later than this is taken for a source that began anew (RFC 3550 appendix A.1). */
const MAX_MISORDER = 100;
const CYCLE = 0x10000;
const NO_SEQUENCE_NUMBER = -1;
const MAX_UINT32 = 0xffffffff;
/** The range of the 24-bit signed field. */
const MAX_LOST = 0x7fffff;
const MIN_LOST = -0x800000;

/**
 * What the server as a receiver knows of one SSRC, for report blocks (RFC 3550 appendices A.1, A.3 and A.8). There is no
 * probation: SRTP has authenticated the packets.
 */
export class ReceiveStatistics {
  /** Packets since the source began, late ones included. */
  received = 0;
  /** Interarrival jitter in units of the clock rate (RFC 3550 section 6.4.1). */
  jitter = 0;
  /** Packets that were missing in the intervals that were reported: what comes late after its interval stays in it. */
  reportedLost = 0;
  readonly #clockRate: number;
  #started = false;
  #firstSequenceNumber = 0;
  #newestSequenceNumber = 0;
  /** CYCLE for each wrap of the sequence number. */
  #cycles = 0;
  /** What must follow a packet that jumped for the jump to be believed. */
  #afterJump = NO_SEQUENCE_NUMBER;
  #expectedBefore = 0;
  #receivedBefore = 0;
  #lastArrivalMs = 0;
  #lastTimestamp = 0;
  #senderReport = 0;
  #senderReportMs = 0;

  /** `clockRate` in Hz. */
  constructor(clockRate: number) {
    this.#clockRate = clockRate;
  }

  /** Packets from the first to the newest sequence number (RFC 3550 appendix A.3). */
  get expected(): number {
    return this.#started ? this.#cycles + this.#newestSequenceNumber - this.#firstSequenceNumber + 1 : 0;
  }

  /** Packets lost since the source began; duplicates can make it negative. */
  get lost(): number {
    return this.expected - this.received;
  }

  handlePacket(sequenceNumber: number, timestamp: number, nowMs: number): void {
    if (!this.#started) this.#start(sequenceNumber);
    else if (!this.#follow(sequenceNumber)) return;
    if (this.received > 0) this.#updateJitter(timestamp, nowMs);
    this.received++;
    this.#lastArrivalMs = nowMs;
    this.#lastTimestamp = timestamp;
  }

  handleSenderReport(ntpSeconds: number, ntpFraction: number, nowMs: number): void {
    this.#senderReport = compactNtp(ntpSeconds, ntpFraction);
    this.#senderReportMs = nowMs;
  }

  /**
   * Fills in all of a report block but its SSRC, and begins the next report interval. False, with nothing changed,
   * where no packet came in this one: then there is nothing to report (RFC 3550 section 6.4).
   */
  report(block: ReportBlock, nowMs: number): boolean {
    const received = this.received - this.#receivedBefore;
    if (received === 0) return false;
    const expected = this.expected - this.#expectedBefore;
    const lost = expected - received;
    this.#receivedBefore = this.received;
    this.#expectedBefore = this.expected;
    if (lost > 0) this.reportedLost += lost;
    block.fractionLost = lost > 0 ? Math.floor((lost * 256) / expected) : 0;
    block.cumulativeLost = Math.min(Math.max(this.lost, MIN_LOST), MAX_LOST);
    block.extendedSequenceNumber = (this.#cycles + this.#newestSequenceNumber) >>> 0;
    block.jitter = Math.min(Math.floor(this.jitter), MAX_UINT32);
    block.lastSenderReport = this.#senderReport;
    block.delaySinceLastSenderReport = this.#delaySinceSenderReport(nowMs);
    return true;
  }

  /** In 1/65536 s; 0 where no sender report came. */
  #delaySinceSenderReport(nowMs: number): number {
    if (this.#senderReport === 0) return 0;
    return Math.min(Math.round(((nowMs - this.#senderReportMs) * 65536) / 1000), MAX_UINT32);
  }

  #start(sequenceNumber: number): void {
    this.#started = true;
    this.#firstSequenceNumber = sequenceNumber;
    this.#newestSequenceNumber = sequenceNumber;
    this.#cycles = 0;
    this.#afterJump = NO_SEQUENCE_NUMBER;
    this.received = 0;
    this.jitter = 0;
    this.#expectedBefore = 0;
    this.#receivedBefore = 0;
  }

  /** False where the packet is not counted: a jump that no second packet has confirmed yet. */
  #follow(sequenceNumber: number): boolean {
    const ahead = (sequenceNumber - this.#newestSequenceNumber) & 0xffff;
    if (ahead < MAX_DROPOUT) {
      if (sequenceNumber < this.#newestSequenceNumber) this.#cycles += CYCLE;
      this.#newestSequenceNumber = sequenceNumber;
    } else if (ahead <= CYCLE - MAX_MISORDER) {
      if (sequenceNumber !== this.#afterJump) {
        this.#afterJump = (sequenceNumber + 1) & 0xffff;
        return false;
      }
      this.#start(sequenceNumber);
    }
    return true;
  }

  /** RFC 3550 appendix A.8, by order of arrival. */
  #updateJitter(timestamp: number, nowMs: number): void {
    const arrivalStep = ((nowMs - this.#lastArrivalMs) * this.#clockRate) / 1000;
    const difference = Math.abs(arrivalStep - timestampDiff(timestamp, this.#lastTimestamp));
    this.jitter += (difference - this.jitter) / 16;
  }
}
