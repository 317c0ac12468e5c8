/** Indices that a window looks back over; RFC 3711 section 3.3.2 asks for 64 at least. */
export const REPLAY_WINDOW_SIZE = 1024;

/**
 * Which packet indices of one SSRC have been used (RFC 3711 section 3.3.2). An index is an integer in [0, 2^48), exact
 * in a double. Nothing here allocates after construction.
 */
export class ReplayWindow {
  /** Bit `index % REPLAY_WINDOW_SIZE` tells whether that index was accepted; only the window's indices are in it. */
  readonly #accepted = new Uint32Array(REPLAY_WINDOW_SIZE / 32);
  #newest = -1;

  /** The highest index accepted, -1 before the first one. */
  get newest(): number {
    return this.#newest;
  }

  /** Whether `index` is new: not accepted before, and not so old that this is no longer known. */
  check(index: number): boolean {
    if (index > this.#newest) return true;
    if (index <= this.#newest - REPLAY_WINDOW_SIZE) return false;
    return (this.#accepted[wordOf(index)] & bitOf(index)) === 0;
  }

  /** Marks an index that `check` found new; only after its packet has been authenticated. */
  accept(index: number): void {
    if (index > this.#newest) this.#advance(index);
    this.#accepted[wordOf(index)] |= bitOf(index);
  }

  /** Moves the window up to `index` and clears the bits that change their meaning. */
  #advance(index: number): void {
    if (index - this.#newest >= REPLAY_WINDOW_SIZE) {
      this.#accepted.fill(0);
    } else {
      for (let skipped = this.#newest + 1; skipped < index; skipped++) {
        this.#accepted[wordOf(skipped)] &= ~bitOf(skipped);
      }
    }
    this.#newest = index;
  }
}

// Bitwise operators take an index modulo 2^32, which keeps its low bits right up to 2^53.

function wordOf(index: number): number {
  return (index & (REPLAY_WINDOW_SIZE - 1)) >>> 5;
}

function bitOf(index: number): number {
  return 1 << (index & 31);
}
