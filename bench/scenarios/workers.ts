import type { Bench } from "../bench.ts";
import { costRatio } from "../windows.ts";
import { measureInTurns } from "./contenders.ts";
import { joinBigRoom } from "./video.ts";

const SUBSCRIBERS = 400;
const MAX_RATIO = 1.1;

/** One room of one publisher and many subscribers, whole in one worker, and half in another one by the bus. */
export async function workers(bench: Bench): Promise<void> {
  const { report } = bench;
  report.title(`workers: one room with ${SUBSCRIBERS} subscribers, on one worker and on two`);
  const join = (candidate: Parameters<typeof joinBigRoom>[0]) => joinBigRoom(candidate, SUBSCRIBERS);
  const [one, two] = await measureInTurns(bench, [{ name: "native", join }, { name: "native-workers-2", join }]);
  report.windows(one.candidate, "one worker", one.windows);
  report.windows(two.candidate, "two workers", two.windows);
  const ratio = costRatio(two.windows, one.windows);
  report.mustHold(
    ratio <= MAX_RATIO,
    `a packet costs ${ratio.toFixed(2)} x on two workers: at most ${MAX_RATIO}`,
  );
  await bench.stop();
}
