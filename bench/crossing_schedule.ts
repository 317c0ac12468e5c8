import type { Order } from "./crossing_orders.ts";
import type { Clock } from "../src/load/time.ts";

/** Sends batches when they are due, those that are late at once, until `end` or until it is not yet time for the next. */
export class Schedule {
  readonly #order: Order;
  readonly #clock: Clock;
  readonly #sendBatch: (nowUs: number) => void;
  readonly #startUs: number;
  readonly #batches: number;
  #sent = 0;

  /** `sendBatch` sends as many packets as the order has in a batch, and flushes them. */
  constructor(order: Order, clock: Clock, sendBatch: (nowUs: number) => void) {
    this.#order = order;
    this.#clock = clock;
    this.#sendBatch = sendBatch;
    this.#startUs = clock.now();
    this.#batches = Math.floor((order.rate * order.durationMs) / 1000 / order.batch);
  }

  get isOver(): boolean {
    return this.#sent === this.#batches;
  }

  get frames(): number {
    return this.#batches * this.#order.batch;
  }

  /** Microseconds until the next batch. */
  sendDue(): number {
    const { rate, batch, sends } = this.#order;
    for (;;) {
      const nowUs = this.#clock.now();
      const dueUs = this.#startUs + (this.#sent * batch * 1e6) / rate;
      if (this.isOver || dueUs > nowUs) return dueUs - nowUs;
      this.#sent++;
      if (sends) this.#sendBatch(nowUs);
    }
  }
}
