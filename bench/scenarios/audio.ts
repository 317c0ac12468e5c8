import type { Bench } from "../bench.ts";
import type { Candidate } from "../candidate.ts";
import { measureInTurns, reportInRatio } from "./contenders.ts";
import { CONCURRENCY } from "./video.ts";

const SUBSCRIBERS = 400;

const join = (candidate: Candidate) =>
  candidate.join({
    rooms: 1,
    publishers: 1,
    subscribers: SUBSCRIBERS,
    video: null,
    audio: true,
    concurrency: CONCURRENCY,
  });

/** Sound alone: small packets, one at a time, 50 a second. */
export async function audio(bench: Bench): Promise<void> {
  bench.report.title(`audio: one publisher of sound, ${SUBSCRIBERS} subscribers`);
  const measured = await measureInTurns(bench, [{ name: "reference", join }, { name: "native", join }]);
  reportInRatio(bench, `${SUBSCRIBERS} subscribers`, measured);
  await bench.stop();
}
