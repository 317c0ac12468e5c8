import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { HistogramFigures } from "../media/histogram.ts";
import type { Metric, Observed } from "./metric.ts";

/** Metrics as prom-client writes them; each is set anew by what is observed. */
export class MetricsRegistry {
  readonly #registry = new Registry();
  readonly #setters: readonly ((observed: Observed) => void)[];

  constructor(metrics: readonly Metric[]) {
    this.#setters = metrics.map((metric) => register(metric, this.#registry));
  }

  /** In the text exposition format. */
  text(observed: Observed): Promise<string> {
    for (const set of this.#setters) set(observed);
    return this.#registry.metrics();
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
