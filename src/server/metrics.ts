import { cpuUsage } from "node:process";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { ClusterFigures } from "../io/cluster_node.ts";
import type { Figures } from "../io/figures.ts";
import type { Stats } from "../io/stats.ts";
import type { HistogramFigures } from "../media/histogram.ts";
import type { Metric, Observed } from "./metric.ts";
import { METRICS, sumOf } from "./metric_table.ts";
import type { WebhookFigures } from "./webhooks/webhooks.ts";

/** Prometheus' text exposition format. */
export const METRICS_CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

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
  readonly #registry = new Registry();
  readonly #setters: readonly ((observed: Observed) => void)[];
  #pending: Promise<string> | undefined;

  constructor(source: MetricsSource) {
    this.#source = source;
    this.#setters = METRICS.map((metric) => register(metric, this.#registry));
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
    for (const set of this.#setters) set(observed);
    return await this.#registry.metrics();
  }
}

/** Gives the registry the metric; what is returned sets it. */
function register(metric: Metric, registry: Registry): (observed: Observed) => void {
  const { name, help } = metric;
  const registers = [registry];
  if (metric.type === "histogram") {
    const histogram = new GatheredHistogram(metric.boundsMs, { name, help, registers });
    return (observed) => histogram.gathered = metric.durations(observed);
  }
  const labelNames = Object.keys(metric.labels);
  if (metric.type === "gauge") {
    const gauge = new Gauge({ name, help, labelNames, registers });
    return (observed) => {
      const samples = metric.samples(observed);
      gauge.reset();
      // One without labels would be told as 0.
      if (samples.length + labelNames.length === 0) gauge.remove();
      for (const { labels, value } of samples) gauge.set(labels, value);
    };
  }
  const counter = new Counter({ name, help, labelNames, registers });
  return (observed) => {
    const samples = metric.samples(observed);
    counter.reset();
    if (samples.length + labelNames.length === 0) counter.remove();
    for (const { labels, value } of samples) counter.inc(labels, value);
  };
}

/** A histogram that was counted elsewhere, in ms: prom-client's can only observe. */
class GatheredHistogram extends Histogram {
  gathered: HistogramFigures | undefined;
  readonly #name: string;
  readonly #help: string;
  readonly #boundsMs: readonly number[];

  constructor(
    boundsMs: readonly number[],
    { name, help, registers }: { readonly name: string; readonly help: string; readonly registers: Registry[] },
  ) {
    super({ name, help, registers, buckets: boundsMs.map((ms) => ms / 1000) });
    this.#name = name;
    this.#help = help;
    this.#boundsMs = boundsMs;
  }

  /** What the registry asks for, and `get` as well. */
  getForPromString(): Promise<object> {
    const { counts, sumMs } = this.gathered ?? { counts: [], sumMs: 0 };
    const bucket = `${this.#name}_bucket`;
    let total = 0;
    const values = this.#boundsMs.map((ms, at) => {
      total += counts[at] ?? 0;
      return { metricName: bucket, labels: { le: `${ms / 1000}` }, value: total };
    });
    total += counts[this.#boundsMs.length] ?? 0;
    return Promise.resolve({
      name: this.#name,
      help: this.#help,
      type: "histogram",
      aggregator: "sum",
      values: [
        ...values,
        { metricName: bucket, labels: { le: "+Inf" }, value: total },
        { metricName: `${this.#name}_sum`, labels: {}, value: sumMs / 1000 },
        { metricName: `${this.#name}_count`, labels: {}, value: total },
      ],
    });
  }
}
