import type { BandwidthEstimator } from "../../../src/congestion/bandwidth_estimator.ts";

/** What one subscriber knows of what was sent to it, and reports. */
export class FeedbackReceiver {
  /** By unwrapped sequence number: when it came, in ticks of 250 microseconds. */
  readonly #arrivals = new Map<number, number>();
  #reported = -1;
  #newest = -1;
  #clockOffsetMs = 0;
  // For receiver reports.
  #received = 0;
  #reportedNewest = -1;

  /** The receiver's clock goes on from somewhere else. */
  shiftClock(ms: number): void {
    this.#clockOffsetMs += ms;
  }

  handleArrival(index: number, nowMs: number): void {
    this.#received++;
    this.#newest = Math.max(this.#newest, index);
    this.#arrivals.set(index, Math.round((nowMs + this.#clockOffsetMs) * 4) | 0);
  }

  /** A feedback packet about all that came since the last one, from the oldest that is news; undefined for none. */
  feedback(): ((estimator: BandwidthEstimator, nowMs: number) => void) | undefined {
    if (this.#arrivals.size === 0) return undefined;
    let first = this.#reported + 1;
    for (const index of this.#arrivals.keys()) first = Math.min(first, index);
    const results: [number, number | undefined][] = [];
    for (let index = first; index <= this.#newest; index++) results.push([index & 0xffff, this.#arrivals.get(index)]);
    this.#reported = this.#newest;
    this.#arrivals.clear();
    return (estimator, nowMs) => {
      estimator.beginFeedback(nowMs);
      for (const [sequenceNumber, arrival] of results) {
        if (arrival === undefined) estimator.handleMissing(sequenceNumber);
        else estimator.handleReceived(sequenceNumber, arrival);
      }
      estimator.endFeedback(nowMs);
    };
  }

  /** What a receiver report says of the packets since the last one. */
  reportBlock(): { readonly fractionLost256: number; readonly packets: number } {
    const packets = this.#newest - this.#reportedNewest;
    const lost = Math.max(0, packets - this.#received);
    this.#reportedNewest = this.#newest;
    this.#received = 0;
    return { fractionLost256: packets > 0 ? Math.floor(256 * lost / packets) : 0, packets };
  }
}
