/** Silence for so long, with packets under way, is one: the estimate is lowered, and again each time that the step passes. */
const SILENCE_MS = 2000;
const STEP_MS = 1000;
/** Where nothing ever came it begins later: who joins takes time. */
const FIRST_MS = 10_000;

/** Notices that a subscriber tells no more what arrives. */
export class FeedbackSilence {
  readonly #startedMs: number;
  /** When the estimate was lowered last because of it; -Infinity: it is not silent. */
  #decreasedMs = -Infinity;

  constructor(nowMs: number) {
    this.#startedMs = nowMs;
  }

  get isSilent(): boolean {
    return this.#decreasedMs !== -Infinity;
  }

  /**
   * Whether the estimate is to be lowered now. Something was heard at `heardMs` (-Infinity: never); the oldest packet that
   * nothing was heard of was sent `waitingMs` ago.
   */
  isDecreaseDue(heardMs: number, waitingMs: number, nowMs: number): boolean {
    const sinceMs = Math.max(heardMs, this.#startedMs + FIRST_MS - SILENCE_MS);
    if (nowMs - sinceMs < SILENCE_MS || waitingMs < SILENCE_MS) return false;
    if (nowMs - this.#decreasedMs < STEP_MS) return false;
    this.#decreasedMs = nowMs;
    return true;
  }

  /** Something was heard; whether it was silent before. */
  end(): boolean {
    const wasSilent = this.isSilent;
    this.#decreasedMs = -Infinity;
    return wasSilent;
  }
}
