import type { Bench } from "../bench.ts";
import type { Candidate } from "../candidate.ts";
import { costRatio } from "../windows.ts";
import { measureInTurns, reportInRatio } from "./contenders.ts";
import { joinBigRoom } from "./video.ts";

/** What a forwarded packet costs in one room, in turns with another version of this server, and with the reference. */
export async function versionBefore(bench: Bench): Promise<void> {
  const { subscribers } = bench.options;
  bench.report.title(`before: this version against another one, one publisher of 2 Mbit/s, ${subscribers} subscribers`);
  const join = (candidate: Candidate) => joinBigRoom(candidate, subscribers);
  const measured = await measureInTurns(bench, [
    { name: "reference", join },
    { name: "before", join },
    { name: "native", join },
  ]);
  reportInRatio(bench, `${subscribers} subscribers`, measured);
  const [, { windows: there }, { windows: here, candidate }] = measured;
  bench.report.line(`a packet costs ${costRatio(here, there).toFixed(2)} x what it cost before`);
  bench.report.pauses(candidate);
  await bench.stop();
}
