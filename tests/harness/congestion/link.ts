import type { RandomSource } from "../../../src/sfu/random.ts";
import type { Simulation } from "./simulation.ts";

export interface LinkOptions {
  /** 0: it stands still. */
  readonly bitsPerSecond: number;
  /** One way. */
  readonly delayMs: number;
  /** The queue in front of it, in time at the present capacity, or in bytes; packets that find it full are lost. */
  readonly queueMs?: number;
  readonly queueBytes?: number;
  /** Each packet is late by up to that much, evenly, but not later than the one behind it. */
  readonly jitterMs?: number;
  readonly loss?: LossModel;
  /** Part of the packets that overtake: they arrive without the delay of `reorderMs` that all others have. */
  readonly reordered?: number;
  readonly reorderMs?: number;
}

/** Packets lost by chance, each by itself; or in runs, of which the mean lengths are given in packets (Gilbert). */
export type LossModel = { readonly fraction: number } | { readonly goodRun: number; readonly badRun: number };

interface Waiting {
  readonly bytes: number;
  readonly arrive: () => void;
}

/** A link with a drop-tail queue in front of it. */
export class Link {
  bitsPerSecond: number;
  delayMs: number;
  loss: LossModel | undefined;
  readonly #options: LinkOptions;
  readonly #simulation: Simulation;
  readonly #random: RandomSource;
  readonly #queue: Waiting[] = [];
  #queuedBytes = 0;
  #isServing = false;
  #isBad = false;
  #newestArrivalMs = 0;
  /** Packets that the queue had no room for, and that were lost on the way. */
  dropped = 0;
  lost = 0;

  constructor(simulation: Simulation, random: RandomSource, options: LinkOptions) {
    this.#simulation = simulation;
    this.#random = random;
    this.#options = options;
    this.bitsPerSecond = options.bitsPerSecond;
    this.delayMs = options.delayMs;
    this.loss = options.loss;
  }

  /** How long a packet would wait that came now. */
  get queueMs(): number {
    return this.bitsPerSecond === 0 ? 0 : 8000 * this.#queuedBytes / this.bitsPerSecond;
  }

  /** Changes the capacity; what waits goes on at the new one. */
  setCapacity(bitsPerSecond: number): void {
    this.bitsPerSecond = bitsPerSecond;
    this.#serve();
  }

  send(bytes: number, arrive: () => void): void {
    if (this.#queuedBytes + bytes > this.#limitBytes()) {
      this.dropped++;
      return;
    }
    this.#queue.push({ bytes, arrive });
    this.#queuedBytes += bytes;
    this.#serve();
  }

  #limitBytes(): number {
    const { queueMs, queueBytes } = this.#options;
    if (queueBytes !== undefined) return queueBytes;
    return queueMs === undefined ? Infinity : Math.max(queueMs * this.bitsPerSecond / 8000, 3000);
  }

  #serve(): void {
    const next = this.#queue.at(0);
    if (this.#isServing || next === undefined || this.bitsPerSecond === 0) return;
    this.#isServing = true;
    this.#simulation.after(8000 * next.bytes / this.bitsPerSecond, () => {
      this.#isServing = false;
      this.#queue.shift();
      this.#queuedBytes -= next.bytes;
      this.#propagate(next);
      this.#serve();
    });
  }

  #propagate({ arrive }: Waiting): void {
    if (this.#isLost()) {
      this.lost++;
      return;
    }
    const { jitterMs = 0, reordered = 0, reorderMs = 0 } = this.#options;
    const arrivalMs = this.#simulation.nowMs + this.delayMs + jitterMs * this.#chance();
    if (reordered > 0 && this.#chance() < reordered) return this.#simulation.at(arrivalMs, arrive);
    this.#newestArrivalMs = Math.max(this.#newestArrivalMs, arrivalMs + reorderMs);
    this.#simulation.at(this.#newestArrivalMs, arrive);
  }

  #isLost(): boolean {
    const { loss } = this;
    if (loss === undefined) return false;
    if ("fraction" in loss) return this.#chance() < loss.fraction;
    if (this.#chance() < 1 / (this.#isBad ? loss.badRun : loss.goodRun)) this.#isBad = !this.#isBad;
    return this.#isBad;
  }

  /** From 0 to 1. */
  #chance(): number {
    return this.#random.uint32() / 2 ** 32;
  }
}
