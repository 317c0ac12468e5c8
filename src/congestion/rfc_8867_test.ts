/** RFC 8867, its cases for wired networks: 50 ms one way where not said otherwise, a queue of 300 ms. */
import { fairness } from "../../tests/harness/congestion/metrics.ts";
import type { Experiment } from "../../tests/harness/congestion/experiment.ts";
import { mean } from "../../tests/harness/congestion/experiment.ts";
import { runScenario, scenario } from "../../tests/harness/congestion/scenarios.ts";
import { assertWithin, longestQueueMs, receivedKbps } from "../../tests/harness/congestion/within.ts";

/** The least and the highest ratio between equal flows. */
const [LEAST_RATIO, HIGHEST_RATIO] = [0.33, 3];
/** 10 s pass after each change; then so much of the capacity is used, in percent. */
const [LEAST_USED, MOST_USED] = [70, 100];

function test(name: string, scenarioName: string, fn: (experiment: Experiment, seed: number) => void): void {
  Deno.test({
    name,
    permissions: "none",
    fn() {
      for (const seed of [1, 2]) fn(runScenario(scenario(scenarioName), seed), seed);
    },
  });
}

/** Of all flows, in percent of a capacity in Mbit/s. */
function used(experiment: Experiment, from: number, to: number, megabits: number): number {
  const received = mean(
    experiment.between(from, to),
    ({ flows }) => flows.reduce((sum, flow) => sum + flow.received, 0),
  );
  return received / megabits / 1e4;
}

/** The rate of a flow in ratio to that of another, in windows of `seconds`. */
function assertFair(experiment: Experiment, from: number, to: number, seconds: number, flows: readonly number[]): void {
  for (let start = from; start + seconds <= to; start += seconds) {
    const rates = flows.map((flow) => receivedKbps(experiment, start, start + seconds, flow));
    assertWithin(Math.max(...rates) / Math.min(...rates), LEAST_RATIO, HIGHEST_RATIO, `from ${start} s`);
  }
}

test(
  "B272: RFC 8867 5.1: one flow follows a capacity of 1, 2.5, 0.6 and 1 Mbit/s",
  "variable-capacity",
  (run, seed) => {
    for (const [from, to, megabits] of [[10, 40, 1], [50, 60, 2.5], [65, 80, 0.6], [90, 100, 1]]) {
      assertWithin(used(run, from, to, megabits), LEAST_USED, MOST_USED, `seed ${seed}, ${from} s`);
    }
    assertWithin(longestQueueMs(run, 0, 100), 0, 301, `seed ${seed}`);
  },
);

test("B272: RFC 8867 5.2: two flows follow 4, 2, 3.5, 1 and 2 Mbit/s", "variable-capacity-two-flows", (run, seed) => {
  for (const [from, to, megabits] of [[10, 25, 4], [35, 50, 2], [65, 75, 3.5], [85, 100, 1], [115, 125, 2]]) {
    assertWithin(used(run, from, to, megabits), LEAST_USED, MOST_USED, `seed ${seed}, ${from} s`);
  }
  assertWithin(fairness(run.samples), LEAST_RATIO, 1, `seed ${seed}`);
});

test("B272: RFC 8867 5.3: feedback that shares a narrow way with media is borne", "congested-feedback", (run, seed) => {
  for (const [from, to, forward] of [[10, 20, 2], [30, 40, 1], [50, 60, 0.5], [75, 100, 2]]) {
    assertWithin(receivedKbps(run, from, to, 0) / forward / 10, 60, MOST_USED, `seed ${seed}, ${from} s`);
  }
  for (const [from, to, backward] of [[10, 35, 2], [45, 70, 0.8], [85, 100, 2]]) {
    assertWithin(receivedKbps(run, from, to, 1) / backward / 10, 60, MOST_USED, `seed ${seed}, back, ${from} s`);
  }
});

test("B273: RFC 8867 5.4: three flows that come one after the other share", "competing-flows", (run, seed) => {
  assertWithin(used(run, 5, 20, 3.5), LEAST_USED, MOST_USED, `seed ${seed}`);
  assertWithin(used(run, 50, 120, 3.5), LEAST_USED, MOST_USED, `seed ${seed}`);
  assertFair(run, 50, 120, 20, [0, 1, 2]);
});

test("B273: RFC 8867 5.5: five flows of 10 to 150 ms share", "round-trip-fairness", (run, seed) => {
  assertWithin(used(run, 60, 300, 4), LEAST_USED, MOST_USED, `seed ${seed}`);
  assertWithin(fairness(run.samples), LEAST_RATIO, 1, `seed ${seed}`);
  assertFair(run, 100, 300, 100, [0, 1, 2, 3, 4]);
});

test("B273: RFC 8867 5.6: a flow beside a long TCP flow has its part", "long-tcp", (run, seed) => {
  assertWithin(receivedKbps(run, 30, 120) / 20, 25, 75, `seed ${seed}`);
  assertWithin(mean(run.between(30, 120), ({ tcp }) => tcp) / 2e4, 25, 75, `seed ${seed}`);
});

test("B273: RFC 8867 5.7: two flows beside ten short TCP flows have theirs", "short-tcp", (run, seed) => {
  assertWithin(used(run, 30, 300, 2), 25, 75, `seed ${seed}`);
  assertFair(run, 20, 300, 140, [0, 1]);
});

test("B273: RFC 8867 5.8: what one flow leaves the others take, and give back", "pause-and-resume", (run, seed) => {
  assertWithin(used(run, 10, 40, 3.5), LEAST_USED, MOST_USED, `seed ${seed}`);
  assertWithin(used(run, 50, 60, 3.5), LEAST_USED, MOST_USED, `seed ${seed}`);
  assertWithin(used(run, 70, 120, 3.5), LEAST_USED, MOST_USED, `seed ${seed}`);
  assertFair(run, 80, 120, 20, [0, 1, 2]);
});
