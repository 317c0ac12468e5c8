import type { Kind } from "./types.ts";

/** Between two looks at what was sent. */
export const CHECK_MS = 500;
/** What may be sent beyond the limit at once: two seconds' worth, so that key frames pass. */
const BURST_MS = 2_000;
/** What is remembered of what was too much: sound, which is never paused, does not keep videos away for ever. */
const MAX_EXCESS_MS = 60_000;
/** A track stays away for so long at least, and is tried again after so long although it did not fit. */
export const MIN_PAUSE_MS = 5_000;
export const MAX_PAUSE_MS = 60_000;

/** A track as it is sent to one peer. */
export interface LimitedConsumer {
  readonly kind: Kind;
  /** All that was sent of it, modulo 2^32 as a signed number. */
  readonly bytesSent: number;
  pause(): void;
  /** Goes on with a picture, which is asked for. */
  resume(nowMs: number): void;
}

/** Why a track is not sent. */
interface Pause {
  /** Bytes per second that it took. */
  readonly rate: number;
  readonly sinceMs: number;
}

/**
 * Keeps what one peer is sent within a bitrate, by whole tracks: while it is more the newest video is paused, and it goes on
 * where it fits again. Sound always goes on. It looks at counters from time to time, so that packets cost nothing.
 */
export class SendLimit<C extends LimitedConsumer> {
  nextCheckMs = -Infinity;
  readonly #bytesPerSecond: number;
  /** What was sent at the last look. */
  #seen = new Map<C, number>();
  readonly #pauses = new Map<C, Pause>();
  #checkedMs = -Infinity;
  /** Bytes beyond the limit that have not been made up for since. */
  #excess = 0;

  constructor(bitsPerSecond: number) {
    this.#bytesPerSecond = bitsPerSecond / 8;
  }

  /** The peer takes another track: it is looked at as soon as time is given. */
  checkSoon(): void {
    this.nextCheckMs = -Infinity;
  }

  /** Looks at all that the peer is sent, oldest first. Returns what is paused now that was not before. */
  check(consumers: Iterable<C>, nowMs: number): readonly C[] {
    const before = this.#seen;
    const rates = this.#measure(consumers, nowMs);
    for (const consumer of this.#pauses.keys()) if (!rates.has(consumer)) this.#pauses.delete(consumer);
    const rate = rates.values().reduce((sum, one) => sum + one, 0);
    if (this.#excess <= this.#bytesPerSecond * BURST_MS / 1000) {
      if (this.#excess === 0) this.#resumeFitting(rate, nowMs);
      return [];
    }
    // Who takes a paused track anew takes it as any other that came too much.
    const isNew = ([consumer]: [C, number]) => consumer.kind === "video" && !before.has(consumer);
    const paused = [...rates].filter(isNew);
    const newest = [...rates].findLast(([consumer, one]) => consumer.kind === "video" && one > 0);
    if (newest !== undefined && rate > this.#bytesPerSecond) paused.push(newest);
    for (const [consumer, one] of paused) this.#pause(consumer, one, nowMs);
    return paused.map(([consumer]) => consumer);
  }

  /** Bytes per second of each since the last look. */
  #measure(consumers: Iterable<C>, nowMs: number): ReadonlyMap<C, number> {
    const seconds = this.#checkedMs === -Infinity ? 0 : (nowMs - this.#checkedMs) / 1000;
    const rates = new Map<C, number>();
    const seen = new Map<C, number>();
    let bytes = 0;
    for (const consumer of consumers) {
      const { bytesSent } = consumer;
      const sent = (bytesSent - (this.#seen.get(consumer) ?? bytesSent)) | 0;
      seen.set(consumer, bytesSent);
      rates.set(consumer, seconds > 0 ? sent / seconds : 0);
      bytes += sent;
    }
    this.#seen = seen;
    const excess = this.#excess + bytes - this.#bytesPerSecond * seconds;
    this.#excess = Math.min(Math.max(0, excess), this.#bytesPerSecond * MAX_EXCESS_MS / 1000);
    this.#checkedMs = nowMs;
    // At the same times for all peers, who are then looked at in one sweep.
    this.nextCheckMs = (Math.floor(nowMs / CHECK_MS) + 1) * CHECK_MS;
    return rates;
  }

  #pause(consumer: C, rate: number, nowMs: number): void {
    consumer.pause();
    this.#pauses.set(consumer, { rate, sinceMs: nowMs });
  }

  /** One at a time: of those that fit the one paused last, which was taken first; else who has waited longest for a trial. */
  #resumeFitting(rate: number, nowMs: number): void {
    const pauses = [...this.#pauses];
    const fits = ([, pause]: [C, Pause]) =>
      nowMs - pause.sinceMs >= MIN_PAUSE_MS && rate + pause.rate <= this.#bytesPerSecond;
    const isDue = ([, pause]: [C, Pause]) => nowMs - pause.sinceMs >= MAX_PAUSE_MS;
    const next = pauses.findLast(fits) ?? pauses.find(isDue);
    if (next === undefined) return;
    const [consumer] = next;
    this.#pauses.delete(consumer);
    consumer.resume(nowMs);
  }
}
