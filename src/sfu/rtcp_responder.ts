import { byeSource, byeSourceCount, writeBye } from "../rtp/rtcp/bye.ts";
import {
  dlrrCount,
  dlrrDelay,
  dlrrLastReferenceTime,
  dlrrSsrc,
  ExtendedReportReader,
  receiverReferenceTime,
  writeDlrr,
  writeReceiverReferenceTime,
} from "../rtp/rtcp/extended_report.ts";
import { firEntryCount, firMediaSsrc, writeFir } from "../rtp/rtcp/fir.ts";
import { nackMediaSsrc, writeNack } from "../rtp/rtcp/nack.ts";
import { compactNtp, ntpFraction, ntpSeconds } from "../rtp/rtcp/ntp.ts";
import {
  BYE,
  EXTENDED_REPORT,
  FORMAT_TRANSPORT_WIDE,
  PAYLOAD_FEEDBACK,
  RECEIVER_REPORT,
  SENDER_REPORT,
  TRANSPORT_FEEDBACK,
} from "../rtp/rtcp/packet_types.ts";
import { pliMediaSsrc, writePli } from "../rtp/rtcp/pli.ts";
import { rembBitsPerSecond } from "../rtp/rtcp/remb.ts";
import { MAX_REPORT_BLOCKS, ReportBlock, writeReceiverReport } from "../rtp/rtcp/receiver_report.ts";
import { MAX_COUNT } from "../rtp/rtcp/rtcp_header.ts";
import { RtcpReader } from "../rtp/rtcp/rtcp_reader.ts";
import { writeSourceDescription } from "../rtp/rtcp/sdes.ts";
import { SenderReport } from "../rtp/rtcp/sender_report.ts";
import { TransportFeedbackReader } from "../rtp/rtcp/transport_feedback.ts";
import type { ArrivalLog } from "../stream/arrival_log.ts";
import { elapsedMs, RoundTrip } from "../stream/round_trip.ts";
import type { BandwidthEstimator } from "../congestion/bandwidth_estimator.ts";
import type { Consumer } from "./consumer.ts";
import type { Demux } from "./demux.ts";
import type { FeedbackSender } from "./encoding.ts";
import type { MediaSender } from "./media_sink.ts";
import type { Producer } from "./producer.ts";

/** RFC 3550 section 6.2 scales the interval with the bandwidth; browsers send about one report a second. */
export const REPORT_INTERVAL_MS = 1000;

/** SSRCs that one compound packet says BYE of: what fits a datagram. */
const MAX_BYES = 8 * MAX_COUNT;

/** Packets that one compound packet may ask for: more are missing only where a picture is asked for instead (rule B102). */
export const MAX_ASKED = 1024;

/** Packets that one compound packet may report on: what is sent in 200 ms of 100 Mbit/s. */
export const MAX_REPORTED = 2048;

/** What is written during one call, by whichever responder of this isolate, and what it reads with. */
const out = new Uint8Array(1200);
const scratch = {
  reader: new RtcpReader(),
  senderReport: new SenderReport(),
  block: new ReportBlock(),
  transportFeedback: new TransportFeedbackReader(),
  extended: new ExtendedReportReader(),
};
const NO_BLOCKS: readonly ReportBlock[] = [];
const NO_TIME = -1;

/**
 * Speaks RTCP with one peer: takes its feedback and reports, sends receiver reports and requests for packets and key
 * frames, and measures the round trip.
 */
export class RtcpResponder implements FeedbackSender {
  /** When the next receiver report is due. */
  nextReportMs = 0;
  /** Is told what the peer says of what it was sent; undefined where it is sent nothing. */
  bandwidth: BandwidthEstimator | undefined;
  readonly #demux: Demux;
  /** By SSRC as a signed number: as a key a larger one would be an allocation. */
  readonly #consumersBySsrc: ReadonlyMap<number, Consumer>;
  readonly #sender: MediaSender;
  /** The SSRC that the server's own feedback comes from. */
  readonly #localSsrc: number;
  readonly #cname: Uint8Array;
  readonly #roundTrip = new RoundTrip();
  readonly #blocks: ReportBlock[] = [];
  /** The reference time that the present compound packet tells (RRTR), and whose it is. */
  #referenceTime = NO_TIME;
  #referenceSsrc = 0;
  /** Packets that the present compound packet may still ask for. */
  #mayAsk = 0;
  /** And those that it may still report on. */
  #mayReport = 0;
  /** Whether anything was sent from `#localSsrc`. */
  #hasSpoken = false;

  constructor(
    demux: Demux,
    consumersBySsrc: ReadonlyMap<number, Consumer>,
    sender: MediaSender,
    localSsrc: number,
    cname: string,
  ) {
    this.#demux = demux;
    this.#consumersBySsrc = consumersBySsrc;
    this.#sender = sender;
    this.#localSsrc = localSsrc;
    this.#cname = new TextEncoder().encode(cname);
  }

  /** The time to the peer and back; undefined while it is not known. */
  get roundTripMs(): number | undefined {
    return this.#roundTrip.ms;
  }

  /** Takes one compound packet; what the server does not know in it is passed over. */
  handleRtcp(bytes: Uint8Array, length: number, nowMs: number): void {
    const reader = scratch.reader;
    reader.reset(bytes, length);
    this.#referenceTime = NO_TIME;
    this.#mayAsk = MAX_ASKED;
    this.#mayReport = MAX_REPORTED;
    while (reader.next()) this.#handlePacket(nowMs);
    if (this.#referenceTime !== NO_TIME) this.#sendDlrr();
  }

  /** RFC 4585 section 6.3.1, in a compound packet, as not every peer takes reduced-size RTCP. */
  sendPictureLossIndication(mediaSsrc: number): void {
    const start = this.#writeReport(0, 0);
    this.#send(start + writePli(out, start, this.#localSsrc, mediaSsrc));
  }

  /** RFC 5104 section 4.3.1. */
  sendFullIntraRequest(mediaSsrc: number, sequenceNumber: number): void {
    const start = this.#writeReport(0, 0);
    this.#send(start + writeFir(out, start, this.#localSsrc, mediaSsrc, sequenceNumber));
  }

  /** RFC 4585 section 6.2.1, `sequenceNumbers[0, count)`; 256 of them fit. */
  sendNack(mediaSsrc: number, sequenceNumbers: Uint16Array, count: number): void {
    const start = this.#writeReport(0, 0);
    const length = writeNack(out, start, this.#localSsrc, mediaSsrc, sequenceNumbers, count);
    if (length > 0) this.#send(start + length);
  }

  /**
   * Tells the peer which of its packets came, and when (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1).
   * `mediaSsrc` is one of its own: libwebrtc takes feedback on no other.
   */
  sendTransportFeedback(arrivals: ArrivalLog, mediaSsrc: number, nowMs: number): void {
    while (arrivals.isUnreported) {
      const start = this.#writeReport(0, 0);
      this.#send(start + arrivals.writeReport(out, start, this.#localSsrc, mediaSsrc, nowMs));
    }
  }

  /** Says that what was sent from `ssrcs` is over (RFC 3550 section 6.6): one compound packet, as long as they fit. */
  sendBye(ssrcs: readonly number[]): void {
    for (let start = 0; start < ssrcs.length; start += MAX_BYES) {
      const end = Math.min(start + MAX_BYES, ssrcs.length);
      let length = this.#writeReport(0, 0);
      for (let from = start; from < end; from += MAX_COUNT) {
        length += writeBye(out, length, ssrcs, from, Math.min(MAX_COUNT, end - from));
      }
      this.#send(length);
    }
  }

  /** The peer leaves: BYE of `ssrcs`, and of the server's own feedback if there was any (RFC 3550 section 6.3.7). */
  close(ssrcs: readonly number[]): void {
    this.sendBye(this.#hasSpoken || ssrcs.length > 0 ? [...ssrcs, this.#localSsrc] : []);
  }

  /** Sends receiver reports on the streams of `producers` where they are due, and our time, to be answered by DLRR. */
  handleTimeout(producers: Iterable<Producer>, nowMs: number): void {
    if (nowMs < this.nextReportMs) return;
    this.nextReportMs = nowMs + REPORT_INTERVAL_MS;
    let count = 0;
    for (const producer of producers) {
      for (const encoding of producer.encodings) {
        this.#blocks[count] ??= new ReportBlock();
        if (encoding.report(this.#blocks[count], nowMs)) count++;
      }
    }
    for (let start = 0; start < count; start += MAX_REPORT_BLOCKS) {
      let length = this.#writeReport(start, Math.min(MAX_REPORT_BLOCKS, count - start));
      if (start === 0) length += this.#writeReferenceTime(length, nowMs);
      this.#send(length);
    }
  }

  #handlePacket(nowMs: number): void {
    switch (scratch.reader.packetType) {
      case SENDER_REPORT:
        this.#handleSenderReport(nowMs);
        return this.#handleReportBlocks(nowMs);
      case RECEIVER_REPORT:
        return this.#handleReportBlocks(nowMs);
      case BYE:
        return this.#handleBye(nowMs);
      case TRANSPORT_FEEDBACK:
        if (scratch.reader.count === FORMAT_TRANSPORT_WIDE) return this.#handleTransportFeedback(nowMs);
        return this.#handleNack(nowMs);
      case PAYLOAD_FEEDBACK:
        this.#handleRemb(nowMs);
        return this.#handleKeyFrameRequest(nowMs);
      case EXTENDED_REPORT:
        return this.#handleExtendedReport(nowMs);
    }
  }

  #handleSenderReport(nowMs: number): void {
    const report = scratch.senderReport;
    if (report.read(scratch.reader)) this.#demux.findBySsrc(report.ssrc)?.handleSenderReport(report, nowMs);
  }

  /** What the peer tells of the streams that it receives (RFC 3550 section 6.4.1). */
  #handleReportBlocks(nowMs: number): void {
    const block = scratch.block;
    for (let i = 0; block.read(scratch.reader, i); i++) {
      const consumer = this.#consumersBySsrc.get(block.ssrc | 0);
      if (consumer === undefined) continue;
      consumer.handleLossReport(block.fractionLost, nowMs);
      consumer.producer.counters.lostDownstream += consumer.stream.handleLoss(block.cumulativeLost);
      const packets = consumer.stream.handleReceived(block.extendedSequenceNumber);
      if (packets > 0) this.bandwidth?.handleReportBlock(block.fractionLost, packets, nowMs);
      const sentMs = consumer.stream.reportSentMs(block.lastSenderReport);
      if (sentMs === undefined) continue;
      this.#handleReply(nowMs - sentMs, block.delaySinceLastSenderReport, nowMs);
    }
  }

  #handleReply(elapsedMs: number, delay: number, nowMs: number): void {
    this.#roundTrip.handleReply(elapsedMs, delay, nowMs);
    const { ms } = this.#roundTrip;
    if (ms !== undefined) this.bandwidth?.handleRoundTrip(ms);
  }

  #handleTransportFeedback(nowMs: number): void {
    const { bandwidth } = this;
    const feedback = scratch.transportFeedback;
    if (bandwidth === undefined || !feedback.reset(scratch.reader)) return;
    // Two bytes speak of thousands of packets: what nobody has been sent is not walked through.
    const { statusCount } = feedback;
    if (statusCount > Math.min(this.#mayReport, bandwidth.packetsKnown)) return;
    this.#mayReport -= statusCount;
    bandwidth.beginFeedback(nowMs);
    while (feedback.next()) {
      if (feedback.received) bandwidth.handleReceived(feedback.sequenceNumber, feedback.arrivalTicks);
      else bandwidth.handleMissing(feedback.sequenceNumber);
    }
    bandwidth.endFeedback(nowMs);
  }

  #handleRemb(nowMs: number): void {
    const bitsPerSecond = rembBitsPerSecond(scratch.reader);
    if (bitsPerSecond >= 0) this.bandwidth?.handleRemb(bitsPerSecond, nowMs);
  }

  #handleBye(nowMs: number): void {
    const count = byeSourceCount(scratch.reader);
    for (let i = 0; i < count; i++) {
      const ssrc = byeSource(scratch.reader, i);
      this.#demux.findBySsrc(ssrc)?.handleBye(ssrc, nowMs);
    }
  }

  #handleNack(nowMs: number): void {
    const ssrc = nackMediaSsrc(scratch.reader);
    const consumer = ssrc < 0 ? undefined : this.#consumersBySsrc.get(ssrc | 0);
    if (consumer === undefined) return;
    consumer.producer.counters.nacksDownstream++;
    this.#mayAsk -= consumer.handleNack(scratch.reader, nowMs, this.#roundTrip.ms, this.#mayAsk);
  }

  #handleKeyFrameRequest(nowMs: number): void {
    const ssrc = pliMediaSsrc(scratch.reader);
    const indicated = ssrc < 0 ? undefined : this.#consumersBySsrc.get(ssrc | 0);
    if (indicated !== undefined) {
      indicated.producer.counters.plisDownstream++;
      indicated.requestKeyFrame(nowMs);
    }
    const entries = firEntryCount(scratch.reader);
    for (let i = 0; i < entries; i++) {
      const requested = this.#consumersBySsrc.get(firMediaSsrc(scratch.reader, i) | 0);
      if (requested === undefined) continue;
      requested.producer.counters.firsDownstream++;
      requested.requestKeyFrame(nowMs);
    }
  }

  #handleExtendedReport(nowMs: number): void {
    const block = scratch.extended;
    block.reset(scratch.reader);
    while (block.next()) {
      const time = receiverReferenceTime(block);
      if (time >= 0) {
        this.#referenceTime = time;
        this.#referenceSsrc = scratch.reader.senderSsrc;
      }
      const count = dlrrCount(block);
      for (let i = 0; i < count; i++) if (dlrrSsrc(block, i) === this.#localSsrc) this.#handleDlrr(i, nowMs);
    }
  }

  /** RFC 3611 section 4.5: the peer answers the time that came with a receiver report. */
  #handleDlrr(index: number, nowMs: number): void {
    const sent = dlrrLastReferenceTime(scratch.extended, index);
    if (sent === 0) return;
    const now = compactNtp(ntpSeconds(nowMs), ntpFraction(nowMs));
    this.#handleReply(elapsedMs(sent, now), dlrrDelay(scratch.extended, index), nowMs);
  }

  /** Answers the peer's reference time at once, so that nothing has to be kept; the delay is none. */
  #sendDlrr(): void {
    const start = this.#writeReport(0, 0);
    this.#send(start + writeDlrr(out, start, this.#localSsrc, this.#referenceSsrc, this.#referenceTime, 0));
  }

  /** A receiver report and the CNAME: how every compound packet begins (RFC 3550 section 6.1). */
  #writeReport(start: number, count: number): number {
    const blocks = count === 0 ? NO_BLOCKS : this.#blocks;
    const length = writeReceiverReport(out, 0, this.#localSsrc, blocks, start, count);
    return length + writeSourceDescription(out, length, this.#localSsrc, this.#cname);
  }

  #writeReferenceTime(offset: number, nowMs: number): number {
    return writeReceiverReferenceTime(out, offset, this.#localSsrc, ntpSeconds(nowMs), ntpFraction(nowMs));
  }

  #send(length: number): void {
    this.#hasSpoken = true;
    this.#sender.sendRtcp(out, length);
  }
}
