/** What a histogram has counted. */
export interface HistogramFigures {
  /** For each bound, and behind the last one: durations up to it and above the one before. */
  readonly counts: readonly number[];
  /** Of all durations, in ms. */
  readonly sumMs: number;
}

/** Durations counted in buckets. To observe one allocates nothing. */
export class Histogram {
  readonly #bounds: readonly number[];
  /** Beyond 32 bits too. */
  readonly #counts: Float64Array;
  readonly #sum = new Float64Array(1);

  /** `bounds` in ms, rising. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  /** A duration below 0 counts as 0. */
  observe(ms: number): void {
    const bounds = this.#bounds;
    let at = 0;
    while (at < bounds.length && ms > bounds[at]) at++;
    this.#counts[at]++;
    if (ms > 0) this.#sum[0] += ms;
  }

  get figures(): HistogramFigures {
    return { counts: [...this.#counts], sumMs: this.#sum[0] };
  }
}
