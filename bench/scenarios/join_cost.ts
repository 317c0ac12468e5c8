import type { Bench, CandidateName } from "../bench.ts";
import type { Candidate } from "../candidate.ts";
import type { JoinRequest } from "../../src/load/requests.ts";
import { threadName, threadTimes } from "../process_usage.ts";
import { median, pauseMs } from "../windows.ts";

/** Whoever comes begins with the next frame, and what it costs to forward to one subscriber is nothing beside a join. */
const VIDEO = { bitsPerSecond: 300_000, fps: 30, onlyKeyFrames: true };
const ROOM = { rooms: 1, publishers: 0, subscribers: 0, video: VIDEO, audio: true, concurrency: 1 } as const;

const KINDS: Readonly<Record<string, Partial<JoinRequest>>> = {
  WHEP: { subscribers: 1 },
  WHIP: { publishers: 1 },
  WebSocket: { participants: 1 },
};
/** Until V8 has compiled what runs often, of each kind. */
const WARM_UP = { joins: 480, concurrency: 8 };
/** Batches in a window, by how many come at once: who comes alone finds the caches full of other things. */
const BATCHES: Readonly<Record<number, number>> = { 1: 20, 8: 6 };
/** Until the server has nothing more to do for who has joined or left; a publisher's first packets come in it. */
const QUIET_MS = 50;
const BACKGROUND_MS = 2000;
/** CPU milliseconds of a join, native. */
const MAX_JOIN_MS = 5;

/** CPU microseconds by thread: the main isolate, the media worker, and all others (V8's and Deno's own). */
interface Cost {
  readonly main: number;
  readonly worker: number;
  readonly others: number;
}

interface Phases {
  readonly join: Cost;
  readonly leave: Cost;
}

type Look = ReadonlyMap<string, number>;

/** CPU of whole joins, from the offer until media flows, and of leaving, by each signaling. */
export async function joinCost(bench: Bench): Promise<void> {
  bench.report.title("join-cost: CPU of the server's process for a join, from the offer until media flows");
  await measureServer(bench, "native", MAX_JOIN_MS);
  if (bench.options.whole) await measureServer(bench, "portable");
}

async function measureServer(bench: Bench, name: CandidateName, maxMs = Infinity): Promise<void> {
  const candidate = await bench.start(name);
  await candidate.join({ ...ROOM, publishers: 1 });
  for (const peer of Object.values(KINDS)) await warmUp(candidate, peer);
  const background = await measureBackground(candidate);
  for (const [kind, peer] of Object.entries(KINDS)) {
    for (const atOnce of Object.keys(BATCHES).map(Number)) {
      const windows: Phases[] = [];
      while (windows.length < bench.options.windows) {
        windows.push(await measureJoins(candidate, several(peer, atOnce), atOnce, background));
      }
      const [join, leave] = (["join", "leave"] as const).map((phase) => medians(windows.map((each) => each[phase])));
      const all = windows.map((window) => milliseconds(total(window.join))).join(", ");
      const text = `${name}, ${kind}, ${atOnce} at once: ${milliseconds(total(join))} ms a join (of ${all}): ` +
        `${byThread(join)}; to leave ${milliseconds(total(leave))} ms`;
      if (maxMs === Infinity) bench.report.line(text);
      else bench.report.mustHold(total(join) <= 1000 * maxMs, `${text}: at most ${maxMs} ms a join`);
    }
  }
  await bench.stop();
}

async function warmUp(candidate: Candidate, peer: Partial<JoinRequest>): Promise<void> {
  const { joins, concurrency } = WARM_UP;
  for (let joined = 0; joined < joins; joined += concurrency) {
    await candidate.join({ ...ROOM, ...several(peer, concurrency) });
    await candidate.leave();
  }
}

/** So many of one kind at once. */
function several(peer: Partial<JoinRequest>, count: number): Partial<JoinRequest> {
  return { ...Object.fromEntries(Object.keys(peer).map((role) => [role, count])), concurrency: count };
}

/** What forwarding to nobody costs, in a millisecond. */
async function measureBackground({ pid }: Candidate): Promise<Cost> {
  const before = threadTimes(pid);
  const startMs = performance.now();
  await pauseMs(BACKGROUND_MS);
  return scaled(costBetween(pid, before, threadTimes(pid)), 1 / (performance.now() - startMs));
}

/** A mean of some joins, and one of leaving: all that the server does is in either. */
async function measureJoins(
  candidate: Candidate,
  peers: Partial<JoinRequest>,
  atOnce: number,
  background: Cost,
): Promise<Phases> {
  const costs = { join: NOTHING, leave: NOTHING };
  let [lookedMs, last]: [number, Look] = [performance.now(), threadTimes(candidate.pid)];
  const add = (phase: keyof Phases) => {
    const [nowMs, look] = [performance.now(), threadTimes(candidate.pid)];
    const media = scaled(background, lookedMs - nowMs);
    costs[phase] = sum(costs[phase], sum(costBetween(candidate.pid, last, look), media));
    [lookedMs, last] = [nowMs, look];
  };
  for (let batch = 0; batch < BATCHES[atOnce]; batch++) {
    await candidate.join({ ...ROOM, ...peers });
    await pauseMs(QUIET_MS);
    add("join");
    await candidate.leave();
    await pauseMs(QUIET_MS);
    add("leave");
  }
  const joins = atOnce * BATCHES[atOnce];
  return { join: scaled(costs.join, 1 / joins), leave: scaled(costs.leave, 1 / joins) };
}

const NOTHING: Cost = { main: 0, worker: 0, others: 0 };

function costBetween(pid: number, before: Look, after: Look): Cost {
  const cost = { main: 0, worker: 0, others: 0 };
  for (const [thread, time] of after) {
    cost[ownerOf(pid, thread)] += (time - (before.get(thread) ?? 0)) / 1000;
  }
  return cost;
}

function ownerOf(pid: number, thread: string): keyof Cost {
  if (thread === `${pid}`) return "main";
  return threadName(pid, thread).startsWith("worker-") ? "worker" : "others";
}

function sum(a: Cost, b: Cost): Cost {
  return { main: a.main + b.main, worker: a.worker + b.worker, others: a.others + b.others };
}

function scaled({ main, worker, others }: Cost, factor: number): Cost {
  return { main: main * factor, worker: worker * factor, others: others * factor };
}

function medians(costs: readonly Cost[]): Cost {
  const of = (part: keyof Cost) => median(costs.map((cost) => cost[part]));
  return { main: of("main"), worker: of("worker"), others: of("others") };
}

function total({ main, worker, others }: Cost): number {
  return main + worker + others;
}

function byThread({ main, worker, others }: Cost): string {
  return `main ${milliseconds(main)}, worker ${milliseconds(worker)}, other threads ${milliseconds(others)}`;
}

function milliseconds(microseconds: number): string {
  return (microseconds / 1000).toFixed(2);
}
