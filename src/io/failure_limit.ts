/** A worker that fails more often in this time is not replaced any more: it would go on so. */
const MAX_FAILURES = 5;
const WINDOW_MS = 60_000;

/** Counts the failures of one worker and its successors. */
export class FailureLimit {
  readonly #failuresMs: number[] = [];
  #hasStarted = false;

  /** One of them has run. */
  handleStart(): void {
    this.#hasStarted = true;
  }

  /** Counts one; whether another worker is worth a try: not where the first one did not even start. */
  allowsAnother(nowMs: number): boolean {
    this.#failuresMs.push(nowMs);
    while (this.#failuresMs[0] <= nowMs - WINDOW_MS) this.#failuresMs.shift();
    return this.#hasStarted && this.#failuresMs.length <= MAX_FAILURES;
  }
}
