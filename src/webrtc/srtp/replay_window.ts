/** Indices that a window looks back over; RFC 3711 section 3.3.2 asks for 64 at least. */
export const REPLAY_WINDOW_SIZE = 1024;

/**
 * Which packet indices of one SSRC have been used (RFC 3711 section 3.3.2). An index is an integer in [0, 2^48), exact
 * in a double. As long as each packet is the one after the last, two numbers tell it all and no other memory is touched;
 * the bitmap is made with the first gap, and knows only what lies before the newest unbroken row.
 */
export class ReplayWindow {
  #newest = -1;
  /** So many indices up to the newest one were all accepted; REPLAY_WINDOW_SIZE at most. */
  #unbroken = 0;
  /** Bit `index % REPLAY_WINDOW_SIZE` tells whether that index was accepted, for those of the window before the row. */
  #accepted: Uint32Array | undefined;

  /** The highest index accepted, -1 before the first one. */
  get newest(): number {
    return this.#newest;
  }

  /** Whether `index` is new: not accepted before, and not so old that this is no longer known. */
  check(index: number): boolean {
    if (index > this.#newest) return true;
    if (index > this.#newest - this.#unbroken || index <= this.#newest - REPLAY_WINDOW_SIZE) return false;
    return this.#accepted === undefined || (this.#accepted[wordOf(index)] & bitOf(index)) === 0;
  }

  /** Marks an index that `check` found new; only after its packet has been authenticated. */
  accept(index: number): void {
    if (index === this.#newest + 1 || this.#newest < 0) {
      this.#newest = index;
      if (this.#unbroken < REPLAY_WINDOW_SIZE) this.#unbroken++;
      return;
    }
    const accepted = this.#accepted ??= new Uint32Array(REPLAY_WINDOW_SIZE / 32);
    if (index > this.#newest) this.#advance(accepted, index);
    else accepted[wordOf(index)] |= bitOf(index);
  }

  /** Moves the window up over a gap: the row so far goes into the bitmap, and the bits of the gap change their meaning. */
  #advance(accepted: Uint32Array, index: number): void {
    const newest = this.#newest;
    if (index - newest >= REPLAY_WINDOW_SIZE) {
      accepted.fill(0);
    } else {
      for (let used = newest - this.#unbroken + 1; used <= newest; used++) accepted[wordOf(used)] |= bitOf(used);
      for (let skipped = newest + 1; skipped < index; skipped++) accepted[wordOf(skipped)] &= ~bitOf(skipped);
    }
    this.#newest = index;
    this.#unbroken = 1;
  }
}

// Bitwise operators take an index modulo 2^32, which keeps its low bits right up to 2^53.

function wordOf(index: number): number {
  return (index & (REPLAY_WINDOW_SIZE - 1)) >>> 5;
}

function bitOf(index: number): number {
  return 1 << (index & 31);
}
