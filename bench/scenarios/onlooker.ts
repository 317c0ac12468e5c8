import type { Bench } from "../bench.ts";
import type { Candidate, Window } from "../candidate.ts";
import { COLLECTED_MS, medianOf, pauseMs } from "../windows.ts";
import type { VideoRate } from "../../src/load/requests.ts";
import { CONCURRENCY } from "./video.ts";

/** With the publisher. */
export const PEERS = 1000;
/** Half of what big-room sends, so that p99 is not that of a server at its limit. */
const VIDEO: VideoRate = { bitsPerSecond: 1_000_000, fps: 30 };
/** Somebody looks so often. */
export const INTERVAL_MS = 1000;
const WARM_UP_MS = 1000;

/** Media while nobody looks and while somebody does, and how long each look took, in ms. */
export interface LookedAt {
  readonly quiet: readonly Window[];
  readonly watched: readonly Window[];
  readonly times: readonly number[];
}

/** Has a room of PEERS, and measures its media in turns without a look at the server and with one each second. */
export async function withOnlooker(
  { options }: Bench,
  candidate: Candidate,
  look: () => Promise<number>,
): Promise<LookedAt> {
  await candidate.join({
    rooms: 1,
    publishers: 1,
    subscribers: PEERS - 1,
    video: VIDEO,
    audio: false,
    concurrency: CONCURRENCY,
  });
  await pauseMs(COLLECTED_MS);
  await look();
  await candidate.window(WARM_UP_MS);
  const quiet: Window[] = [];
  const watched: Window[] = [];
  const times: number[] = [];
  for (let round = 0; round < options.windows; round++) {
    quiet.push(await candidate.window(options.windowMs));
    watched.push(await whileLooking(candidate, options.windowMs, look, times));
  }
  return { quiet, watched, times };
}

/** Whether media's p99 is what it is without looks, which `without` names. */
export function judgeLatency({ report }: Bench, { quiet, watched }: LookedAt, without: string): void {
  const p99 = (windows: readonly Window[]) => medianOf(windows, ({ load }) => load.latencyMs.p99);
  const alone = quiet.map(({ load }) => load.latencyMs.p99).sort((a, b) => a - b);
  const range = `${alone[0].toFixed(1)} to ${alone[alone.length - 1].toFixed(1)} ms`;
  // By itself p99 moves by a tenth and more from one window to the next.
  report.mustHold(
    p99(watched) <= alone[alone.length - 1],
    `p99 of media is ${(p99(watched) / p99(quiet)).toFixed(2)} x that ${without}, ${p99(watched).toFixed(1)} ms: ` +
      `within that of single windows without, ${range}`,
  );
}

/** One window, with looks while it lasts; how long each took is added to `times`. */
async function whileLooking(
  candidate: Candidate,
  ms: number,
  look: () => Promise<number>,
  times: number[],
): Promise<Window> {
  let isOver = false;
  const looking = async () => {
    while (!isOver) {
      times.push(await look());
      await pauseMs(INTERVAL_MS);
    }
  };
  const looked = looking();
  const window = await candidate.window(ms);
  isOver = true;
  await looked;
  return window;
}
