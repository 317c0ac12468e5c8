import type { HistogramFigures } from "../media/histogram.ts";
import type { MediaFigures } from "../media/media_figures.ts";
import type { ClusterFigures } from "../io/cluster_node.ts";
import type { Figures } from "../io/figures.ts";
import type { Stats } from "../io/stats.ts";
import type { WebhookFigures } from "./webhooks/webhooks.ts";

/** All that is told at one scrape. */
export interface Observed {
  readonly backend: string;
  /** Of isolates that carry media: their numbers, or `main`. */
  readonly workers: readonly string[];
  readonly stats: Stats;
  readonly figures: Figures;
  /** Of all isolates together. */
  readonly media: MediaFigures;
  /** Of the broker by which rooms are shared; undefined where there is none. */
  readonly cluster: ClusterFigures | undefined;
  /** Undefined where there are no webhooks. */
  readonly webhooks: WebhookFigures | undefined;
  /** Whether another peer can be taken. */
  readonly isReady: boolean;
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface About {
  readonly name: string;
  readonly help: string;
}

/** A metric: what /metrics and docs/metrics.md say of it, and what it is at a scrape. */
export type Metric =
  & About
  & (
    | {
      readonly type: "counter" | "gauge";
      /** The values of each label that are told at least; none of them comes from a client. */
      readonly labels: Readonly<Record<string, readonly string[]>>;
      readonly samples: (observed: Observed) => readonly Sample[];
    }
    | {
      readonly type: "histogram";
      /** In ms; what is told is in seconds. */
      readonly boundsMs: readonly number[];
      readonly durations: (observed: Observed) => HistogramFigures;
    }
  );

/** Which way something went. */
export const WAYS = ["sent", "received"] as const;
export const NO_LABELS = {};

export function single(
  type: "counter" | "gauge",
  name: string,
  help: string,
  value: (observed: Observed) => number,
): Metric {
  return { type, name, help, labels: NO_LABELS, samples: (observed) => [{ labels: {}, value: value(observed) }] };
}

/** As `single`, of a part of the server that not every server has: without it nothing is told. */
export function singleOf<Part>(part: (observed: Observed) => Part | undefined) {
  return (type: "counter" | "gauge", name: string, help: string, value: (part: Part) => number): Metric => ({
    type,
    name,
    help,
    labels: NO_LABELS,
    samples: (observed) => {
      const there = part(observed);
      return there === undefined ? [] : [{ labels: {}, value: value(there) }];
    },
  });
}
