import type { Clock } from "./clock.ts";

/** Between two looks at a worker. */
const LOOK_MS = 500;
/** Looks in a row at which it had not gone on. */
const MISSES = 3;

export interface WatchdogOptions {
  readonly clock: Clock;
  /** How often the worker has told that it goes on. */
  readonly beats: () => number;
  /** Has a worker that waits go on. */
  readonly wake: () => void;
  /** Called once: it does not. */
  readonly hung: () => void;
}

/**
 * Sees that a worker does not go on any more. Looks are counted, not time: where this isolate has stood still, as on a
 * machine that was asleep, the worker may have done so as well.
 */
export class Watchdog {
  readonly #options: WatchdogOptions;
  #beats = 0;
  #misses = 0;
  #timer: number | undefined;

  constructor(options: WatchdogOptions) {
    this.#options = options;
  }

  /** Looks from now on. Does nothing where it does already. */
  start(): void {
    if (this.#timer !== undefined) return;
    this.#beats = this.#options.beats();
    this.#misses = 0;
    this.#schedule();
  }

  stop(): void {
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #schedule(): void {
    this.#timer = this.#options.clock.setTimeout(() => this.#look(), LOOK_MS);
  }

  #look(): void {
    this.#timer = undefined;
    const beats = this.#options.beats();
    if (beats !== this.#beats) {
      this.#beats = beats;
      this.#misses = 0;
    } else if (++this.#misses === MISSES) {
      return this.#options.hung();
    }
    this.#options.wake();
    this.#schedule();
  }
}
