/** What a sender report says of a stream: one instant by the wall clock and by its timestamps (RFC 3550 section 6.4.1). */
export interface ReportedInstant {
  readonly ntpSeconds: number;
  readonly ntpFraction: number;
  readonly rtpTimestamp: number;
}

/**
 * Where sources of one publisher lie in an outgoing stream, by the wall clock that their sender reports share. It begins
 * with the first source and stays: however often the stream switches, no error adds up.
 */
export class Timeline {
  readonly #clockRate: number;
  /** One instant by the wall clock, and the outgoing timestamp of it. */
  #seconds = 0;
  #fraction = 0;
  #timestamp = 0;
  #begun = false;

  /** `clockRate` in Hz, of all sources. */
  constructor(clockRate: number) {
    this.#clockRate = clockRate;
  }

  get begun(): boolean {
    return this.#begun;
  }

  /** The stream's timestamps are those of a source with this report, plus `offset`, modulo 2^32. */
  begin(report: ReportedInstant, offset: number): void {
    this.#begun = true;
    this.#seconds = report.ntpSeconds;
    this.#fraction = report.ntpFraction;
    this.#timestamp = (report.rtpTimestamp + offset) | 0;
  }

  /** The sources so far are not those of what comes: another publisher's, or without reports. */
  reset(): void {
    this.#begun = false;
  }

  /** The outgoing timestamp (32 bits) of `timestamp` of a source that has this report. */
  translate(report: ReportedInstant, timestamp: number): number {
    const seconds = (report.ntpSeconds - this.#seconds) | 0;
    const elapsed = seconds + (report.ntpFraction - this.#fraction) / 2 ** 32;
    const step = Math.round(elapsed * this.#clockRate) + ((timestamp - report.rtpTimestamp) | 0);
    return (this.#timestamp + step) >>> 0;
  }
}
