import type { Bench } from "../bench.ts";
import type { Candidate, Window } from "../candidate.ts";
import { microsecondsBetween, threadTimes } from "../process_usage.ts";
import { percent } from "../report.ts";
import { costRatio, medianOf } from "../windows.ts";
import { INTERVAL_MS, judgeLatency, PEERS, withOnlooker } from "./onlooker.ts";

const MAX_SCRAPE_MS = 50;
/** Of the CPU time that media takes. */
const MAX_COST = 0.03;
/** In a row, without media, so that their CPU time is told apart from the noise of the machine. */
const BURST = 200;

/** Media to 1,000 peers, in turns with a scrape of /metrics each second and without: what the media notices. */
export async function metrics(bench: Bench): Promise<void> {
  const { report } = bench;
  report.title(`metrics: media to ${PEERS} peers, with a scrape each second and without`);
  const candidate = await bench.start("native-metrics");
  const lookedAt = await withOnlooker(bench, candidate, () => scrape(candidate));
  const { quiet, watched, times } = lookedAt;
  report.windows(candidate, "without", quiet);
  report.windows(candidate, "with scrapes", watched);
  const slowest = Math.max(...times);
  report.mustHold(
    slowest < MAX_SCRAPE_MS,
    `${times.length} scrapes, the slowest ${slowest.toFixed(1)} ms, the median ${
      times.toSorted((a, b) => a - b)[times.length >> 1].toFixed(1)
    }: under ${MAX_SCRAPE_MS} ms`,
  );
  judgeLatency(bench, lookedAt, "without scrapes");
  report.line(`a packet costs ${costRatio(watched, quiet).toFixed(3)} x one without scrapes`);
  await judgeCost(bench, candidate, quiet);
  await bench.stop();
}

/** The CPU time of a scrape, against that of the media meanwhile: the windows differ by as much for other reasons. */
async function judgeCost({ report }: Bench, candidate: Candidate, quiet: readonly Window[]): Promise<void> {
  await candidate.pause();
  const before = threadTimes(candidate.pid);
  for (let i = 0; i < BURST; i++) await scrape(candidate);
  const ms = microsecondsBetween(before, threadTimes(candidate.pid)) / 1000 / BURST;
  const share = ms / INTERVAL_MS / medianOf(quiet, ({ coreShare }) => coreShare);
  report.mustHold(
    share <= MAX_COST,
    `a scrape costs ${ms.toFixed(2)} ms of CPU, one a second ${(100 * share).toFixed(1)}% of what the media does: ` +
      `at most ${percent(MAX_COST)}`,
  );
}

/** How long it took, in ms. */
async function scrape({ metricsUrl }: Candidate): Promise<number> {
  if (metricsUrl === undefined) throw new Error("this server has no port for /metrics");
  const startMs = performance.now();
  const response = await fetch(metricsUrl);
  const text = await response.text();
  const ms = performance.now() - startMs;
  const isWhole = response.ok && text.includes(`\nswitchboard_peers ${PEERS}\n`) &&
    text.includes('switchboard_worker_up{worker="0"} 1');
  if (!isWhole) throw new Error(`${response.status}: ${text.slice(0, 500)}`);
  return ms;
}
