import type { Bench, CandidateName } from "../bench.ts";
import type { Candidate } from "../candidate.ts";
import { COLLECTED_MS, costRatio, pauseMs, takeTurns, type Windows } from "../windows.ts";

/** Somebody to be measured in turns with others. */
export interface Contender {
  readonly name: CandidateName;
  /** Of its lines in the report, instead of its name. */
  readonly label?: string;
  join(candidate: Candidate): Promise<unknown>;
}

export interface Measured {
  readonly candidate: Candidate;
  readonly windows: Windows;
}

/** Starts all, lets all join, and pauses them. */
export async function startAll(bench: Bench, contenders: readonly Contender[]): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  for (const { name, label, join } of contenders) {
    const candidate = await bench.start(name, label);
    await join(candidate);
    await candidate.pause();
    candidates.push(candidate);
  }
  return candidates;
}

/** Measures all in turns, once what their joins have left is collected; they stay, paused. */
export async function measureInTurns(bench: Bench, contenders: readonly Contender[]): Promise<Measured[]> {
  const { windows, windowMs } = bench.options;
  const candidates = await startAll(bench, contenders);
  await pauseMs(COLLECTED_MS);
  const taken = await takeTurns(candidates, { windows, ms: windowMs });
  return candidates.map((candidate, i) => ({ candidate, windows: taken[i] }));
}

/** Reports all, in ratio to the first. */
export function reportInRatio({ report }: Bench, what: string, measured: readonly Measured[]): void {
  const [{ windows: yardstick }] = measured;
  for (const { candidate, windows } of measured) {
    report.windows(candidate, what, windows, costRatio(windows, yardstick));
  }
}
