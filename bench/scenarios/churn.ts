import type { Bench } from "../bench.ts";
import type { Candidate } from "../candidate.ts";
import { percent } from "../report.ts";
import { median } from "../windows.ts";
import { CONCURRENCY } from "./video.ts";

/** 100,000 packets/s. */
const MEDIA = { subscribers: 100, video: { bitsPerSecond: 9_300_000, fps: 30 } };
/** In another room: what those who come and go receive is nothing beside it. */
const SOUND = { firstRoom: 1, rooms: 2, publishers: 1, subscribers: 0, video: null, audio: true, concurrency: 1 };
/** Joins under way at once: the server always has one to go on with. */
const AT_ONCE = 8;
const WARM_UP_MS = 5000;
const MAX_RATIO = 2;

/** As many WHEP joins as the server takes beside 100,000 packets a second, and what those who receive these notice. */
export async function churn(bench: Bench): Promise<void> {
  const { report, options: { windows } } = bench;
  report.title(`churn: WHEP joins, ${AT_ONCE} at once, each leaving once it receives, beside 100,000 packets/s`);
  const candidate = await bench.start("native");
  const { subscribers, video } = MEDIA;
  await candidate.join({ rooms: 1, publishers: 1, subscribers, video, audio: false, concurrency: CONCURRENCY });
  await candidate.join(SOUND);
  await candidate.churnWindow(AT_ONCE, WARM_UP_MS);
  const turns: { ratio: number; joinsPerSecond: number }[] = [];
  while (turns.length < windows) turns.push(await measureTurn(bench, candidate));
  const all = turns.map(({ ratio }) => ratio.toFixed(2)).join(", ");
  const ratio = median(turns.map(({ ratio }) => ratio));
  const rate = median(turns.map(({ joinsPerSecond }) => joinsPerSecond));
  const text = `beside ${rate.toFixed(0)} joins/s p99 latency is ${
    ratio.toFixed(2)
  } x, of ${all}: at most ${MAX_RATIO}`;
  report.mustHold(ratio <= MAX_RATIO, text);
  report.pauses(candidate);
  await bench.stop();
}

async function measureTurn({ report, options: { windowMs } }: Bench, candidate: Candidate) {
  const before = await candidate.window(windowMs);
  report.windows(candidate, "media alone", [before]);
  const { window, joins } = await candidate.churnWindow(AT_ONCE, windowMs);
  report.windows(candidate, "with joins", [window]);
  const joinsPerSecond = joins.joined / window.load.seconds;
  report.line(
    `${joinsPerSecond.toFixed(0)} joins/s; to join and leave p50 ${joins.joinMs.p50.toFixed(0)} ` +
      `p99 ${joins.joinMs.p99.toFixed(0)} ms; server ${percent(window.coreShare)} of its core`,
  );
  report.mustHold(joins.failed === 0, `${joins.failed} joins failed: none`);
  return { ratio: window.load.latencyMs.p99 / before.load.latencyMs.p99, joinsPerSecond };
}
