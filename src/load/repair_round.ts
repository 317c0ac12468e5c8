import type { Schedule, Task } from "./schedule.ts";

const INTERVAL_US = 5000;

/** Who looks after what it misses. */
export interface Repairable {
  /** Owned by the RepairRound. */
  isInRepair: boolean;
  /** Asks for what is missing; false where nothing is any more. */
  repair(nowUs: number): boolean;
}

/** Lets those subscribers that miss packets look after them, every 5 ms; where none does, nothing happens. */
export class RepairRound implements Task {
  readonly #schedule: Schedule;
  readonly #subscribers: Repairable[] = [];

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
  }

  /** Adds a subscriber that is not among them yet. */
  add(subscriber: Repairable, nowUs: number): void {
    subscriber.isInRepair = true;
    this.#subscribers.push(subscriber);
    if (this.#subscribers.length === 1) this.#schedule.add(this, nowUs + INTERVAL_US);
  }

  run(nowUs: number): number {
    for (let i = this.#subscribers.length - 1; i >= 0; i--) {
      const subscriber = this.#subscribers[i];
      if (subscriber.repair(nowUs)) continue;
      subscriber.isInRepair = false;
      const last = this.#subscribers.pop();
      if (last !== undefined && i < this.#subscribers.length) this.#subscribers[i] = last;
    }
    return this.#subscribers.length === 0 ? Infinity : nowUs + INTERVAL_US;
  }
}
