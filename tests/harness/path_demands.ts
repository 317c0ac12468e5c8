import type { LinkConditions } from "./simulated_network.ts";

/** What a path does, each way, and what is asked of joins over it. */
export interface PathDemand {
  readonly name: string;
  readonly link: LinkConditions;
  /** From the answer to the first media, in milliseconds. */
  readonly withinMs: number;
  /** The share of the joins that must be in time. */
  readonly share: number;
}

/** Of each way, where the delay is not what is measured. */
const DELAY_MS = 25;

/** What is asked of the server (rule B220). */
export const PATH_DEMANDS: readonly PathDemand[] = [
  { name: "a path without loss", link: { delayMs: DELAY_MS }, withinMs: 5_000, share: 1 },
  { name: "5% loss each way", link: { delayMs: DELAY_MS, loss: 0.05 }, withinMs: 5_000, share: 1 },
  { name: "10% loss each way", link: { delayMs: DELAY_MS, loss: 0.1 }, withinMs: 5_000, share: 0.99 },
  { name: "300 ms of round trip", link: { delayMs: 150 }, withinMs: 3_000, share: 1 },
];
