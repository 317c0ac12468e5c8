import { Histogram, type HistogramFigures } from "../media/histogram.ts";
import type { Clock } from "./clock.ts";

/** How often it is looked: what blocks the isolate for longer is seen, at the cost of a thousandth of a core. */
export const LAG_INTERVAL_MS = 20;

/** Upper bounds of the buckets of the lag, in ms. */
export const LAG_BOUNDS_MS: readonly number[] = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000];

export interface LagFigures {
  readonly lag: HistogramFigures;
  /** The longest since the figures were asked for last, in ms. */
  readonly longestMs: number;
}

/**
 * How late timers of this isolate are: for so long everything else that it has to do waits too. Deno's
 * monitorEventLoopDelay does not see it.
 */
export class LoopLag {
  readonly #clock: Clock;
  readonly #lag = new Histogram(LAG_BOUNDS_MS);
  #longestMs = 0;
  #timer: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Measures from now on, until `stop`. */
  start(): void {
    this.#timer ??= this.#wait();
  }

  stop(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** What was measured until now; the longest lag begins anew. */
  take(): LagFigures {
    const longestMs = this.#longestMs;
    this.#longestMs = 0;
    return { lag: this.#lag.figures, longestMs };
  }

  #wait(): number {
    const dueMs = this.#clock.now() + LAG_INTERVAL_MS;
    return this.#clock.setTimeout(() => {
      const lateMs = this.#clock.now() - dueMs;
      this.#lag.observe(lateMs);
      this.#longestMs = Math.max(this.#longestMs, lateMs);
      this.#timer = this.#wait();
    }, LAG_INTERVAL_MS);
  }
}
