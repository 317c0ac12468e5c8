/**
 * What forwarding costs, against a program in C that does nothing else: `deno task bench [scenario...]`. README.md says
 * what each figure means. Ends with exit code 1 where packets were lost or wrong.
 */
import { Bench } from "./bench.ts";
import { SERVER_CORE } from "./candidate.ts";
import { parseOptions } from "./options.ts";
import { coreTime, processorName, shareBetween } from "./process_usage.ts";
import { percent, Report } from "./report.ts";
import { admin } from "./scenarios/admin.ts";
import { audio } from "./scenarios/audio.ts";
import { versionBefore } from "./scenarios/before.ts";
import { bigRoom } from "./scenarios/big_room.ts";
import { churn } from "./scenarios/churn.ts";
import { flat } from "./scenarios/flat.ts";
import { joinCost } from "./scenarios/join_cost.ts";
import { joins } from "./scenarios/joins.ts";
import { loadCost } from "./scenarios/load_cost.ts";
import { lossyJoins } from "./scenarios/lossy_joins.ts";
import { memory } from "./scenarios/memory.ts";
import { metrics } from "./scenarios/metrics.ts";
import { nodes } from "./scenarios/nodes.ts";
import { otherServer } from "./scenarios/other_server.ts";
import { quality } from "./scenarios/quality.ts";
import { saturation } from "./scenarios/saturation.ts";
import { smallRooms } from "./scenarios/small_rooms.ts";
import { workers } from "./scenarios/workers.ts";

const SCENARIOS: Readonly<Record<string, (bench: Bench) => Promise<void>>> = {
  "big-room": bigRoom,
  "small-rooms": smallRooms,
  workers,
  audio,
  saturation,
  joins,
  "join-cost": joinCost,
  churn,
  memory,
  metrics,
  admin,
  flat,
  nodes,
  "load-cost": loadCost,
  "lossy-joins": lossyJoins("native"),
  "lossy-joins-portable": lossyJoins("portable"),
  "other-server": otherServer,
  before: versionBefore,
  quality,
};
/** They take another server, or version, or browsers, or write the pages of docs/quality.md. */
const BY_NAME_ALONE = ["quality", "other-server", "before", "lossy-joins", "lossy-joins-portable"];
const NAMES = {
  known: Object.keys(SCENARIOS),
  all: Object.keys(SCENARIOS).filter((name) => !BY_NAME_ALONE.includes(name)),
  /** Less than six minutes. */
  usual: ["big-room", "small-rooms", "saturation", "joins", "memory"],
};

async function run(bench: Bench, report: Report): Promise<number> {
  const before = coreTime(SERVER_CORE);
  report.title(`Deno ${Deno.version.deno}, Linux ${Deno.osRelease()}, ${processorName()}`);
  for (const name of bench.options.scenarios) await SCENARIOS[name](bench);
  const { stolen } = shareBetween(before, coreTime(SERVER_CORE));
  report.title(`The hypervisor took ${percent(stolen)} of the server's core.`);
  return report.end();
}

async function main(): Promise<number> {
  const report = new Report();
  const bench = new Bench(parseOptions(Deno.args, NAMES), report);
  Deno.addSignalListener("SIGTERM", () => {
    bench.close();
    Deno.exit(1);
  });
  try {
    return await run(bench, report);
  } finally {
    bench.close();
  }
}

Deno.exit(await main());
