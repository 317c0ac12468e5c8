/** What nobody wants any more is wanted for so long all the same: who switches back costs no start. */
const LINGER_MS = 1000;

/** Of which encodings of a track somebody wants packets, as its publisher is told: what begins at once, what ends later. */
export class WantedEncodings {
  /** By the index of the encoding: until when it counts as wanted; Infinity where somebody wants it. */
  readonly #untilMs: number[];
  readonly #told: boolean[];
  #nextCheckMs = Infinity;
  #tellsAgain = false;

  /** All of `count` encodings are wanted at first, so the publisher begins, or none. */
  constructor(count: number, areWanted = true) {
    this.#untilMs = new Array(count).fill(areWanted ? Infinity : -Infinity);
    this.#told = new Array(count).fill(areWanted);
  }

  /** Consumers have come, gone or changed: `handleTimeout` is due. */
  checkSoon(): void {
    this.#nextCheckMs = -Infinity;
  }

  /** What was told may be lost: `handleTimeout` is due, and true whatever has changed. */
  tellAgain(): void {
    this.#tellsAgain = true;
    this.checkSoon();
  }

  nextTimeout(): number {
    return this.#nextCheckMs;
  }

  /** True where `isTold` says something else than before, or is to be told again. */
  handleTimeout(isWanted: (index: number) => boolean, nowMs: number): boolean {
    if (nowMs < this.#nextCheckMs) return false;
    this.#nextCheckMs = Infinity;
    let changed = this.#tellsAgain;
    this.#tellsAgain = false;
    for (let index = 0; index < this.#told.length; index++) {
      if (isWanted(index)) this.#untilMs[index] = Infinity;
      else if (this.#untilMs[index] === Infinity) this.#untilMs[index] = nowMs + LINGER_MS;
      const counts = nowMs < this.#untilMs[index];
      if (counts && this.#untilMs[index] < Infinity) {
        this.#nextCheckMs = Math.min(this.#nextCheckMs, this.#untilMs[index]);
      }
      changed ||= counts !== this.#told[index];
      this.#told[index] = counts;
    }
    return changed;
  }

  /** Whether the publisher is to send the encoding. */
  isTold(index: number): boolean {
    return this.#told[index];
  }
}
