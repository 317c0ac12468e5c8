import { cpuUsage } from "node:process";

/** Of less than that it says nothing. */
const LEAST_MS = 500;

/** How much of the machine this process takes. */
export class CpuLoad {
  #before = cpuUsage();
  #beforeMs: number;
  #load = 0;

  constructor(nowMs: number) {
    this.#beforeMs = nowMs;
  }

  /** Since this was asked some while before: 1 for a whole processor. */
  take(nowMs: number): number {
    const elapsedMs = nowMs - this.#beforeMs;
    if (elapsedMs < LEAST_MS) return this.#load;
    const { user, system } = cpuUsage(this.#before);
    this.#before = cpuUsage();
    this.#beforeMs = nowMs;
    this.#load = (user + system) / 1000 / elapsedMs;
    return this.#load;
  }
}
