import { cpuUsage } from "node:process";
import type { ClusterFigures } from "../io/cluster_node.ts";
import type { Figures } from "../io/figures.ts";
import type { Stats } from "../io/stats.ts";
import type { Observed } from "./metric.ts";
import { METRICS, sumOf } from "./metric_table.ts";
import type { MetricsRegistry } from "./metrics_registry.ts";
import type { WebhookFigures } from "./webhooks/webhooks.ts";

/** Prometheus' text exposition format. */
export const METRICS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

export interface MetricsSource {
  readonly backend: string;
  /** Media workers; 0 where the main isolate carries the media. */
  readonly workers: number;
  stats(): Stats;
  obstacle(): string | undefined;
  /** Undefined where rooms are shared with no other servers. */
  cluster(): ClusterFigures | undefined;
  /** Undefined where there are no webhooks. */
  webhooks(): WebhookFigures | undefined;
  gather(): Promise<Figures>;
}

/** Tells Prometheus what the server has counted. Nothing is kept here: the numbers are those of the moment. */
export class Metrics {
  readonly #source: MetricsSource;
  /** Made for who asks first: most servers are never asked. */
  #registry: MetricsRegistry | undefined;
  #pending: Promise<string> | undefined;

  constructor(source: MetricsSource) {
    this.#source = source;
  }

  /** All metrics as text. Who asks while it is made gets the same. */
  text(): Promise<string> {
    this.#pending ??= this.#make().finally(() => this.#pending = undefined);
    return this.#pending;
  }

  async #make(): Promise<string> {
    const { backend, workers } = this.#source;
    const figures = await this.#source.gather();
    const { user, system } = cpuUsage();
    const observed: Observed = {
      backend,
      workers: workers === 0 ? ["main"] : Array.from({ length: workers }, (_, at) => `${at}`),
      stats: this.#source.stats(),
      figures,
      media: sumOf(figures),
      cluster: this.#source.cluster(),
      webhooks: this.#source.webhooks(),
      isReady: this.#source.obstacle() === undefined,
      cpuSeconds: (user + system) / 1e6,
      residentBytes: Deno.memoryUsage().rss,
    };
    const { MetricsRegistry } = await import("./metrics_registry.ts");
    this.#registry ??= new MetricsRegistry(METRICS);
    return await this.#registry.text(observed);
  }
}
