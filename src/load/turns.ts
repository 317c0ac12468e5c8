/** Work of joins, one piece in each turn of the event loop: media does not wait for a hundred handshakes in a row. */
export class Turns {
  #waiting: (() => void)[] = [];
  #next = 0;

  get hasWork(): boolean {
    return this.#next < this.#waiting.length;
  }

  later(work: () => void): void {
    this.#waiting.push(work);
  }

  /** Resolves in a turn of its own. */
  turn(): Promise<void> {
    return new Promise((resolve) => this.later(resolve));
  }

  /** Does the oldest piece. */
  run(): void {
    if (!this.hasWork) return;
    this.#waiting[this.#next++]();
    if (this.hasWork) return;
    this.#waiting = [];
    this.#next = 0;
  }
}
