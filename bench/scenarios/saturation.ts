import type { Bench, CandidateName } from "../bench.ts";
import type { Candidate, Window } from "../candidate.ts";
import { percent } from "../report.ts";
import { medianOf, pauseMs, takeWindows, type Windows } from "../windows.ts";
import { joinBigRoom } from "./video.ts";

interface Climb {
  readonly name: CandidateName;
  readonly subscribers: number;
  readonly startBitsPerSecond: number;
  /** Packets a second that must be reached; undefined where none are asked. */
  readonly goal: number | undefined;
}

const CLIMBS: readonly Climb[] = [
  { name: "native", subscribers: 400, startBitsPerSecond: 5_000_000, goal: 250_000 },
  { name: "portable", subscribers: 50, startBitsPerSecond: 2_500_000, goal: 15_000 },
];
const REFERENCE: Climb = { name: "reference", subscribers: 400, startBitsPerSecond: 8_000_000, goal: undefined };

const STEP = 1.25;
const MAX_STEPS = 12;
/** A fifth of where it starts. */
const MIN_STEP = -7;
/** A step must fail twice: the machine has hiccups. */
const ATTEMPTS = 2;
const STEP_WINDOW_MS = 2000;
const SETTLE_MS = 1000;
/** Until the queues of an overload are empty. */
const RECOVERY_MS = 2000;
const MAX_P99_MS = 100;

/** Raises the bitrate until packets are late or lost: the most that one core carried. */
export async function saturation(bench: Bench): Promise<void> {
  bench.report.title(
    `saturation: the bitrate rises by steps of ${STEP} until p99 is ${MAX_P99_MS} ms or a packet is lost, repaired or not`,
  );
  for (const climb of bench.options.whole ? [REFERENCE, ...CLIMBS] : CLIMBS) {
    const candidate = await bench.start(climb.name);
    await joinBigRoom(candidate, climb.subscribers, rate(climb, 0));
    await reportClimb(bench, climb, candidate);
    await bench.stop();
  }
}

const rate = ({ startBitsPerSecond }: Climb, step: number) => ({
  bitsPerSecond: Math.round(startBitsPerSecond * STEP ** step),
  fps: 30,
});

async function reportClimb({ report, options }: Bench, climb: Climb, candidate: Candidate): Promise<void> {
  const failed = await climbUntilFailure(climb, candidate);
  if (failed.window !== undefined) {
    report.line(`${climb.name} failed at ${perStream(climb, failed.step)}: ${describe(failed.window)}`);
    report.mustBeRight(climb.name, [failed.window]);
  }
  const highest = await descendUntilHeld(climb, candidate, failed.step - 1, options.windows);
  if (highest === undefined) {
    return report.mustHold(false, `${climb.name} did not even hold ${perStream(climb, MIN_STEP)}`);
  }
  const { windows, step } = highest;
  report.windows(candidate, perStream(climb, step), windows);
  const reached = medianOf(windows, ({ packetsPerSecond }) => packetsPerSecond);
  const share = medianOf(windows, ({ coreShare }) => coreShare);
  const text = `${climb.name} carried ${reached.toFixed(0)} packets/s with ${percent(share)} of the core`;
  if (climb.goal === undefined) report.line(text);
  else report.mustHold(reached >= climb.goal, `${text}: at least ${climb.goal}`);
}

/** The first step that one short window shows to be too high. */
async function climbUntilFailure(climb: Climb, candidate: Candidate): Promise<{ step: number; window?: Window }> {
  for (let step = 0; step < MAX_STEPS; step++) {
    await candidate.publish(rate(climb, step));
    await pauseMs(SETTLE_MS);
    const window = await candidate.window(STEP_WINDOW_MS);
    if (!holds([window])) return { step, window };
  }
  return { step: MAX_STEPS };
}

/** The highest step from `step` down that holds in all windows, as far as loss goes, and in their median. */
async function descendUntilHeld(
  climb: Climb,
  candidate: Candidate,
  step: number,
  windows: number,
): Promise<{ readonly windows: Windows; readonly step: number } | undefined> {
  for (; step >= MIN_STEP; step--) {
    await candidate.publish(rate(climb, step));
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      await pauseMs(RECOVERY_MS);
      const taken = await takeWindows(candidate, { windows, ms: STEP_WINDOW_MS });
      if (holds(taken)) return { windows: taken, step };
    }
  }
  return undefined;
}

function perStream(climb: Climb, step: number): string {
  return `${climb.subscribers} subscribers of ${(rate(climb, step).bitsPerSecond / 1e6).toFixed(1)} Mbit/s`;
}

/** A packet that RTX repaired was lost once: whoever carries the load has nothing to repair on loopback. */
export function holds(windows: Windows): boolean {
  const isWhole = windows.every(({ load: { lost, recovered, silent, skippedFrames } }) =>
    lost === 0 && recovered === 0 && silent === 0 && skippedFrames === 0
  );
  return isWhole && medianOf(windows, ({ load }) => load.latencyMs.p99) < MAX_P99_MS;
}

function describe({ load, coreShare, loadShare, othersShare, packetsPerSecond }: Window): string {
  return [
    `${packetsPerSecond.toFixed(0)} packets/s came`,
    `p99 ${load.latencyMs.p99.toFixed(0)} ms`,
    `lost ${load.lost}, by RTX ${load.recovered}`,
    `${load.silent} tracks silent`,
    `${load.skippedFrames} frames left out by the load`,
    `${percent(coreShare)} of the core, others ${percent(othersShare)}, the load ${percent(loadShare)} of its own`,
  ].join("; ");
}
