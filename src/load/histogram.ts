import type { Percentiles } from "./replies.ts";

/** Microseconds of the finest bucket. */
const UNIT_US = 50;
/** Buckets of one unit; behind them each octave has half as many. */
const LINEAR = 256;
const HALF = LINEAR / 2;
const LINEAR_BITS = 8;
/** Up to 50 us * 2^21, 100 s. */
const MAX_UNITS = 2 ** 21 - 1;
const BUCKETS = LINEAR + (21 - LINEAR_BITS) * HALF;

/** Durations in buckets of 0.05 ms below 12.8 ms, of less than 1% of the duration above. Adding one allocates nothing. */
export class Histogram {
  count = 0;
  readonly #buckets = new Uint32Array(BUCKETS);
  #maxUs = 0;

  /** A duration below 0 counts as 0. */
  add(us: number): void {
    const units = Math.min(Math.max(us / UNIT_US, 0), MAX_UNITS) | 0;
    this.#buckets[bucketOf(units)]++;
    this.count++;
    if (us > this.#maxUs) this.#maxUs = us;
  }

  /** In ms: the duration that `fraction` of all do not exceed, up to the width of a bucket; 0 where there are none. */
  quantile(fraction: number): number {
    const rank = Math.max(1, Math.ceil(fraction * this.count));
    let passed = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      passed += this.#buckets[bucket];
      if (passed >= rank) return Math.min(endOf(bucket) * UNIT_US, this.#maxUs) / 1000;
    }
    return 0;
  }

  get percentiles(): Percentiles {
    return { p50: this.quantile(0.5), p99: this.quantile(0.99), max: this.#maxUs / 1000 };
  }

  clear(): void {
    this.#buckets.fill(0);
    this.count = 0;
    this.#maxUs = 0;
  }
}

function bucketOf(units: number): number {
  if (units < LINEAR) return units;
  // The bits that stand above the eight that the buckets of an octave tell apart.
  const shift = 32 - LINEAR_BITS - Math.clz32(units);
  return LINEAR + (shift - 1) * HALF + (units >>> shift) - HALF;
}

/** In units: where the bucket ends. */
function endOf(bucket: number): number {
  if (bucket < LINEAR) return bucket + 1;
  const octave = Math.floor((bucket - LINEAR) / HALF);
  return (HALF + ((bucket - LINEAR) % HALF) + 1) * 2 ** (octave + 1);
}
