import type { Clock } from "../../src/io/clock.ts";

interface Timer {
  readonly callback: () => void;
  readonly dueMs: number;
}

/** A clock that stands still until a test advances it. */
export class VirtualClock implements Clock {
  #nowMs: number;
  #lastHandle = 0;
  readonly #timers = new Map<number, Timer>();

  constructor(startMs = 0) {
    this.#nowMs = startMs;
  }

  /** Timers that have neither fired nor been cleared. */
  get pendingCount(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#nowMs;
  }

  setTimeout(callback: () => void, delayMs: number): number {
    const handle = ++this.#lastHandle;
    this.#timers.set(handle, { callback, dueMs: this.#nowMs + Math.max(0, delayMs) });
    return handle;
  }

  clearTimeout(handle: number): void {
    this.#timers.delete(handle);
  }

  /**
   * Goes on by `ms`, firing each timer at its own time, those that callbacks set included. Timers of one time fire in the
   * order in which they were set.
   */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (let handle = this.#nextDue(endMs); handle !== undefined; handle = this.#nextDue(endMs)) {
      this.#fire(handle);
    }
    this.#nowMs = endMs;
  }

  #fire(handle: number): void {
    const timer = this.#timers.get(handle);
    if (timer === undefined) return;
    this.#timers.delete(handle);
    this.#nowMs = timer.dueMs;
    timer.callback();
  }

  #nextDue(endMs: number): number | undefined {
    let next: number | undefined;
    let earliestMs = Infinity;
    for (const [handle, { dueMs }] of this.#timers) {
      if (dueMs > endMs || dueMs >= earliestMs) continue;
      next = handle;
      earliestMs = dueMs;
    }
    return next;
  }
}
