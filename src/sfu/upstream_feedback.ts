import { readTransportSequenceNumber } from "../rtp/header_extension.ts";
import type { RtpRun } from "../rtp/packet.ts";
import { ArrivalLog } from "../stream/arrival_log.ts";
import { extensionId, TRANSPORT_WIDE_URI } from "./header_extensions.ts";
import type { RtcpResponder } from "./rtcp_responder.ts";
import type { HeaderExtension } from "./types.ts";

/** Tells one peer when each of its packets came, where its packets are numbered for that. */
export class UpstreamFeedback {
  readonly #rtcp: Pick<RtcpResponder, "sendTransportFeedback">;
  /** Made with the first m-line that has numbers. */
  #arrivals: ArrivalLog | undefined;
  #extensionId = 0;
  /** Of the newest packet: as a signed number, which V8 keeps in the field itself. */
  #mediaSsrc = 0;

  constructor(rtcp: Pick<RtcpResponder, "sendTransportFeedback">) {
    this.#rtcp = rtcp;
  }

  /** Whether an m-line had numbers. */
  get hasNumbers(): boolean {
    return this.#arrivals !== undefined;
  }

  /** An m-line on which the peer publishes has these. One BUNDLE group means one id on all of them (RFC 8843 section 9.1). */
  handleExtensions(extensions: readonly HeaderExtension[]): void {
    const id = extensionId(extensions, TRANSPORT_WIDE_URI);
    if (id === 0) return;
    this.#extensionId = id;
    this.#arrivals ??= new ArrivalLog();
  }

  /** Takes packets of whatever stream: retransmissions and probes are numbered as well. */
  handleRtp(run: RtpRun, nowMs: number): void {
    const arrivals = this.#arrivals;
    if (arrivals === undefined) return;
    for (let i = 0; i < run.count; i++) {
      const packet = run.packets[i];
      const number = readTransportSequenceNumber(packet, this.#extensionId);
      if (number < 0) continue;
      arrivals.handleArrival(number, nowMs);
      this.#mediaSsrc = packet.ssrc | 0;
    }
  }

  nextTimeout(): number {
    return this.#arrivals?.nextReportMs ?? Infinity;
  }

  handleTimeout(nowMs: number): void {
    const arrivals = this.#arrivals;
    if (arrivals === undefined || nowMs < arrivals.nextReportMs) return;
    this.#rtcp.sendTransportFeedback(arrivals, this.#mediaSsrc >>> 0, nowMs);
  }
}
