import { cpuUsage } from "node:process";
import type { z } from "zod";
import type { ClusterFigures } from "../../io/cluster_node.ts";
import type { Figures } from "../../io/figures.ts";
import type { Stats } from "../../io/stats.ts";
import { sumOf } from "../metric_table.ts";
import type { SCHEMAS } from "./schemas.ts";

export interface StatusSource {
  readonly backend: {
    readonly name: string;
    readonly reason: string;
    readonly workers: number;
    readonly tcpPort: number | undefined;
  };
  stats(): Stats;
  /** Why no other peer can be taken at present; undefined where one can. */
  obstacle(): string | undefined;
  /** Whole seconds until a drain is over; undefined where none has begun. */
  drainSecondsLeft(): number | undefined;
  /** Undefined where rooms are shared with no other servers. */
  cluster(): ClusterFigures | undefined;
  gather(): Promise<Figures>;
}

export type Status = z.input<typeof SCHEMAS.Status>;

/** Tells how the server is at the moment. */
export async function describeStatus(source: StatusSource, startedMs: number, now: () => number): Promise<Status> {
  const figures = await source.gather();
  const { refusals: _, ssrcs: __, timers: ___, ...alive } = source.stats();
  const obstacle = source.obstacle();
  const seconds = source.drainSecondsLeft();
  const { user, system } = cpuUsage();
  const nowMs = now();
  return {
    time: new Date(nowMs).toISOString(),
    uptimeSeconds: Math.round(nowMs - startedMs) / 1000,
    backend: source.backend,
    ready: obstacle === undefined,
    ...(obstacle !== undefined && { obstacle }),
    ...(seconds !== undefined && { draining: { seconds } }),
    alive,
    joins: figures.admissions.joins,
    media: sumOf(figures).tracks,
    process: { cpuSeconds: (user + system) / 1e6, residentBytes: Deno.memoryUsage().rss },
    ...describeCluster(source.cluster()),
  };
}

function describeCluster(figures: ClusterFigures | undefined): Pick<Status, "cluster"> {
  if (figures === undefined) return {};
  const { name: node, region, isConnected, others, reached, draining } = figures;
  const broker = isConnected ? "connected" : "away";
  return { cluster: { node, ...(region !== undefined && { region }), broker, others, reached, draining } };
}
