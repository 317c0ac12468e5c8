import type { Bench } from "../bench.ts";
import type { Candidate } from "../candidate.ts";
import { costRatio } from "../windows.ts";
import { judgeLatency, PEERS, withOnlooker } from "./onlooker.ts";

const MAX_LIST_MS = 100;
/** Without media. */
const ALONE = 50;

/** Media to 1,000 peers, in turns with a look at all of them each second by the admin API and without. */
export async function admin(bench: Bench): Promise<void> {
  const { report } = bench;
  report.title(`admin: media to ${PEERS} peers, listed each second and not`);
  const candidate = await bench.start("native-admin");
  let room = "";
  const lookedAt = await withOnlooker(bench, candidate, async () => {
    room = await findRoom(candidate);
    return await list(candidate, room);
  });
  const { quiet, watched, times } = lookedAt;
  report.windows(candidate, "without", quiet);
  report.windows(candidate, "watched", watched);
  report.mustHold(
    Math.max(...times) < MAX_LIST_MS,
    `${times.length} lists of ${PEERS} peers: median ${quantile(times, 0.5)} ms, p99 ${quantile(times, 0.99)} ms: ` +
      `under ${MAX_LIST_MS} ms`,
  );
  judgeLatency(bench, lookedAt, "without");
  report.line(`a packet costs ${costRatio(watched, quiet).toFixed(3)} x one while nobody looks`);
  await candidate.pause();
  const alone: number[] = [];
  for (let i = 0; i < ALONE; i++) alone.push(await list(candidate, room));
  report.line(`without media a list takes ${quantile(alone, 0.5)} ms, p99 ${quantile(alone, 0.99)} ms`);
  await bench.stop();
}

function quantile(times: readonly number[], part: number): string {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))].toFixed(1);
}

/** What a page that watches the server asks before the list: how it is, and its rooms. */
async function findRoom(candidate: Candidate): Promise<string> {
  await read(candidate, "status");
  const { rooms: [room] } = await read(candidate, "rooms");
  if (room === undefined) throw new Error("the room is over: its media worker has failed");
  return room.id;
}

/** How long it took, in ms. */
async function list(candidate: Candidate, room: string): Promise<number> {
  const startMs = performance.now();
  const { members } = await read(candidate, `rooms/${encodeURIComponent(room)}`);
  const ms = performance.now() - startMs;
  if (members.length !== PEERS) throw new Error(`${members.length} peers are listed, and not ${PEERS}`);
  return ms;
}

async function read({ url, token }: Candidate, path: string) {
  const response = await fetch(`${url}/api/${path}`, { headers: { "Authorization": `Bearer ${token}` } });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return await response.json();
}
