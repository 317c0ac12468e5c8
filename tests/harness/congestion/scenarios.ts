import { Experiment } from "./experiment.ts";
import type { LinkOptions } from "./link.ts";

/** A closed loop of flows and a link: what is measured for docs/quality.md, and what tests demand of it. */
export interface Scenario {
  /** Of its plot. */
  readonly name: string;
  readonly title: string;
  readonly seconds: number;
  readonly link: LinkOptions;
  /** Puts flows and changes of the link into an experiment. */
  readonly prepare: (experiment: Experiment) => void;
}

const MEGABIT = 1e6;
/** RFC 8867 section 4: 50 ms one way, and a queue of 300 ms that drops what comes beyond. */
function rfcLink(megabits: number, delayMs = 50): LinkOptions {
  return { bitsPerSecond: megabits * MEGABIT, delayMs, queueMs: 300 };
}

/** RFC 8867 section 5, for wired networks. */
export const RFC_8867: readonly Scenario[] = [
  {
    name: "variable-capacity",
    title: "RFC 8867 5.1: one flow, variable capacity",
    seconds: 100,
    link: rfcLink(1),
    prepare(experiment) {
      experiment.addMedia();
      experiment.steps([[40, 2.5], [60, 0.6], [80, 1]]);
    },
  },
  {
    name: "variable-capacity-two-flows",
    title: "RFC 8867 5.2: two flows, variable capacity",
    seconds: 125,
    link: rfcLink(4),
    prepare(experiment) {
      experiment.addMedia();
      experiment.addMedia();
      experiment.steps([[25, 2], [50, 3.5], [75, 1], [100, 2]]);
    },
  },
  {
    name: "congested-feedback",
    title: "RFC 8867 5.3: one flow each way, feedback shares the way back",
    seconds: 100,
    link: rfcLink(2),
    prepare(experiment) {
      const back = experiment.addLink(rfcLink(2));
      experiment.addMedia({ backLink: back });
      experiment.addMedia({ backLink: experiment.link }, back);
      experiment.steps([[20, 1], [40, 0.5], [60, 2]]);
      experiment.steps([[35, 0.8], [70, 2]], back);
    },
  },
  {
    name: "competing-flows",
    title: "RFC 8867 5.4: three flows that come one after the other",
    seconds: 120,
    link: rfcLink(3.5),
    prepare(experiment) {
      for (const startMs of [0, 20_000, 40_000]) experiment.addMedia({ startMs });
    },
  },
  {
    name: "round-trip-fairness",
    title: "RFC 8867 5.5: five flows of 10, 25, 50, 100 and 150 ms",
    seconds: 300,
    link: rfcLink(4, 0),
    prepare(experiment) {
      for (const [index, ownDelayMs] of [10, 25, 50, 100, 150].entries()) {
        experiment.addMedia({ startMs: 10_000 * index, ownDelayMs });
      }
    },
  },
  {
    name: "long-tcp",
    title: "RFC 8867 5.6: beside a long TCP flow",
    seconds: 120,
    link: rfcLink(2),
    prepare(experiment) {
      experiment.addTcp();
      experiment.addMedia({ startMs: 5000 });
    },
  },
  {
    name: "short-tcp",
    title: "RFC 8867 5.7: two flows beside ten short TCP flows",
    seconds: 300,
    link: rfcLink(2),
    prepare(experiment) {
      experiment.addMedia();
      experiment.addMedia();
      experiment.addShortTcp(10);
    },
  },
  {
    name: "pause-and-resume",
    title: "RFC 8867 5.8: three flows, one pauses from 40 to 60 s",
    seconds: 120,
    link: rfcLink(3.5),
    prepare(experiment) {
      const flows = [0, 1, 2].map(() => experiment.addMedia());
      experiment.at(40, () => flows[2].isPaused = true);
      experiment.at(60, () => flows[2].isPaused = false);
    },
  },
];

/** What a subscriber's way is like otherwise. */
export const WAYS: readonly Scenario[] = [
  {
    name: "steady",
    title: "2 Mbit/s without loss",
    seconds: 60,
    link: rfcLink(2),
    prepare: (experiment) => void experiment.addMedia(),
  },
  {
    name: "loss-2",
    title: "2 Mbit/s, 2% lost by chance",
    seconds: 60,
    link: { ...rfcLink(2), loss: { fraction: 0.02 } },
    prepare: (experiment) => void experiment.addMedia(),
  },
  {
    name: "loss-10",
    title: "2 Mbit/s, 10% lost by chance",
    seconds: 60,
    link: { ...rfcLink(2), loss: { fraction: 0.1 } },
    prepare: (experiment) => void experiment.addMedia(),
  },
  {
    name: "cubic",
    title: "2 Mbit/s beside a long TCP flow of CUBIC",
    seconds: 120,
    link: rfcLink(2),
    prepare(experiment) {
      experiment.addTcp({ kind: "cubic" });
      experiment.addMedia({ startMs: 5000 });
    },
  },
  {
    name: "cellular",
    title: "30 Mbit/s cellular: 15 ms jitter, 2% lost in bursts",
    seconds: 60,
    link: {
      bitsPerSecond: 30 * MEGABIT,
      delayMs: 50,
      jitterMs: 15,
      queueBytes: 100_000,
      loss: { goodRun: 100, badRun: 2 },
    },
    prepare: (experiment) => void experiment.addMedia(),
  },
  {
    name: "short-queue",
    title: "10 Mbit/s, then 800 kbit/s with a queue of 50 kB, and back",
    seconds: 80,
    link: { bitsPerSecond: 10 * MEGABIT, delayMs: 10, queueBytes: 50_000 },
    prepare(experiment) {
      experiment.addMedia();
      experiment.steps([[20, 0.8], [40, 10]]);
    },
  },
  {
    name: "layers",
    title: "Three layers (150, 500, 1700 kbit/s): 400 kbit/s, then 5 Mbit/s",
    seconds: 60,
    link: { bitsPerSecond: 0.4 * MEGABIT, delayMs: 30, queueMs: 300 },
    prepare(experiment) {
      const flow = experiment.addMedia({ layers: [150_000, 500_000, 1_700_000] });
      flow.estimator.setWanted(1_700_000, experiment.simulation.nowMs);
      experiment.steps([[30, 5]]);
    },
  },
];

/** Runs a scenario to its end. */
export function runScenario({ link, prepare, seconds }: Scenario, seed = 1): Experiment {
  const experiment = new Experiment(link, seed);
  prepare(experiment);
  return experiment.runTo(seconds);
}

/** One of the scenarios above by its name. */
export function scenario(name: string): Scenario {
  const found = [...RFC_8867, ...WAYS].find((candidate) => candidate.name === name);
  if (found === undefined) throw new RangeError(`${name} is no scenario`);
  return found;
}
