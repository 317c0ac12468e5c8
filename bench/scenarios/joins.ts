import type { Bench } from "../bench.ts";
import type { Candidate } from "../candidate.ts";
import { median } from "../windows.ts";
import { joinBigRoom } from "./video.ts";

const SUBSCRIBERS = 100;
const BURST = 100;
/** The burst begins a second into its window, and the window ends not long after the burst: it is what p99 is about. */
const BURST_WINDOW_MS = 4000;
const WARM_UP_MS = 1000;
const MAX_RATIO = 2;

/** Bursts of WHEP joins while media flows to others, those of the bursts before among them: what these others notice. */
export async function joins(bench: Bench): Promise<void> {
  const { report, options } = bench;
  report.title(
    `joins: ${options.windows} times ${BURST} WHEP joins at once while media flows, to ${SUBSCRIBERS} at first`,
  );
  const candidate = await bench.start("native");
  await joinBigRoom(candidate, SUBSCRIBERS);
  await candidate.window(WARM_UP_MS);
  const ratios: number[] = [];
  for (let burst = 0; burst < options.windows; burst++) ratios.push(await measureBurst(bench, candidate));
  const ratio = median(ratios);
  const all = ratios.map((each) => each.toFixed(2)).join(", ");
  report.mustHold(ratio <= MAX_RATIO, `p99 latency grew ${ratio.toFixed(2)} x, of ${all}: at most ${MAX_RATIO}`);
  report.pauses(candidate);
  await bench.stop();
}

/** By what p99 grows during a burst. */
async function measureBurst({ report, options }: Bench, candidate: Candidate): Promise<number> {
  const before = await candidate.window(options.windowMs);
  report.windows(candidate, "before", [before]);
  const { window, joins } = await candidate.joinsWindow(BURST, BURST_WINDOW_MS);
  report.windows(candidate, "during", [window]);
  const { p50, p99, max } = joins.joinMs;
  report.line(`joined ${joins.joined}, p50 ${p50.toFixed(0)} p99 ${p99.toFixed(0)} max ${max.toFixed(0)} ms`);
  report.mustHold(joins.failed === 0, `${joins.failed} joins failed: none`);
  return window.load.latencyMs.p99 / before.load.latencyMs.p99;
}
