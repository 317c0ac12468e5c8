import type { Bench } from "../bench.ts";
import { medianOf, takeWindows } from "../windows.ts";
import { joinBigRoom } from "./video.ts";

const SUBSCRIBERS = 100;
const BURST = 100;
/** The burst begins a second into its window, and the window ends not long after the burst: it is what p99 is about. */
const BURST_WINDOW_MS = 4000;
const WARM_UP_MS = 1000;
const MAX_RATIO = 2;

/** A burst of WHEP joins while media flows to others: what these others notice. */
export async function joins(bench: Bench): Promise<void> {
  const { report, options } = bench;
  report.title(`joins: ${BURST} WHEP joins at once while media flows to ${SUBSCRIBERS}`);
  const candidate = await bench.start("native");
  await joinBigRoom(candidate, SUBSCRIBERS);
  await candidate.window(WARM_UP_MS);
  const before = await takeWindows(candidate, { windows: options.windows, ms: options.windowMs });
  report.windows(candidate, "before", before);
  const { window, joins } = await candidate.joinsWindow(BURST, BURST_WINDOW_MS);
  report.windows(candidate, "during", [window]);
  const { p50, p99, max } = joins.joinMs;
  report.line(`joined ${joins.joined}, p50 ${p50.toFixed(0)} p99 ${p99.toFixed(0)} max ${max.toFixed(0)} ms`);
  report.mustHold(joins.failed === 0, `${joins.failed} joins failed: none`);
  const was = medianOf(before, ({ load }) => load.latencyMs.p99);
  const ratio = window.load.latencyMs.p99 / was;
  report.mustHold(
    ratio <= MAX_RATIO,
    `p99 latency went from ${was.toFixed(2)} to ${window.load.latencyMs.p99.toFixed(2)} ms, ${ratio.toFixed(2)} x: ` +
      `at most ${MAX_RATIO}`,
  );
  report.pauses(candidate);
  await bench.stop();
}
