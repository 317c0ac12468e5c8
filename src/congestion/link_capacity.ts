/** Weight of a rate at which the queue grew, and of one that a probe measured. */
const OVERUSE_WEIGHT = 0.05;
const PROBE_WEIGHT = 0.5;
/** Of the variance, in kbit/s. */
const FIRST_DEVIATION = 0.4;
const MAX_DEVIATION = 2.5;
/** Standard deviations that a rate may be away from the mean and still be of the same link. */
const WIDTH = 3;

/** What the link seems to carry: the mean of the rates at which it was too much. */
export class LinkCapacity {
  /** In kbit/s; 0 where not known. */
  #mean = 0;
  #deviation = FIRST_DEVIATION;

  get isKnown(): boolean {
    return this.#mean > 0;
  }

  get bitsPerSecond(): number {
    return this.#mean * 1000;
  }

  get lowerBound(): number {
    return Math.max(0, this.#mean - this.#width()) * 1000;
  }

  /** Infinity where not known. */
  get upperBound(): number {
    return this.isKnown ? (this.#mean + this.#width()) * 1000 : Infinity;
  }

  /** Whether a rate is above what it seems to carry by more than a standard deviation, or that is not known. */
  isBelow(bitsPerSecond: number): boolean {
    return !this.isKnown || bitsPerSecond > (this.#mean + this.#width() / WIDTH) * 1000;
  }

  handleOveruse(bitsPerSecond: number): void {
    this.#add(bitsPerSecond / 1000, OVERUSE_WEIGHT);
  }

  handleProbe(bitsPerSecond: number): void {
    this.#add(bitsPerSecond / 1000, PROBE_WEIGHT);
  }

  reset(): void {
    this.#mean = 0;
  }

  #width(): number {
    return WIDTH * Math.sqrt(this.#deviation * this.#mean);
  }

  #add(sample: number, weight: number): void {
    if (!this.isKnown) this.#mean = sample;
    else this.#mean = (1 - weight) * this.#mean + weight * sample;
    const error = this.#mean - sample;
    const deviation = (1 - weight) * this.#deviation + weight * error * error / Math.max(this.#mean, 1);
    this.#deviation = Math.min(Math.max(deviation, FIRST_DEVIATION), MAX_DEVIATION);
  }
}
