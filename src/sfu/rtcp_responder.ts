import { firEntryCount, firMediaSsrc } from "../rtp/rtcp/fir.ts";
import { nackMediaSsrc, writeNack } from "../rtp/rtcp/nack.ts";
import { pliMediaSsrc, writePli } from "../rtp/rtcp/pli.ts";
import { MAX_REPORT_BLOCKS, ReportBlock, writeReceiverReport } from "../rtp/rtcp/receiver_report.ts";
import { RtcpReader } from "../rtp/rtcp/rtcp_reader.ts";
import { writeSourceDescription } from "../rtp/rtcp/sdes.ts";
import { SenderReport } from "../rtp/rtcp/sender_report.ts";
import type { Consumer } from "./consumer.ts";
import type { Demux } from "./demux.ts";
import type { MediaSender } from "./media_sink.ts";
import type { FeedbackSender, Producer } from "./producer.ts";

/** RFC 3550 section 6.2 scales the interval with the bandwidth; browsers send about one report a second. */
export const REPORT_INTERVAL_MS = 1000;

const NO_BLOCKS: readonly ReportBlock[] = [];

/** Speaks RTCP with one peer: takes its feedback and sender reports, sends receiver reports and key-frame requests. */
export class RtcpResponder implements FeedbackSender {
  /** When the next receiver report is due. */
  nextReportMs = 0;
  readonly #demux: Demux;
  readonly #consumersBySsrc: ReadonlyMap<number, Consumer>;
  readonly #sender: MediaSender;
  /** The SSRC that the server's own feedback comes from. */
  readonly #localSsrc: number;
  readonly #cname: string;
  readonly #reader = new RtcpReader();
  readonly #report = new SenderReport();
  readonly #blocks: ReportBlock[] = [];
  readonly #out = new Uint8Array(1200);

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
    this.#cname = cname;
  }

  /** Takes one compound packet; what the server does not know in it is passed over. */
  handleRtcp(bytes: Uint8Array, length: number, nowMs: number): void {
    const reader = this.#reader;
    reader.reset(bytes, length);
    while (reader.next()) {
      if (this.#report.read(reader)) this.#demux.findBySsrc(this.#report.ssrc)?.handleSenderReport(this.#report, nowMs);
      else this.#handleFeedback(nowMs);
    }
  }

  /** RFC 4585 section 6.3.1, in a compound packet, as not every peer takes reduced-size RTCP. */
  sendPictureLossIndication(mediaSsrc: number): void {
    const start = this.#writeReport(0, 0);
    this.#sender.sendRtcp(this.#out, start + writePli(this.#out, start, this.#localSsrc, mediaSsrc));
  }

  /** RFC 4585 section 6.2.1, `sequenceNumbers[0, count)`; 256 of them fit. */
  sendNack(mediaSsrc: number, sequenceNumbers: Uint16Array, count: number): void {
    const start = this.#writeReport(0, 0);
    const length = writeNack(this.#out, start, this.#localSsrc, mediaSsrc, sequenceNumbers, count);
    if (length > 0) this.#sender.sendRtcp(this.#out, start + length);
  }

  /** Sends receiver reports on the streams of `producers` where they are due. */
  handleTimeout(producers: Iterable<Producer>, nowMs: number): void {
    if (nowMs < this.nextReportMs) return;
    this.nextReportMs = nowMs + REPORT_INTERVAL_MS;
    let count = 0;
    for (const producer of producers) {
      if (producer.ssrc === undefined) continue;
      this.#blocks[count] ??= new ReportBlock();
      this.#blocks[count].ssrc = producer.ssrc;
      if (producer.statistics.report(this.#blocks[count], nowMs)) count++;
    }
    for (let start = 0; start < count; start += MAX_REPORT_BLOCKS) {
      this.#sender.sendRtcp(this.#out, this.#writeReport(start, Math.min(MAX_REPORT_BLOCKS, count - start)));
    }
  }

  #handleFeedback(nowMs: number): void {
    const ssrc = pliMediaSsrc(this.#reader);
    if (ssrc >= 0) this.#consumersBySsrc.get(ssrc)?.requestKeyFrame(nowMs);
    const nacked = nackMediaSsrc(this.#reader);
    if (nacked >= 0) this.#consumersBySsrc.get(nacked)?.handleNack(this.#reader, nowMs);
    const entries = firEntryCount(this.#reader);
    for (let i = 0; i < entries; i++) {
      this.#consumersBySsrc.get(firMediaSsrc(this.#reader, i))?.requestKeyFrame(nowMs);
    }
  }

  /** A receiver report and the CNAME: how every compound packet begins (RFC 3550 section 6.1). */
  #writeReport(start: number, count: number): number {
    const blocks = count === 0 ? NO_BLOCKS : this.#blocks;
    const length = writeReceiverReport(this.#out, 0, this.#localSsrc, blocks, start, count);
    return length + writeSourceDescription(this.#out, length, this.#localSsrc, this.#cname);
  }
}
