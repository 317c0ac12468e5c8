/** The wall clock of this process, ahead of the machine's by what a test wants, for libraries that read it themselves. */
export class ShiftedTime implements Disposable {
  readonly #now = Date.now;
  #aheadMs = 0;

  constructor() {
    Date.now = () => this.#now() + this.#aheadMs;
  }

  advance(ms: number): void {
    this.#aheadMs += ms;
  }

  [Symbol.dispose](): void {
    Date.now = this.#now;
  }
}
