import { type Experiment, type FlowSample, mean, type Sample, SAMPLE_MS } from "./experiment.ts";

/** RFC 8868 section 3, of one experiment. */
export interface Metrics {
  /** Of the link's capacity, what arrived of all flows and of TCP: 0 to 1. */
  readonly utilisation: number;
  /** Of the media flows alone. */
  readonly mediaShare: number;
  /** What the queue held, in milliseconds: the mean, and what 95% of the time it was not above. */
  readonly meanQueueMs: number;
  readonly highQueueMs: number;
  /** Of the packets of media sent: 0 to 1. */
  readonly loss: number;
  /** The lowest mean rate of a flow in ratio to the highest, while all of them were there; undefined for one flow. */
  readonly fairness: number | undefined;
  /**
   * The longest that it took, after a start or a change of capacity, until the media's rate fitted; in seconds. Undefined
   * for layers, which hardly ever fit.
   */
  readonly convergenceS: number | undefined;
}

/** A rate has converged above this part of its share, and once it is not above the capacity. */
const FITTING = 0.7;
const NOT_ABOVE = 1.05;
/** A second of it. */
const FITTING_SAMPLES = 1000 / SAMPLE_MS;

export function metrics(experiment: Experiment): Metrics {
  const { samples, flows } = experiment;
  const began = samples.filter((sample) => sample.flows.some(({ isActive }) => isActive));
  const capacity = mean(began, capacityOf);
  const media = mean(began, (sample) => sum(sample.flows, ({ received }) => received));
  const queues = began.flatMap((sample) => linksOf(sample).map(({ queueMs }) => queueMs)).sort((a, b) => a - b);
  const sent = sum(flows, ({ sentPackets }) => sentPackets);
  return {
    utilisation: (media + mean(began, ({ tcp }) => tcp)) / capacity,
    mediaShare: media / capacity,
    meanQueueMs: sum(queues, (queueMs) => queueMs) / queues.length,
    highQueueMs: queues[Math.floor(0.95 * queues.length)],
    loss: (sent - sum(flows, ({ receivedPackets }) => receivedPackets)) / sent,
    fairness: flows.length < 2 ? undefined : fairness(samples),
    convergenceS: flows.some(({ isLayered }) => isLayered) ? undefined : convergence(experiment),
  };
}

/** The ratio of the lowest to the highest mean rate of equal flows, where all of them were active. */
export function fairness(samples: readonly Sample[]): number {
  const together = samples.filter((sample) => sample.flows.every(({ isActive }) => isActive));
  const rates = together[0].flows.map((_, index) => mean(together, (sample) => sample.flows[index].received));
  return Math.min(...rates) / Math.max(...rates);
}

/** One flow of each link. */
function linksOf({ flows }: Sample): readonly FlowSample[] {
  const isShared = flows.every(({ capacity, queueMs }) =>
    capacity === flows[0].capacity && queueMs === flows[0].queueMs
  );
  return isShared ? flows.slice(0, 1) : flows;
}

/** Seconds, in the worst case, from each change of what the media may have until it has had it for a second. */
function convergence({ samples, tcp }: Experiment): number {
  // Beside TCP the half of it is enough.
  const part = tcp.length > 0 ? 0.5 : 1;
  const shares = samples.map((sample) => sample.flows.some(({ isActive }) => isActive) ? part * capacityOf(sample) : 0);
  const starts = shares.flatMap((share, index) => share > 0 && share !== shares[index - 1] ? [index] : []);
  const times = starts.map((start) => {
    const end = shares.findIndex((share, index) => index > start && share !== shares[start]);
    const span = samples.slice(start, end < 0 ? undefined : end);
    const fits = span.map((sample) => isFitting(sample, shares[start], tcp.length > 0));
    const at = fits.findIndex((_, index) =>
      index + FITTING_SAMPLES <= fits.length && fits.slice(index, index + FITTING_SAMPLES).every(Boolean)
    );
    return at < 0 ? span.length : at;
  });
  return Math.max(...times) * SAMPLE_MS / 1000;
}

/** Of all links that media goes over. */
function capacityOf(sample: Sample): number {
  return sum(linksOf(sample), ({ capacity }) => capacity);
}

function isFitting({ flows }: Sample, share: number, isShared: boolean): boolean {
  const received = sum(flows, (flow) => flow.received);
  return received >= FITTING * share && (isShared || sum(flows, ({ sent }) => sent) <= NOT_ABOVE * share);
}

function sum<T>(items: readonly T[], figure: (item: T) => number): number {
  return items.reduce((total, item) => total + figure(item), 0);
}
