import type { MediaCounters } from "../sfu/track_counters.ts";
import { Histogram, type HistogramFigures } from "./histogram.ts";

/** Upper bounds of the buckets of the forward latency, in ms: from one packet for one subscriber to an overload. */
export const FORWARD_BOUNDS_MS: readonly number[] = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250];

const BETWEEN_TURNS = -1;

/** How busy an isolate is with its media. */
export interface TurnFigures {
  /** From when a batch was received to behind the flush of what it caused; of batches of which something was forwarded. */
  readonly forwarding: HistogramFigures;
  /** Spent in turns since the start, in ms. */
  readonly busyMs: number;
  /** The longest turn since the figures were asked for last, in ms: for so long nothing was received. */
  readonly longestTurnMs: number;
}

/**
 * Measures the turns of an isolate's media: each begins with what was received and ends where the isolate waits again. It
 * looks at no packet, so what it costs is for a whole batch.
 */
export class ForwardMeter {
  readonly #counters: MediaCounters;
  readonly #forwarding = new Histogram(FORWARD_BOUNDS_MS);
  #startMs = BETWEEN_TURNS;
  #packetsBefore = 0;
  #busyMs = 0;
  #longestTurnMs = 0;

  constructor(counters: MediaCounters) {
    this.#counters = counters;
  }

  /** Something was received. Within a turn it changes nothing. */
  begin(nowMs: number): void {
    if (this.#startMs !== BETWEEN_TURNS) return;
    this.#startMs = nowMs;
    this.#packetsBefore = this.#packetsSent;
  }

  /** What was received is forwarded, and with the kernel. */
  flushed(nowMs: number): void {
    if (this.#startMs === BETWEEN_TURNS) return;
    const packets = this.#packetsSent;
    if (packets > this.#packetsBefore) this.#forwarding.observe(nowMs - this.#startMs);
    this.#packetsBefore = packets;
  }

  /** The isolate waits again. Between two turns it changes nothing. */
  end(nowMs: number): void {
    if (this.#startMs === BETWEEN_TURNS) return;
    const turnMs = Math.max(0, nowMs - this.#startMs);
    this.#startMs = BETWEEN_TURNS;
    this.#busyMs += turnMs;
    this.#longestTurnMs = Math.max(this.#longestTurnMs, turnMs);
  }

  /** What was measured until now; the longest turn begins anew. */
  take(): TurnFigures {
    const longestTurnMs = this.#longestTurnMs;
    this.#longestTurnMs = 0;
    return { forwarding: this.#forwarding.figures, busyMs: this.#busyMs, longestTurnMs };
  }

  get #packetsSent(): number {
    return this.#counters.audio.packetsSent + this.#counters.video.packetsSent;
  }
}
