/** Between two measures at least: of less time a rate says little. */
const MIN_STEP_MS = 400;
/** Of a measure against those before it. */
const SHARE = 0.5;

/** What is sent of one track, by a counter that is looked at from time to time: so packets cost nothing. */
export class SendRate {
  bitsPerSecond = 0;
  #bytes = 0;
  #lookedMs = -Infinity;

  /** `bytes` is all that was sent, modulo 2^32 as a signed number. */
  update(bytes: number, nowMs: number): void {
    const elapsedMs = nowMs - this.#lookedMs;
    if (elapsedMs < MIN_STEP_MS) return;
    const sent = (bytes - this.#bytes) | 0;
    const isFirst = this.#lookedMs === -Infinity;
    this.#bytes = bytes;
    this.#lookedMs = nowMs;
    if (!isFirst) this.bitsPerSecond += (8000 * sent / elapsedMs - this.bitsPerSecond) * SHARE;
  }
}
