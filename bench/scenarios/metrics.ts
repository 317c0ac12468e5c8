import type { Bench } from "../bench.ts";
import type { Candidate, Window } from "../candidate.ts";
import { microsecondsBetween, threadTimes } from "../process_usage.ts";
import { percent } from "../report.ts";
import { COLLECTED_MS, costRatio, medianOf, pauseMs } from "../windows.ts";
import { CONCURRENCY } from "./video.ts";
import type { VideoRate } from "../../src/load/requests.ts";

/** With the publisher. */
const PEERS = 1000;
/** Half of what big-room sends, so that p99 is not that of a server at its limit. */
const VIDEO: VideoRate = { bitsPerSecond: 1_000_000, fps: 30 };
const INTERVAL_MS = 1000;
const WARM_UP_MS = 1000;
const MAX_SCRAPE_MS = 50;
/** Of the CPU time that media takes. */
const MAX_COST = 0.03;
/** In a row, without media, so that their CPU time is told apart from the noise of the machine. */
const BURST = 200;

/** Media to 1,000 peers, in turns with a scrape of /metrics each second and without: what the media notices. */
export async function metrics(bench: Bench): Promise<void> {
  const { report, options } = bench;
  report.title(`metrics: media to ${PEERS} peers, with a scrape each second and without`);
  const candidate = await bench.start("native-metrics");
  await candidate.join({
    rooms: 1,
    publishers: 1,
    subscribers: PEERS - 1,
    video: VIDEO,
    audio: false,
    concurrency: CONCURRENCY,
  });
  await pauseMs(COLLECTED_MS);
  await scrape(candidate);
  await candidate.window(WARM_UP_MS);
  const quiet: Window[] = [];
  const scraped: Window[] = [];
  const times: number[] = [];
  for (let round = 0; round < options.windows; round++) {
    quiet.push(await candidate.window(options.windowMs));
    scraped.push(await whileScraped(candidate, options.windowMs, times));
  }
  report.windows(candidate, "without", quiet);
  report.windows(candidate, "with scrapes", scraped);
  judge(bench, quiet, scraped, times);
  await judgeCost(bench, candidate, quiet);
  await bench.stop();
}

function judge(
  { report }: Bench,
  quiet: readonly Window[],
  scraped: readonly Window[],
  times: readonly number[],
): void {
  const slowest = Math.max(...times);
  report.mustHold(
    slowest < MAX_SCRAPE_MS,
    `${times.length} scrapes, the slowest ${slowest.toFixed(1)} ms, the median ${
      times.toSorted((a, b) => a - b)[times.length >> 1].toFixed(1)
    }: under ${MAX_SCRAPE_MS} ms`,
  );
  const p99 = (windows: readonly Window[]) => medianOf(windows, ({ load }) => load.latencyMs.p99);
  const alone = quiet.map(({ load }) => load.latencyMs.p99).sort((a, b) => a - b);
  const range = `${alone[0].toFixed(1)} to ${alone[alone.length - 1].toFixed(1)} ms`;
  // By itself p99 moves by a tenth and more from one window to the next.
  report.mustHold(
    p99(scraped) <= alone[alone.length - 1],
    `p99 of media is ${(p99(scraped) / p99(quiet)).toFixed(2)} x that without scrapes, ${
      p99(scraped).toFixed(1)
    } ms: ` +
      `within that of single windows without, ${range}`,
  );
  report.line(`a packet costs ${costRatio(scraped, quiet).toFixed(3)} x one without scrapes`);
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

/** One window, with scrapes while it lasts; how long each took is added to `times`. */
async function whileScraped(candidate: Candidate, ms: number, times: number[]): Promise<Window> {
  let isOver = false;
  const scraping = async () => {
    while (!isOver) {
      times.push(await scrape(candidate));
      await pauseMs(INTERVAL_MS);
    }
  };
  const scraped = scraping();
  const window = await candidate.window(ms);
  isOver = true;
  await scraped;
  return window;
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
