/** A longer round trip is a lie or a mistake: nobody talks over such a path. */
const MAX_ROUND_TRIP_MS = 10_000;
/** Receivers report about once a second on each stream, so that a few reports fall into a window even where some are lost. */
const WINDOW_MS = 4_000;
/** Sender reports of one stream whose times are known: those of the last seconds, as browsers send about one a second. */
const REMEMBERED_REPORTS = 8;
/** Units of LSR, DLSR, LRR and DLRR in a millisecond. */
const UNITS_PER_MS = 65.536;

/**
 * The time to a peer and back: the least that was measured in the present window of 4 s and the one before.
 *
 * It is made for the decision whether what was sent again may still be on its way. A sample is never shorter than the path
 * at that moment, but often longer: reports wait in queues and for their turn. Too long a value refuses the repeat of what
 * is lost, which costs the subscriber a round trip; too short a one sends a packet twice. So the least is right, and not a
 * mean. Two windows let a path that became longer show within some 8 s.
 */
export class RoundTrip {
  #windowMs = -Infinity;
  #least = Infinity;
  #leastBefore = Infinity;

  /** Undefined before the first sample; the last one known where none came since. */
  get ms(): number | undefined {
    const least = Math.min(this.#least, this.#leastBefore);
    return least === Infinity ? undefined : least;
  }

  /**
   * Takes a reply that came `elapsedMs` after what it answers was sent; the other side kept it for `delay`, in 1/65536 s
   * (RFC 3550 section 6.4.1, RFC 3611 section 4.5). What comes out below 0 or above 10 s is ignored.
   */
  handleReply(elapsedMs: number, delay: number, nowMs: number): void {
    const sampleMs = elapsedMs - delay / UNITS_PER_MS;
    if (!(sampleMs >= 0 && sampleMs <= MAX_ROUND_TRIP_MS)) return;
    if (nowMs - this.#windowMs >= WINDOW_MS) this.#turn(nowMs);
    this.#least = Math.min(this.#least, sampleMs);
  }

  /** Begins a window; what is older than the last one is forgotten. */
  #turn(nowMs: number): void {
    this.#leastBefore = nowMs - this.#windowMs < 2 * WINDOW_MS ? this.#least : Infinity;
    this.#least = Infinity;
    this.#windowMs = nowMs;
  }
}

/** When the last sender reports of one stream were sent, by the middle 32 bits of their NTP timestamps. */
export class SentReports {
  readonly #timestamps = new Uint32Array(REMEMBERED_REPORTS);
  readonly #sentMs = new Float64Array(REMEMBERED_REPORTS);
  #next = 0;

  handleSent(timestamp: number, nowMs: number): void {
    this.#timestamps[this.#next] = timestamp;
    this.#sentMs[this.#next] = nowMs;
    this.#next = (this.#next + 1) % REMEMBERED_REPORTS;
  }

  /**
   * When the report that a receiver names by LSR was sent. Undefined for 0, which names none, for one that is not
   * remembered, and where several had that timestamp.
   */
  sentMs(lastSenderReport: number): number | undefined {
    if (lastSenderReport === 0) return undefined;
    const slot = this.#timestamps.indexOf(lastSenderReport);
    if (slot < 0 || this.#timestamps.indexOf(lastSenderReport, slot + 1) >= 0) return undefined;
    return this.#sentMs[slot];
  }
}

/** The milliseconds from one moment to another; both are the middle 32 bits of NTP timestamps, so 18 hours at most. */
export function elapsedMs(from: number, to: number): number {
  return ((to - from) >>> 0) / UNITS_PER_MS;
}
