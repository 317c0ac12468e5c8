import { messageOf } from "../webrtc/error_message.ts";
import type { Turns } from "./turns.ts";
import type { JoinReply, Percentiles } from "./replies.ts";

/** Runs joins, `concurrency` at once; notes how long each took, and the first reason why one failed. */
export class Joins {
  readonly #turns: Turns;
  readonly #isInterrupted: () => boolean;
  #problem: string | undefined;
  readonly #durations: number[] = [];
  #failed = 0;

  /** Where `isInterrupted` says so none begins any more. */
  constructor(turns: Turns, isInterrupted: () => boolean = () => false) {
    this.#turns = turns;
    this.#isInterrupted = isInterrupted;
  }

  async run(joins: Iterable<() => Promise<unknown>>, concurrency: number): Promise<void> {
    const waiting = Iterator.from(joins);
    const turns = Array.from({ length: Math.max(1, concurrency) }, async () => {
      for (const join of waiting) {
        if (this.#isInterrupted()) return;
        await this.#time(join);
      }
    });
    await Promise.all(turns);
  }

  reply(): JoinReply {
    return {
      joined: this.#durations.length,
      failed: this.#failed,
      joinMs: percentiles(this.#durations),
      ...(this.#problem !== undefined && { problem: this.#problem }),
    };
  }

  async #time(join: () => Promise<unknown>): Promise<void> {
    await this.#turns.turn();
    const start = performance.now();
    try {
      await join();
      this.#durations.push(performance.now() - start);
    } catch (error) {
      this.#failed++;
      this.#problem ??= messageOf(error);
    }
  }
}

function percentiles(values: readonly number[]): Percentiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (fraction: number) => sorted[Math.max(0, Math.ceil(fraction * sorted.length) - 1)] ?? 0;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}
