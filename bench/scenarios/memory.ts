import type { Bench } from "../bench.ts";
import type { Candidate } from "../candidate.ts";
import { denoScript } from "../child.ts";
import { settledResidentBytes } from "../process_usage.ts";
import { megabytes } from "../report.ts";
import { COLLECTED_MS, pauseMs } from "../windows.ts";
import { CAMERA, CONCURRENCY } from "./video.ts";

const MAX_IDLE_BYTES = 130e6;
const MAX_SUBSCRIBER_BYTES = 120e3;
const MAX_PUBLISHER_BYTES = 1e6;
const MAX_CONSUMER_BYTES = 1000;
const SUBSCRIBERS = { first: 100, more: 400 };
const PUBLISHERS = { first: 10, more: 90 };
/** Media for so long fills the caches, which keep 2 s. */
const FILL_MS = 4000;
/** After the start. */
const SETTLE_MS = 2000;

/** What the process keeps: with nobody, for each further subscriber, each publisher, and each idle consumer. */
export async function memory(bench: Bench): Promise<void> {
  bench.report.title("memory: RSS of the server, native");
  await weighSubscribers(bench);
  await weighPublishers(bench);
  weighConsumers(bench);
}

async function weighSubscribers(bench: Bench): Promise<void> {
  const { report } = bench;
  const candidate = await bench.start("native");
  await pauseMs(SETTLE_MS);
  const idle = await settledResidentBytes(candidate.pid);
  report.mustHold(idle < MAX_IDLE_BYTES, `with nobody ${megabytes(idle)}: under ${megabytes(MAX_IDLE_BYTES)}`);
  const before = await add(candidate, 1, SUBSCRIBERS.first);
  const after = await add(candidate, 0, SUBSCRIBERS.more);
  const each = (after - before) / SUBSCRIBERS.more;
  const text = `from ${SUBSCRIBERS.first} subscribers (${megabytes(before)}) to ${SUBSCRIBERS.more} more ` +
    `(${megabytes(after)}): ${kilobytes(each)} each: at most ${kilobytes(MAX_SUBSCRIBER_BYTES)}`;
  report.mustHold(each <= MAX_SUBSCRIBER_BYTES, text);
  await bench.stop();
}

async function weighPublishers(bench: Bench): Promise<void> {
  const candidate = await bench.start("native");
  const before = await add(candidate, PUBLISHERS.first, 0);
  const after = await add(candidate, PUBLISHERS.more, 0);
  const each = (after - before) / PUBLISHERS.more;
  const text = `from ${PUBLISHERS.first} publishers of 2 Mbit/s (${megabytes(before)}) to ${PUBLISHERS.more} more ` +
    `(${megabytes(after)}): ${kilobytes(each)} each: at most ${kilobytes(MAX_PUBLISHER_BYTES)}`;
  bench.report.mustHold(each <= MAX_PUBLISHER_BYTES, text);
  await bench.stop();
}

/** In a process without sockets. */
function weighConsumers({ report }: Bench): void {
  const [program, ...args] = denoScript("idle_consumers.ts", [], ["--v8-flags=--expose-gc"]);
  const { success, stdout } = new Deno.Command(program, { args, stderr: "inherit" }).outputSync();
  if (!success) throw new Error("idle_consumers.ts failed");
  const bytes = Number(new TextDecoder().decode(stdout));
  report.mustHold(bytes <= MAX_CONSUMER_BYTES, `an idle consumer keeps ${bytes} bytes: at most ${MAX_CONSUMER_BYTES}`);
}

/** Bytes with so many more in room 0, once media has flowed for some seconds and what the joins have left is collected. */
async function add(candidate: Candidate, publishers: number, subscribers: number): Promise<number> {
  await candidate.join({ rooms: 1, publishers, subscribers, video: CAMERA, audio: false, concurrency: CONCURRENCY });
  await pauseMs(Math.max(FILL_MS, COLLECTED_MS));
  return await settledResidentBytes(candidate.pid);
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1e3).toFixed(0)} kB`;
}
