import type { GroupDeltas, Trendline } from "./trendline.ts";

/** A trend counts in full once it is one of so many groups. */
const FULL_COUNT = 60;
/** Of the trend, to compare it with a threshold in milliseconds. */
const GAIN = 4;
const FIRST_THRESHOLD = 12.5;
const MIN_THRESHOLD = 6;
const MAX_THRESHOLD = 600;
/** How fast the threshold follows a larger trend, and a smaller one, for each millisecond. */
const RISE = 0.0087;
const FALL = 0.039;
/** A trend that is so far above the threshold is a spike, which the threshold does not follow. */
const MAX_ADAPTED = 15;
const MAX_STEP_MS = 100;
/** Overuse lasts this long before it counts. */
const OVERUSE_MS = 10;

export type Usage = "normal" | "over" | "under";

/** `Trendline`, as far as it is asked here. */
export type Trend = Pick<Trendline, "slope" | "count">;

/**
 * Tells from the trend of the delay whether the way is used beyond what it carries. The threshold adapts, so that flows
 * beside one that fills the queue are not starved (draft-ietf-rmcat-gcc-02 section 5.4).
 */
export class OveruseDetector {
  usage: Usage = "normal";
  #threshold = FIRST_THRESHOLD;
  #adaptedMs = -1;
  /** How long the trend has been above the threshold, and for how many groups; -1: it is not. */
  #overMs = -1;
  #overCount = 0;
  #previousTrend = 0;
  #nowMs = 0;

  /** What is told of trends from now on, until the next time, is told at `nowMs`. */
  beginFeedback(nowMs: number): void {
    this.#nowMs = nowMs;
  }

  /** Takes the trend after one more group: of objects, since numbers with a fraction that are handed on are allocated. */
  handleTrend({ slope: trend, count }: Trend, deltas: GroupDeltas): void {
    if (count < 2) {
      this.usage = "normal";
      return;
    }
    const modified = Math.min(count, FULL_COUNT) * trend * GAIN;
    if (modified > this.#threshold) this.#handleOver(trend, deltas.sendDeltaMs);
    else {
      this.#overMs = -1;
      this.#overCount = 0;
      this.usage = modified < -this.#threshold ? "under" : "normal";
    }
    this.#previousTrend = trend;
    this.#adapt(Math.abs(modified));
  }

  /** Reads what a report needs of it: see `BandwidthEstimator`. */
  readAhead(): number {
    return (this.#threshold + this.#previousTrend + this.#adaptedMs) | 0;
  }

  reset(): void {
    this.usage = "normal";
    this.#threshold = FIRST_THRESHOLD;
    this.#adaptedMs = -1;
    this.#overMs = -1;
    this.#overCount = 0;
    this.#previousTrend = 0;
  }

  #handleOver(trend: number, sendDeltaMs: number): void {
    this.#overMs = this.#overMs < 0 ? sendDeltaMs / 2 : this.#overMs + sendDeltaMs;
    this.#overCount++;
    if (this.#overMs <= OVERUSE_MS || this.#overCount < 2 || trend < this.#previousTrend) return;
    this.#overMs = 0;
    this.#overCount = 0;
    this.usage = "over";
  }

  #adapt(trend: number): void {
    const elapsedMs = this.#adaptedMs < 0 ? 0 : Math.min(this.#nowMs - this.#adaptedMs, MAX_STEP_MS);
    this.#adaptedMs = this.#nowMs;
    if (trend > this.#threshold + MAX_ADAPTED) return;
    const speed = trend < this.#threshold ? FALL : RISE;
    const threshold = this.#threshold + speed * (trend - this.#threshold) * elapsedMs;
    this.#threshold = Math.min(Math.max(threshold, MIN_THRESHOLD), MAX_THRESHOLD);
  }
}
