import assert from "node:assert/strict";
import { type Experiment, mean } from "./experiment.ts";

/** Fails where a figure is not within two others, both included. */
export function assertWithin(actual: number, low: number, high: number, what = ""): void {
  assert.ok(actual >= low && actual <= high, `${what} ${actual} is not within ${low} and ${high}`);
}

/** The mean rate, in kbit/s, at which a flow arrived between two times in seconds. */
export function receivedKbps(experiment: Experiment, from: number, to: number, flow = 0): number {
  return mean(experiment.between(from, to), ({ flows }) => flows[flow].received) / 1000;
}

/** The estimate in kbit/s at a time in seconds. */
export function estimateKbps(experiment: Experiment, at: number, flow = 0): number {
  return experiment.between(at - 0.3, at).at(-1)!.flows[flow].estimate / 1000;
}

/** The least and the highest estimate in kbit/s between two times in seconds. */
export function estimatesKbps(experiment: Experiment, from: number, to: number, flow = 0): readonly [number, number] {
  const estimates = experiment.between(from, to).map(({ flows }) => flows[flow].estimate / 1000);
  return [Math.min(...estimates), Math.max(...estimates)];
}

/** The longest queue in milliseconds between two times in seconds. */
export function longestQueueMs(experiment: Experiment, from: number, to: number): number {
  return Math.max(...experiment.between(from, to).map(({ queueMs }) => queueMs));
}
