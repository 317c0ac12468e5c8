import type { Candidate, Window } from "./candidate.ts";

/** Until what waited for media to begin is over. */
const SETTLE_MS = 500;
const WARM_UP_MS = 1000;

/** In the seconds after many have joined, V8 collects what the joins have left. */
export const COLLECTED_MS = 12_000;

export interface WindowPlan {
  readonly windows: number;
  readonly ms: number;
}

export type Windows = readonly Window[];

export function pauseMs(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

export function medianOf(windows: Windows, figure: (window: Window) => number): number {
  return median(windows.map(figure));
}

/**
 * Measures the candidates, which must be paused, in turns: what the machine does to one window it does to the next as
 * well. One of them has media at a time.
 */
export async function takeTurns(candidates: readonly Candidate[], plan: WindowPlan): Promise<Windows[]> {
  const taken: Window[][] = candidates.map(() => []);
  for (const candidate of candidates) await turn(candidate, WARM_UP_MS);
  for (let round = 0; round < plan.windows; round++) {
    for (const [i, candidate] of candidates.entries()) taken[i].push(await turn(candidate, plan.ms));
  }
  return taken;
}

/** Measures one candidate that has media already. */
export async function takeWindows(candidate: Candidate, plan: WindowPlan): Promise<Windows> {
  const taken: Window[] = [];
  while (taken.length < plan.windows) taken.push(await candidate.window(plan.ms));
  return taken;
}

/** How many times the cost of a packet of `yardstick` that of `windows` is: the median of the rounds. */
export function costRatio(windows: Windows, yardstick: Windows): number {
  return median(windows.map((window, i) => window.packetMicroseconds / yardstick[i].packetMicroseconds));
}

async function turn(candidate: Candidate, ms: number): Promise<Window> {
  await candidate.resume();
  await pauseMs(SETTLE_MS);
  const window = await candidate.window(ms);
  await candidate.pause();
  return window;
}
