import { readUint16, readUint32 } from "../rtp/bytes.ts";
import { RtpPacket } from "../rtp/packet.ts";
import { compactNtp } from "../rtp/rtcp/ntp.ts";
import type { ReportBlock } from "../rtp/rtcp/receiver_report.ts";
import type { SenderReport } from "../rtp/rtcp/sender_report.ts";
import { timestampDiff } from "../rtp/sequence.ts";
import { OSN_LENGTH, readOriginalSequenceNumber } from "../rtp/rtx.ts";
import type { SrtpReceiver } from "../webrtc/srtp/srtp_session.ts";
import type { Histogram } from "./histogram.ts";
import { LossWindow } from "./loss_window.ts";
import type { ReceiveBatch } from "./receive_batch.ts";
import { MAX_ENCODINGS, Stamp } from "./stamp.ts";

/** One packet in so many is decrypted and compared with what was sent, and its latency taken; also the first. */
export const CHECK_INTERVAL = 97;
/** RFC 3550 section 6.4.1. */
const JITTER_SMOOTHING = 16;
const MIN_LOST = -0x800000;
const MAX_LOST = 0x7fffff;

export interface IncomingOptions {
  /** -1 where the first packet tells. */
  readonly ssrc: number;
  /** -1 where nothing is sent again, or the first packet tells. */
  readonly rtxSsrc: number;
  readonly payloadType: number;
  /** -1 where nothing is sent again. */
  readonly rtxPayloadType: number;
  readonly isVideo: boolean;
  readonly clockRate: number;
}

/** Datagrams as they came, and what opens them. */
export type Datagrams = Pick<ReceiveBatch, "bytes" | "length" | "receivedUs">;
export type Opener = Pick<SrtpReceiver, "unprotectRtp">;

/** What a subscriber receives on one m-line. Nothing is allocated for a packet. */
export class IncomingTrack {
  readonly options: IncomingOptions;
  readonly window = new LossWindow();
  ssrc: number;
  rtxSsrc: number;
  /** Packets as they came, once or more often, whatever became of them; by RTX. */
  arrived = 0;
  arrivedByRtx = 0;
  checked = 0;
  bad = 0;
  /** The latencies of one packet in CHECK_INTERVAL, however it came. */
  latency: Histogram;
  /** `window.lost` when it was looked at last. */
  lostBefore = 0;
  /** When a key frame was asked for last. */
  keyFrameRequestUs = 0;
  // Views of the packet at hand.
  readonly #packet = new RtpPacket();
  readonly #stamp = new Stamp();
  #untilCheck = 1;
  /** Number of the publisher's track; -1 before the first check. */
  #source = -1;
  /** Of the packet that was checked last; encodings number their packets each on its own. */
  #lastEncoding = 0;
  #lastPacket = 0;
  #lastNumber = 0;
  #firstNumber = 0;
  #firstTimestamp = 0;
  #firstUs = 0;
  #transit = 0;
  #jitter = 0;
  #expectedBefore = 0;
  #receivedBefore = 0;
  #senderReport = 0;
  #senderReportUs = 0;

  constructor(options: IncomingOptions, latency: Histogram) {
    this.options = options;
    this.ssrc = options.ssrc;
    this.rtxSsrc = options.rtxSsrc;
    this.latency = latency;
  }

  /** Whether anything is sent again. */
  get isRepaired(): boolean {
    return this.options.rtxPayloadType >= 0;
  }

  /** Takes an SSRC that nobody has announced for its own, where one is missing and the payload type fits. */
  adopt(ssrc: number, payloadType: number): boolean {
    const { options } = this;
    if (this.ssrc < 0 && payloadType === options.payloadType) this.ssrc = ssrc;
    else if (this.rtxSsrc < 0 && payloadType === options.rtxPayloadType) this.rtxSsrc = ssrc;
    else return false;
    return true;
  }

  get hasBegun(): boolean {
    return this.window.highest >= 0;
  }

  /** Takes datagram `index` of the batch. */
  handleRtp(batch: Datagrams, index: number, nowUs: number, opener: Opener): void {
    const bytes = batch.bytes(index);
    const number = this.window.accept(readUint16(bytes, 2), nowUs);
    if (number < 0) return;
    this.#updateJitter(readUint32(bytes, 4), nowUs);
    if (!this.#isDue()) return;
    this.checked++;
    if (this.#open(batch, index, opener) && this.#isAsSent(number)) this.#addLatency(batch, index, nowUs);
    else this.bad++;
  }

  /**
   * Takes a retransmission (RFC 4588). It has to be opened for the number that it repairs, so each one is compared. Its
   * latency is taken of one in CHECK_INTERVAL like that of any other: of all, it would weigh so many times as much.
   */
  handleRtx(batch: Datagrams, index: number, nowUs: number, opener: Opener): void {
    this.checked++;
    if (!this.#open(batch, index, opener)) {
      this.bad++;
      return;
    }
    const sequenceNumber = readOriginalSequenceNumber(this.#packet);
    // A probe for bandwidth: padding alone, in which there is nothing to compare.
    if (sequenceNumber < 0) return;
    const number = this.window.recover(sequenceNumber);
    if (!this.#isRepairAsSent(number)) this.bad++;
    else if (number >= 0 && this.#isDue()) this.#addLatency(batch, index, nowUs);
  }

  handleSenderReport(report: SenderReport, nowUs: number): void {
    this.#senderReport = compactNtp(report.ntpSeconds, report.ntpFraction);
    this.#senderReportUs = nowUs;
  }

  /** Fills in a report block (RFC 3550 section 6.4.1) and begins the next interval; false where nothing came yet. */
  report(block: ReportBlock, nowUs: number): boolean {
    if (!this.hasBegun) return false;
    const { highest, received } = this.window;
    const expected = highest - this.#firstNumber + 1;
    const expectedNow = expected - this.#expectedBefore;
    const lostNow = expectedNow - (received - this.#receivedBefore);
    this.#expectedBefore = expected;
    this.#receivedBefore = received;
    block.ssrc = this.ssrc;
    block.fractionLost = expectedNow > 0 && lostNow > 0 ? Math.floor(lostNow * 256 / expectedNow) & 0xff : 0;
    block.cumulativeLost = Math.min(Math.max(expected - received, MIN_LOST), MAX_LOST);
    block.extendedSequenceNumber = highest - (this.#firstNumber & ~0xffff);
    block.jitter = Math.floor(this.#jitter);
    block.lastSenderReport = this.#senderReport;
    block.delaySinceLastSenderReport = this.#senderReport === 0
      ? 0
      : Math.round((nowUs - this.#senderReportUs) * 65536 / 1e6);
    return true;
  }

  #updateJitter(timestamp: number, nowUs: number): void {
    if (this.#firstNumber === 0) {
      this.#firstNumber = this.window.highest;
      this.#firstTimestamp = timestamp;
      this.#firstUs = nowUs;
    }
    const elapsed = (nowUs - this.#firstUs) * this.options.clockRate / 1e6;
    const transit = elapsed - timestampDiff(timestamp, this.#firstTimestamp);
    this.#jitter += (Math.abs(transit - this.#transit) - this.#jitter) / JITTER_SMOOTHING;
    this.#transit = transit;
  }

  /** Whether this packet is the one in CHECK_INTERVAL. */
  #isDue(): boolean {
    if (--this.#untilCheck > 0) return false;
    this.#untilCheck = CHECK_INTERVAL;
    return true;
  }

  /** Makes it the packet at hand; false where it is not authentic. */
  #open(batch: Datagrams, index: number, opener: Opener): boolean {
    const bytes = batch.bytes(index);
    const plainLength = opener.unprotectRtp(bytes, batch.length(index));
    return plainLength >= 0 && this.#packet.parse(bytes, plainLength);
  }

  /** Reads the stamp `offset` bytes into the payload; false where it is not as its publisher sent it. */
  #readStamp(offset: number): boolean {
    const { bytes, headerLength, payloadLength } = this.#packet;
    return this.#stamp.read(bytes, headerLength + offset, payloadLength - offset);
  }

  #isAsSent(number: number): boolean {
    const stamp = this.#stamp;
    if (!this.#readStamp(0)) return false;
    if (this.#source < 0) this.#source = publishedTrack(stamp);
    else if (publishedTrack(stamp) !== this.#source || !this.#isInOrder(number)) return false;
    this.#lastEncoding = stamp.track;
    this.#lastPacket = stamp.packet;
    this.#lastNumber = number;
    return true;
  }

  /** `number` is -1 where the packet came before: then nothing is known of its order. */
  #isRepairAsSent(number: number): boolean {
    if (!this.#readStamp(OSN_LENGTH)) return false;
    if (this.#source < 0) return true;
    return publishedTrack(this.#stamp) === this.#source && (number < 0 || this.#isInOrder(number));
  }

  #addLatency(batch: Datagrams, index: number, nowUs: number): void {
    this.latency.add(batch.receivedUs(index, nowUs) - this.#stamp.sentUs);
  }

  /** Sequence numbers say in which order packets were sent, and so do the publisher's own numbers. */
  #isInOrder(number: number): boolean {
    if (this.#stamp.track !== this.#lastEncoding) return true;
    return number > this.#lastNumber === this.#stamp.packet > this.#lastPacket;
  }
}

function publishedTrack({ track }: Stamp): number {
  return Math.floor(track / MAX_ENCODINGS);
}
