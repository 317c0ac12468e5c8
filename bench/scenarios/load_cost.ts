import type { Bench } from "../bench.ts";
import type { Candidate } from "../candidate.ts";
import { medianOf } from "../windows.ts";
import { measureInTurns } from "./contenders.ts";
import { joinBigRoom } from "./video.ts";

const SUBSCRIBERS = 400;
/** CPU microseconds of the load for each packet that its subscribers receive. */
const MAX_COST = 1.5;

/** What the load itself takes for a packet, which is `deno task load` too: what it takes no server next to it has. */
export async function loadCost(bench: Bench): Promise<void> {
  const { report } = bench;
  report.title(`load-cost: what a packet costs the load, one publisher of 2 Mbit/s, ${SUBSCRIBERS} subscribers`);
  const join = (candidate: Candidate) => joinBigRoom(candidate, SUBSCRIBERS);
  const measured = await measureInTurns(bench, [{ name: "reference", join }, { name: "native", join }]);
  for (const { candidate, windows } of measured) {
    report.windows(candidate, `${SUBSCRIBERS} subscribers`, windows);
    const cost = medianOf(windows, ({ loadShare, packetsPerSecond }) => 1e6 * loadShare / packetsPerSecond);
    const text = `${candidate.name}: a packet costs the load ${cost.toFixed(2)} us: at most ${MAX_COST}`;
    report.mustHold(cost <= MAX_COST, text);
  }
  await bench.stop();
}
