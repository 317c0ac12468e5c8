import { ExtendedReportReader, receiverReferenceTime, writeDlrr } from "../../src/rtp/rtcp/extended_report.ts";
import { firEntryCount, firMediaSsrc } from "../../src/rtp/rtcp/fir.ts";
import { pliMediaSsrc, writePli } from "../../src/rtp/rtcp/pli.ts";
import { MAX_REPORT_BLOCKS, ReportBlock, writeReceiverReport } from "../../src/rtp/rtcp/receiver_report.ts";
import { RtcpReader } from "../../src/rtp/rtcp/rtcp_reader.ts";
import { writeSourceDescription } from "../../src/rtp/rtcp/sdes.ts";
import { SenderReport } from "../../src/rtp/rtcp/sender_report.ts";
import type { Generator } from "./media_generators.ts";
import { nackBytes, readNack } from "./nack_feedback.ts";
import { compactNtpTime } from "./ntp_time.ts";
import type { ReceivedStream, StreamFeedback } from "./received_stream.ts";
import type { SentStream } from "./sent_stream.ts";

/** A stream that is sent, and where it comes from. */
export interface Publication {
  readonly stream: SentStream;
  readonly generator: Generator;
}

const CNAME = new TextEncoder().encode("client");
/** What one RTCP packet may hold. */
const MAX_LENGTH = 1200;

/** A client's RTCP: reports once a second, and feedback, which it sends without a report before it (RFC 5506). */
export class RtcpEndpoint implements StreamFeedback {
  /** By SSRC. */
  readonly publications = new Map<number, Publication>();
  readonly streams = new Map<number, ReceivedStream>();
  /** Round trip by the server's report blocks; 100 ms before the first. */
  roundTripMs = 100;
  readonly #ssrc: number;
  readonly #send: (rtcp: Uint8Array) => void;
  readonly #reader = new RtcpReader();
  readonly #report = new SenderReport();
  readonly #block = new ReportBlock();
  readonly #extended = new ExtendedReportReader();

  /** `ssrc` is the one that feedback comes from. */
  constructor(ssrc: number, send: (rtcp: Uint8Array) => void) {
    this.#ssrc = ssrc;
    this.#send = send;
  }

  sendNack(mediaSsrc: number, sequenceNumbers: readonly number[]): void {
    this.#send(nackBytes(this.#ssrc, mediaSsrc, sequenceNumbers));
  }

  sendPictureLossIndication(mediaSsrc: number): void {
    const out = new Uint8Array(MAX_LENGTH);
    this.#send(out.subarray(0, writePli(out, 0, this.#ssrc, mediaSsrc)));
  }

  sendReports(nowMs: number): void {
    for (const { stream } of this.publications.values()) {
      const report = stream.senderReport(nowMs);
      if (report === undefined) continue;
      const out = new Uint8Array(MAX_LENGTH);
      out.set(report);
      this.#send(out.subarray(0, report.length + writeSourceDescription(out, report.length, stream.ssrc, CNAME)));
    }
    this.#sendReceiverReport(nowMs);
  }

  handleRtcp(bytes: Uint8Array, nowMs: number): void {
    const reader = this.#reader;
    reader.reset(bytes, bytes.length);
    while (reader.next()) {
      if (this.#report.read(reader)) {
        const { ssrc, ntpSeconds, ntpFraction } = this.#report;
        this.streams.get(ssrc)?.statistics.handleSenderReport(ntpSeconds, ntpFraction, nowMs);
      }
      for (let i = 0; this.#block.read(reader, i); i++) this.#measureRoundTrip(nowMs);
      this.#handleFeedback(nowMs);
      this.#answerReferenceTime();
    }
  }

  /** RFC 3611 section 4.5, as browsers do, except that they wait for their next report. */
  #answerReferenceTime(): void {
    const block = this.#extended;
    block.reset(this.#reader);
    while (block.next()) {
      const time = receiverReferenceTime(block);
      if (time < 0) continue;
      const out = new Uint8Array(24);
      this.#send(out.subarray(0, writeDlrr(out, 0, this.#ssrc, this.#reader.senderSsrc, time, 0)));
    }
  }

  /** RFC 3550 section 6.4.1. */
  #measureRoundTrip(nowMs: number): void {
    const { ssrc, lastSenderReport, delaySinceLastSenderReport } = this.#block;
    if (lastSenderReport === 0 || !this.publications.has(ssrc)) return;
    const roundTrip = (compactNtpTime(nowMs) - lastSenderReport - delaySinceLastSenderReport) | 0;
    this.roundTripMs = Math.max(0, (roundTrip * 1000) / 65_536);
  }

  #handleFeedback(nowMs: number): void {
    const nack = readNack(this.#reader);
    if (nack !== undefined) {
      this.publications.get(nack.mediaSsrc)?.stream.handleNack(nack.sequenceNumbers, this.roundTripMs, nowMs);
    }
    this.#requestKeyFrame(pliMediaSsrc(this.#reader), nowMs);
    for (let i = 0; i < firEntryCount(this.#reader); i++) this.#requestKeyFrame(firMediaSsrc(this.#reader, i), nowMs);
  }

  #requestKeyFrame(mediaSsrc: number, nowMs: number): void {
    const publication = this.publications.get(mediaSsrc);
    publication?.stream.keyFrameRequestsMs.push(nowMs);
    publication?.generator.requestKeyFrame();
  }

  #sendReceiverReport(nowMs: number): void {
    const blocks: ReportBlock[] = [];
    for (const { ssrc, statistics } of this.streams.values()) {
      const block = new ReportBlock();
      block.ssrc = ssrc;
      if (statistics.report(block, nowMs)) blocks.push(block);
    }
    for (let start = 0; start < blocks.length; start += MAX_REPORT_BLOCKS) {
      const out = new Uint8Array(MAX_LENGTH);
      const count = Math.min(MAX_REPORT_BLOCKS, blocks.length - start);
      const length = writeReceiverReport(out, 0, this.#ssrc, blocks, start, count);
      this.#send(out.subarray(0, length + writeSourceDescription(out, length, this.#ssrc, CNAME)));
    }
  }
}
