import { type Arrivals, TransportFeedbackWriter } from "../rtp/rtcp/transport_feedback_writer.ts";
import { sequenceDiff } from "../rtp/sequence.ts";

/** Numbers that are known at once, a power of two: 250 ms of 50 Mbit/s. What is older is not reported any more. */
export const LOGGED_PACKETS = 1024;
const MASK = LOGGED_PACKETS - 1;
/** The least time between two reports, and what it is where many packets come: so many within it. */
export const FEEDBACK_INTERVAL_MS = 100;
export const FAST_FEEDBACK_INTERVAL_MS = 50;
export const MANY_PACKETS = 16;
/** Behind a silence of this, a number from before the log is no late packet but a sender that was not heard for long. */
const SILENCE_MS = 500;

/**
 * When the packets of one peer came, by transport-wide sequence number, for the feedback to it
 * (draft-holmer-rmcat-transport-wide-cc-extensions-01). A report begins behind the one before it, so that it covers what
 * was lost in between, or at a packet that came late. Nothing is allocated for a packet.
 */
export class ArrivalLog implements Arrivals {
  /** By sequence number modulo their length; those from `#end` back. */
  readonly #ticks = new Int32Array(LOGGED_PACKETS);
  readonly #came = new Uint8Array(LOGGED_PACKETS);
  readonly #writer = new TransportFeedbackWriter();
  /** The number that the next report begins at, and the one behind the newest. */
  #base = 0;
  #end = 0;
  /** Packets that came and are in no report. */
  #unreported = 0;
  #isStarted = false;
  #arrivedMs = 0;
  #reportedMs = -Infinity;

  /** When the next report is due; Infinity where nothing came since the last. */
  get nextReportMs(): number {
    if (this.#unreported === 0) return Infinity;
    const isFast = this.#unreported >= MANY_PACKETS;
    return this.#reportedMs + (isFast ? FAST_FEEDBACK_INTERVAL_MS : FEEDBACK_INTERVAL_MS);
  }

  /** A packet came. Of duplicates the first counts. */
  handleArrival(sequenceNumber: number, nowMs: number): void {
    const ahead = this.#isStarted ? sequenceDiff(sequenceNumber, this.#end) : LOGGED_PACKETS;
    const isLong = nowMs - this.#arrivedMs > SILENCE_MS;
    if (ahead >= LOGGED_PACKETS || (ahead < -LOGGED_PACKETS && isLong)) this.#start(sequenceNumber);
    else if (ahead >= 0) this.#advance(sequenceNumber, ahead);
    else if (ahead < -LOGGED_PACKETS || this.has(sequenceNumber)) return;
    else if (sequenceDiff(sequenceNumber, this.#base) < 0) this.#base = sequenceNumber;
    this.#ticks[sequenceNumber & MASK] = nowMs * 4;
    this.#came[sequenceNumber & MASK] = 1;
    this.#unreported++;
    this.#arrivedMs = nowMs;
  }

  /** Of the newest LOGGED_PACKETS numbers. */
  has(sequenceNumber: number): boolean {
    return this.#came[sequenceNumber & MASK] === 1;
  }

  ticksOf(sequenceNumber: number): number {
    return this.#ticks[sequenceNumber & MASK];
  }

  /** Whether a packet is in no report yet. */
  get isUnreported(): boolean {
    return this.#unreported > 0;
  }

  /**
   * Writes one feedback packet on what came since the last, and returns its bytes; 0, with nothing written, where nothing
   * did, or where there is no room. As long as `isUnreported` there is more to write.
   */
  writeReport(out: Uint8Array, offset: number, senderSsrc: number, mediaSsrc: number, nowMs: number): number {
    if (this.#unreported === 0) return 0;
    const count = (this.#end - this.#base) & 0xffff;
    const length = this.#writer.write(out, offset, senderSsrc, mediaSsrc, this.#base, count, this);
    if (length === 0) return 0;
    this.#base = (this.#base + this.#writer.statusCount) & 0xffff;
    if (this.#base === this.#end) this.#unreported = 0;
    this.#reportedMs = nowMs;
    return length;
  }

  #start(sequenceNumber: number): void {
    this.#came.fill(0);
    this.#isStarted = true;
    this.#unreported = 0;
    this.#base = sequenceNumber;
    this.#end = (sequenceNumber + 1) & 0xffff;
  }

  #advance(sequenceNumber: number, ahead: number): void {
    for (let i = 0; i < ahead; i++) this.#came[(this.#end + i) & MASK] = 0;
    this.#end = (sequenceNumber + 1) & 0xffff;
    if (((this.#end - this.#base) & 0xffff) > LOGGED_PACKETS) this.#base = (this.#end - LOGGED_PACKETS) & 0xffff;
  }
}
