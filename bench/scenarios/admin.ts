import type { Bench } from "../bench.ts";
import type { Candidate, Window } from "../candidate.ts";
import { COLLECTED_MS, costRatio, medianOf, pauseMs } from "../windows.ts";
import type { VideoRate } from "../../src/load/requests.ts";
import { CONCURRENCY } from "./video.ts";

/** With the publisher. */
const PEERS = 1000;
/** As in metrics: p99 is not that of a server at its limit. */
const VIDEO: VideoRate = { bitsPerSecond: 1_000_000, fps: 30 };
const INTERVAL_MS = 1000;
const WARM_UP_MS = 1000;
const MAX_LIST_MS = 100;
/** Without media. */
const ALONE = 50;

/** Media to 1,000 peers, in turns with a look at all of them each second by the admin API and without. */
export async function admin(bench: Bench): Promise<void> {
  const { report, options } = bench;
  report.title(`admin: media to ${PEERS} peers, listed each second and not`);
  const candidate = await bench.start("native-admin");
  await candidate.join({
    rooms: 1,
    publishers: 1,
    subscribers: PEERS - 1,
    video: VIDEO,
    audio: false,
    concurrency: CONCURRENCY,
  });
  await pauseMs(COLLECTED_MS);
  const { room } = await look(candidate);
  await candidate.window(WARM_UP_MS);
  const quiet: Window[] = [];
  const watched: Window[] = [];
  const times: number[] = [];
  for (let round = 0; round < options.windows; round++) {
    quiet.push(await candidate.window(options.windowMs));
    watched.push(await whileWatched(candidate, options.windowMs, times));
  }
  report.windows(candidate, "without", quiet);
  report.windows(candidate, "watched", watched);
  judge(bench, quiet, watched, times);
  await candidate.pause();
  const alone: number[] = [];
  for (let i = 0; i < ALONE; i++) alone.push((await list(candidate, room)).ms);
  report.line(`without media a list takes ${quantile(alone, 0.5)} ms, p99 ${quantile(alone, 0.99)} ms`);
  await bench.stop();
}

function judge(
  { report }: Bench,
  quiet: readonly Window[],
  watched: readonly Window[],
  times: readonly number[],
): void {
  report.mustHold(
    Math.max(...times) < MAX_LIST_MS,
    `${times.length} lists of ${PEERS} peers: median ${quantile(times, 0.5)} ms, p99 ${quantile(times, 0.99)} ms: ` +
      `under ${MAX_LIST_MS} ms`,
  );
  const p99 = (windows: readonly Window[]) => medianOf(windows, ({ load }) => load.latencyMs.p99);
  const alone = quiet.map(({ load }) => load.latencyMs.p99).sort((a, b) => a - b);
  const range = `${alone[0].toFixed(1)} to ${alone[alone.length - 1].toFixed(1)} ms`;
  // By itself p99 moves by a tenth and more from one window to the next.
  report.mustHold(
    p99(watched) <= alone[alone.length - 1],
    `p99 of media is ${(p99(watched) / p99(quiet)).toFixed(2)} x that without, ${p99(watched).toFixed(1)} ms: ` +
      `within that of single windows without, ${range}`,
  );
  report.line(`a packet costs ${costRatio(watched, quiet).toFixed(3)} x one while nobody looks`);
}

function quantile(times: readonly number[], part: number): string {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))].toFixed(1);
}

/** One window, with a look each second while it lasts; how long each list took is added to `times`. */
async function whileWatched(candidate: Candidate, ms: number, times: number[]): Promise<Window> {
  let isOver = false;
  const watching = async () => {
    while (!isOver) {
      times.push((await look(candidate)).ms);
      await pauseMs(INTERVAL_MS);
    }
  };
  const watched = watching();
  const window = await candidate.window(ms);
  isOver = true;
  await watched;
  return window;
}

/** What a page that watches the server asks: how it is, its rooms, and the list of the room, which is timed. */
async function look(candidate: Candidate): Promise<{ readonly room: string; readonly ms: number }> {
  await read(candidate, "status");
  const { rooms: [room] } = await read(candidate, "rooms");
  if (room === undefined) throw new Error("the room is over: its media worker has failed");
  return { room: room.id, ms: (await list(candidate, room.id)).ms };
}

async function list(candidate: Candidate, room: string): Promise<{ readonly ms: number }> {
  const startMs = performance.now();
  const { members } = await read(candidate, `rooms/${encodeURIComponent(room)}`);
  const ms = performance.now() - startMs;
  if (members.length !== PEERS) throw new Error(`${members.length} peers are listed, and not ${PEERS}`);
  return { ms };
}

async function read({ url, token }: Candidate, path: string) {
  const response = await fetch(`${url}/api/${path}`, { headers: { "Authorization": `Bearer ${token}` } });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return await response.json();
}
