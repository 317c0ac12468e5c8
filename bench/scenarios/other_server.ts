import type { Bench } from "../bench.ts";
import type { Candidate } from "../candidate.ts";
import { measureInTurns, reportInRatio } from "./contenders.ts";
import { joinBigRoom } from "./video.ts";

/** One big room of a server that runs already, in turns with the reference and with this server. */
export async function otherServer(bench: Bench): Promise<void> {
  const { other, subscribers } = bench.options;
  bench.report.title(`other-server: ${other?.url ?? ""}, one publisher of 2 Mbit/s, ${subscribers} subscribers`);
  const join = (candidate: Candidate) => joinBigRoom(candidate, subscribers);
  const names = ["reference", "native", "other"] as const;
  const measured = await measureInTurns(bench, names.map((name) => ({ name, join })));
  reportInRatio(bench, `${subscribers} subscribers`, measured);
  await bench.stop();
}
