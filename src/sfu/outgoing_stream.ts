import { compactNtp } from "../rtp/rtcp/ntp.ts";
import { writeSourceDescription } from "../rtp/rtcp/sdes.ts";
import { type SenderReport, writeSenderReport } from "../rtp/rtcp/sender_report.ts";
import { SentReports } from "../stream/round_trip.ts";
import { StreamRewriter } from "../stream/rewriter.ts";
import type { MediaSender } from "./media_sink.ts";
import type { RandomSource } from "./random.ts";
import type { Kind } from "./types.ts";

/** A sender report and a CNAME of 64 bytes fit. */
const REPORT_LENGTH = 128;
/** Of all streams, during one call. */
const out = new Uint8Array(REPORT_LENGTH);

export interface OutgoingStreamOptions {
  readonly ssrc: number;
  /** Of its retransmissions (RFC 4588); undefined where the subscriber takes none. */
  readonly rtxSsrc: number | undefined;
  readonly kind: Kind;
  /** Hz, of the first codec that it may carry. */
  readonly clockRate: number;
  readonly random: RandomSource;
}

/**
 * What one subscriber receives under one SSRC: one stream, whichever tracks it carries one after the other. A consumer
 * feeds it, and the next consumer goes on where the last one ended.
 */
export class OutgoingStream {
  // As signed numbers, which V8 keeps in the fields themselves.
  readonly ssrcBits: number;
  readonly #rtxSsrcBits: number;
  readonly #hasRtx: boolean;
  readonly rewriter: StreamRewriter;
  /** Made with the first report. */
  #sentReports: SentReports | undefined;
  /** Of the next retransmission. */
  rtxSequenceNumber: number;
  /** How many packets behind the newest the next one is that is sent again for a probe. */
  probes = 0;
  /** RTP packets and payload bytes sent, for sender reports: modulo 2^32, the bytes as a signed number. */
  packetsSent = 0;
  bytesSent = 0;
  /** Packets that the subscriber has reported lost, at the most. */
  lost = 0;
  /** The newest packet that the subscriber has reported, with its cycles. */
  #reported: number | undefined;
  readonly #kind: Kind;

  constructor({ ssrc, rtxSsrc, kind, clockRate, random }: OutgoingStreamOptions) {
    this.ssrcBits = ssrc | 0;
    this.#hasRtx = rtxSsrc !== undefined;
    this.#rtxSsrcBits = (rtxSsrc ?? 0) | 0;
    this.#kind = kind;
    // RFC 3550 section 5.1 wants both starts random; half of the range keeps an early wrap out of SRTP's first packets.
    this.rewriter = new StreamRewriter(
      random.uint32() & 0x7fff,
      random.uint32(),
      clockRate,
      this.#minimumStep(clockRate),
    );
    this.rtxSequenceNumber = random.uint32() & 0x7fff;
  }

  get ssrc(): number {
    return this.ssrcBits >>> 0;
  }

  get rtxSsrc(): number | undefined {
    return this.#hasRtx ? this.#rtxSsrcBits >>> 0 : undefined;
  }

  /** Another consumer feeds it, with timestamps of `clockRate` Hz. */
  switchTo(clockRate: number): void {
    this.rewriter.switchTo(clockRate, this.#minimumStep(clockRate));
  }

  /** Sends the report of what feeds it, where that is the one of `report`, with this stream's SSRC, timestamp and counts. */
  sendSenderReport(
    report: SenderReport,
    cname: Uint8Array,
    sender: Pick<MediaSender, "sendRtcp">,
    nowMs: number,
  ): void {
    const { rewriter, ssrc } = this;
    if (rewriter.sourceSsrc !== report.ssrc) return;
    const length = writeSenderReport(
      out,
      0,
      ssrc,
      report.ntpSeconds,
      report.ntpFraction,
      rewriter.translateTimestamp(report.rtpTimestamp),
      this.packetsSent >>> 0,
      this.bytesSent >>> 0,
    );
    sender.sendRtcp(out, length + writeSourceDescription(out, length, ssrc, cname));
    this.#sentReports ??= new SentReports();
    this.#sentReports.handleSent(compactNtp(report.ntpSeconds, report.ntpFraction), nowMs);
  }

  /** When the report went out that a report block names by LSR (RFC 3550 section 6.4.1); undefined where that is not known. */
  reportSentMs(lastSenderReport: number): number | undefined {
    return this.#sentReports?.sentMs(lastSenderReport);
  }

  /**
   * Takes the `cumulativeLost` of a report (RFC 3550 section 6.4.1), which duplicates may lower, and returns how many more
   * are lost than were ever told. What a subscriber tells is believed up to what was sent.
   */
  handleLoss(cumulativeLost: number): number {
    const more = Math.min(cumulativeLost, this.packetsSent) - this.lost;
    if (more <= 0) return 0;
    this.lost += more;
    return more;
  }

  /**
   * Takes the extended sequence number of a report, and returns how many packets it is about, received or lost: those since
   * the report before it.
   */
  handleReceived(extendedSequenceNumber: number): number {
    const packets = this.#reported === undefined ? 0 : (extendedSequenceNumber - this.#reported) | 0;
    this.#reported = extendedSequenceNumber;
    return Math.min(packets, this.packetsSent);
  }

  /** Those under which something was sent: who was never heard says no BYE (RFC 3550 section 6.3.7). */
  get usedSsrcs(): readonly number[] {
    return this.packetsSent > 0 ? this.ssrcs : [];
  }

  get ssrcs(): readonly number[] {
    return this.rtxSsrc === undefined ? [this.ssrc] : [this.ssrc, this.rtxSsrc];
  }

  /** Audio of two sources must not overlap at a switch: it moves on by a frame of 20 ms at least. */
  #minimumStep(clockRate: number): number {
    return this.#kind === "audio" ? clockRate / 50 : 1;
  }
}
