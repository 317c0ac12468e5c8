/** The least time between two key-frame requests for one stream. */
export const KEY_FRAME_REQUEST_INTERVAL_MS = 500;

/**
 * Coalesces the key-frame requests of all who receive one stream: however many ask, one request goes out in each
 * interval, again and again until the key frame comes.
 *
 * A key frame answers every request made before it. It does not answer one made after it, however soon: that subscriber
 * has missed it. Such a request waits only for the interval since the last one sent.
 */
export class KeyFrameGate {
  #wanted = false;
  #sentMs = -Infinity;

  /** A subscriber needs a key frame. True: send a request now. */
  request(nowMs: number): boolean {
    this.#wanted = true;
    return this.handleTimeout(nowMs);
  }

  /** The first packet of a key frame came. */
  keyFrameReceived(): void {
    this.#wanted = false;
  }

  /** Nobody waits for a key frame any more. */
  cancel(): void {
    this.#wanted = false;
  }

  /** When `handleTimeout` is wanted next; Infinity for never. */
  nextTimeout(): number {
    return this.#wanted ? this.#sentMs + KEY_FRAME_REQUEST_INTERVAL_MS : Infinity;
  }

  /** True: send a request now. */
  handleTimeout(nowMs: number): boolean {
    if (!this.#wanted || nowMs < this.nextTimeout()) return false;
    this.#sentMs = nowMs;
    return true;
  }
}
