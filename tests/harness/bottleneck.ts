import type { Clock } from "../../src/io/clock.ts";

/** Takes what has left the bottleneck, and when its last bit did. */
export type Departed = (bytes: Uint8Array, atMs: number) => void;

/**
 * The slowest hop of a link: datagrams leave one after the other at its capacity, and wait in a queue of so many bytes. What
 * does not fit is dropped (tail drop). A change of capacity holds at once, also for the datagram that is just leaving.
 */
export class Bottleneck {
  /** Datagrams that the queue had no room for. */
  overflowed = 0;
  /** Bytes that wait, those of the datagram that is just leaving included. */
  queuedBytes = 0;
  readonly #clock: Clock;
  readonly #departed: Departed;
  readonly #queue: Uint8Array[] = [];
  #bitsPerMs = Infinity;
  #queueBytes = Infinity;
  /** What of the first datagram has not left, as of `#asOfMs`. */
  #bitsLeft = 0;
  #asOfMs = 0;
  #timer: number | undefined;

  constructor(clock: Clock, departed: Departed) {
    this.#clock = clock;
    this.#departed = departed;
  }

  get queuedCount(): number {
    return this.#queue.length;
  }

  /** In bits per second and bytes. A capacity of 0 stops everything until there is another one. */
  configure(bandwidth: number, queueBytes: number): void {
    this.#settle();
    this.#bitsPerMs = bandwidth / 1000;
    this.#queueBytes = queueBytes;
    this.#settle();
    this.#arm();
  }

  /** An empty queue takes a datagram of any size. */
  send(bytes: Uint8Array): void {
    this.#settle();
    if (this.#queue.length > 0 && this.queuedBytes + bytes.length > this.#queueBytes) {
      this.overflowed++;
      return;
    }
    this.#queue.push(bytes);
    this.queuedBytes += bytes.length;
    if (this.#queue.length > 1) return;
    this.#bitsLeft = bytes.length * 8;
    this.#settle();
    this.#arm();
  }

  /** Forgets what waits. */
  close(): void {
    this.#queue.length = 0;
    this.queuedBytes = 0;
    this.#arm();
  }

  /** Lets go what has left by now, each at its own time: a timer that fires late costs no capacity. */
  #settle(): void {
    const nowMs = this.#clock.now();
    while (this.#queue.length > 0 && this.#departureMs() <= nowMs) {
      this.#asOfMs = this.#departureMs();
      const [bytes] = this.#queue.splice(0, 1);
      this.queuedBytes -= bytes.length;
      this.#bitsLeft = (this.#queue.at(0)?.length ?? 0) * 8;
      this.#departed(bytes, this.#asOfMs);
    }
    if (this.#queue.length > 0) this.#bitsLeft -= (nowMs - this.#asOfMs) * this.#bitsPerMs;
    this.#asOfMs = nowMs;
  }

  #departureMs(): number {
    return this.#bitsPerMs === Infinity ? this.#asOfMs : this.#asOfMs + this.#bitsLeft / this.#bitsPerMs;
  }

  #arm(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#queue.length === 0 || this.#bitsPerMs === 0) return;
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = undefined;
      this.#settle();
      this.#arm();
    }, Math.max(0, this.#departureMs() - this.#clock.now()));
  }
}
