import type { Clock } from "./clock.ts";

/** The time in which a server that ends soon lets its peers go elsewhere. */
export class Drain {
  readonly #clock: Clock;
  readonly #over = Promise.withResolvers<void>();
  #endMs: number | undefined;
  #timer: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether it has begun, be it over or not. */
  get hasBegun(): boolean {
    return this.#endMs !== undefined;
  }

  /** Whole seconds until its end. */
  get secondsLeft(): number {
    return Math.max(0, Math.round(((this.#endMs ?? 0) - this.#clock.now()) / 1000));
  }

  /**
   * Begins, or ends sooner than it would have: who stops the process waits no longer than it was told to, whatever was asked
   * before. Resolves at the end, or when no peers are left.
   */
  begin(seconds: number, peers: number): Promise<void> {
    const endMs = this.#clock.now() + seconds * 1000;
    if (endMs < (this.#endMs ?? Infinity)) {
      this.#stopTimer();
      this.#endMs = endMs;
      this.#timer = this.#clock.setTimeout(() => this.end(), seconds * 1000);
      this.handlePeers(peers);
    }
    return this.#over.promise;
  }

  /** So many peers are left. */
  handlePeers(peers: number): void {
    if (this.hasBegun && peers === 0) this.end();
  }

  end(): void {
    this.#stopTimer();
    this.#over.resolve();
  }

  #stopTimer(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
  }
}
