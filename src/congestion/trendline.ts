/** Groups of packets that the line is fitted to. */
const WINDOW = 20;
/** Weight of what was before, for each group. */
const SMOOTHING = 0.9;
/** Numbers that lie side by side in what is fetched at once. */
const AHEAD_STEP = 8;

/** How much later than the group before it a group arrived, and was sent. */
export interface GroupDeltas {
  readonly arrivalDeltaMs: number;
  readonly sendDeltaMs: number;
}

/**
 * The trend of the one-way delay of one subscriber's packets: the slope of a line through the smoothed sum of the
 * differences between arrival and send intervals, in milliseconds of delay for each millisecond. 0.1 says that a tenth
 * more arrives at a queue than leaves it.
 */
export class Trendline {
  slope = 0;
  /** Groups taken. */
  count = 0;
  /** A time and a delay for each group, side by side: one array is less memory to touch than two. */
  readonly #points = new Float64Array(2 * WINDOW);
  /** Arrival of the newest group, after that of the first one. */
  #timeMs = 0;
  #delayMs = 0;
  #smoothedMs = 0;

  /** Takes the deltas of one group: of an object, since numbers with a fraction that are handed on are allocated. */
  add({ arrivalDeltaMs, sendDeltaMs }: GroupDeltas): void {
    const at = 2 * (this.count % WINDOW);
    this.count++;
    this.#timeMs += arrivalDeltaMs;
    this.#delayMs += arrivalDeltaMs - sendDeltaMs;
    this.#smoothedMs = SMOOTHING * this.#smoothedMs + (1 - SMOOTHING) * this.#delayMs;
    this.#points[at] = this.#timeMs;
    this.#points[at + 1] = this.#smoothedMs;
    if (this.count >= WINDOW) this.#fit();
  }

  /** Reads what a report needs of it: see `BandwidthEstimator`. */
  readAhead(): number {
    let sum = this.slope + this.#smoothedMs;
    for (let at = 0; at < 2 * WINDOW; at += AHEAD_STEP) sum += this.#points[at];
    return sum | 0;
  }

  reset(): void {
    this.slope = 0;
    this.count = 0;
    this.#timeMs = 0;
    this.#delayMs = 0;
    this.#smoothedMs = 0;
  }

  /** Least squares. Where all groups arrived at once the slope stays as it is. */
  #fit(): void {
    const points = this.#points;
    let timeSum = 0;
    let delaySum = 0;
    for (let at = 0; at < 2 * WINDOW; at += 2) {
      timeSum += points[at];
      delaySum += points[at + 1];
    }
    const timeMean = timeSum / WINDOW;
    const delayMean = delaySum / WINDOW;
    let numerator = 0;
    let denominator = 0;
    for (let at = 0; at < 2 * WINDOW; at += 2) {
      const time = points[at] - timeMean;
      numerator += time * (points[at + 1] - delayMean);
      denominator += time * time;
    }
    if (denominator > 0) this.slope = numerator / denominator;
  }
}
