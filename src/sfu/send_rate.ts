/** Between two measures at least: of less time a rate says little. */
const MIN_STEP_MS = 400;
/** Of a measure against those before it. */
const SHARE = 0.5;
/** After so many measures in a row of something a change at their beginning is nearly out of the mean. */
const STEADY_MEASURES = 4;

/** What is sent of one track, by a counter that is looked at from time to time: so packets cost nothing. */
export class SendRate {
  bitsPerSecond = 0;
  #bytes = 0;
  #measures = 0;
  #lookedMs = -Infinity;

  /** Whether the rate says what is sent: not where nothing is, or where that has begun a moment ago. */
  get isSteady(): boolean {
    return this.#measures >= STEADY_MEASURES;
  }

  /** `bytes` is all that was sent, modulo 2^32 as a signed number. */
  update(bytes: number, nowMs: number): void {
    const elapsedMs = nowMs - this.#lookedMs;
    if (elapsedMs < MIN_STEP_MS) return;
    const sent = (bytes - this.#bytes) | 0;
    const isFirst = this.#lookedMs === -Infinity;
    this.#bytes = bytes;
    this.#lookedMs = nowMs;
    if (isFirst) return;
    this.#measures = sent === 0 ? 0 : this.#measures + 1;
    this.bitsPerSecond += (8000 * sent / elapsedMs - this.bitsPerSecond) * SHARE;
  }
}
