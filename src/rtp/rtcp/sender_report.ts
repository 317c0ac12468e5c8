import { readUint32, writeUint32 } from "../bytes.ts";
import { SENDER_REPORT } from "./packet_types.ts";
import { writeRtcpHeader } from "./rtcp_header.ts";
import type { RtcpReader } from "./rtcp_reader.ts";

/** Bytes of a sender report without report blocks. */
export const SENDER_REPORT_LENGTH = 28;

/** The sender information of an SR (RFC 3550 section 6.4.1); its report blocks are read by `ReportBlock`. */
export class SenderReport {
  ssrc = 0;
  /** Wall clock: seconds since 1900 (low 32 bits). */
  ntpSeconds = 0;
  /** Wall clock: fraction of the second in 2^-32 s. */
  ntpFraction = 0;
  /** The same instant in units of the stream's clock rate. */
  rtpTimestamp = 0;
  packetCount = 0;
  /** Bytes of payload, without header and padding. */
  octetCount = 0;

  /** Takes the packet that the reader is at; false, with nothing changed, where that is no sender report. */
  read(reader: RtcpReader): boolean {
    if (reader.packetType !== SENDER_REPORT || reader.length < SENDER_REPORT_LENGTH) return false;
    const { bytes, offset } = reader;
    this.ssrc = reader.senderSsrc;
    this.ntpSeconds = readUint32(bytes, offset + 8);
    this.ntpFraction = readUint32(bytes, offset + 12);
    this.rtpTimestamp = readUint32(bytes, offset + 16);
    this.packetCount = readUint32(bytes, offset + 20);
    this.octetCount = readUint32(bytes, offset + 24);
    return true;
  }

  copy(other: SenderReport): void {
    this.ssrc = other.ssrc;
    this.ntpSeconds = other.ntpSeconds;
    this.ntpFraction = other.ntpFraction;
    this.rtpTimestamp = other.rtpTimestamp;
    this.packetCount = other.packetCount;
    this.octetCount = other.octetCount;
  }
}

/** Writes an SR without report blocks and returns its bytes; 0, with nothing written, where `out` has no room. */
export function writeSenderReport(
  out: Uint8Array,
  offset: number,
  ssrc: number,
  ntpSeconds: number,
  ntpFraction: number,
  rtpTimestamp: number,
  packetCount: number,
  octetCount: number,
): number {
  if (offset + SENDER_REPORT_LENGTH > out.length) return 0;
  writeRtcpHeader(out, offset, 0, SENDER_REPORT, SENDER_REPORT_LENGTH, ssrc);
  writeUint32(out, offset + 8, ntpSeconds);
  writeUint32(out, offset + 12, ntpFraction);
  writeUint32(out, offset + 16, rtpTimestamp);
  writeUint32(out, offset + 20, packetCount);
  writeUint32(out, offset + 24, octetCount);
  return SENDER_REPORT_LENGTH;
}
