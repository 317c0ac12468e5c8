const FIRST_TIMEOUT_MS = 100;
const MAX_TIMEOUT_MS = 3_000;

/** From the session's creation. */
const HANDSHAKE_DEADLINE_MS = 15_000;

/**
 * When a server's flight is repeated, and when a handshake has lasted too long (RFC 6347 section 4.2.4). All times are in
 * milliseconds of one clock.
 */
export class HandshakeTimer {
  readonly #deadline: number;
  #repeatAt = Infinity;
  #timeoutMs: number;

  /** The first wait is `firstTimeoutMs`; each one after that is twice as long, 3 s at most. */
  constructor(nowMs: number, firstTimeoutMs = FIRST_TIMEOUT_MS) {
    this.#deadline = nowMs + HANDSHAKE_DEADLINE_MS;
    this.#timeoutMs = firstTimeoutMs;
  }

  /** When `handleTimeout` has something to tell. */
  get next(): number {
    return Math.min(this.#repeatAt, this.#deadline);
  }

  /** A flight is sent that wants an answer. */
  startRepeating(nowMs: number): void {
    this.#repeatAt = nowMs + this.#timeoutMs;
  }

  /** The client has begun to answer. */
  stopRepeating(): void {
    this.#repeatAt = Infinity;
  }

  /** What is due: the end of the handshake, or the flight once more; undefined for nothing. */
  handleTimeout(nowMs: number): "deadline" | "repeat" | undefined {
    if (nowMs >= this.#deadline) return "deadline";
    if (nowMs < this.#repeatAt) return undefined;
    this.#timeoutMs = Math.min(2 * this.#timeoutMs, MAX_TIMEOUT_MS);
    this.#repeatAt = nowMs + this.#timeoutMs;
    return "repeat";
  }
}
