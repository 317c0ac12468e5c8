/** Whole flows over simulated links: what libwebrtc, jitsi-videobridge and str0m demand of theirs, bounded on both sides. */
import assert from "node:assert/strict";
import { Experiment, mean } from "../../tests/harness/congestion/experiment.ts";
import type { LinkOptions } from "../../tests/harness/congestion/link.ts";
import {
  assertWithin,
  estimateKbps,
  estimatesKbps,
  longestQueueMs,
  receivedKbps,
} from "../../tests/harness/congestion/within.ts";

const SEEDS = [1, 2, 3];

function link(megabits: number, delayMs: number, more: Partial<LinkOptions> = {}): LinkOptions {
  return { bitsPerSecond: 1e6 * megabits, delayMs, ...more };
}

function test(name: string, fn: (seed: number) => void): void {
  Deno.test({
    name,
    permissions: "none",
    fn() {
      for (const seed of SEEDS) fn(seed);
    },
  });
}

for (const [loss, low, high] of [[0, 70, 95], [0.02, 70, 95], [0.1, 40, 95]]) {
  test(`B271: of 2 Mbit/s, ${100 * loss}% of it lost, ${low} to ${high}% are used within 10 s`, (seed) => {
    const experiment = new Experiment(link(2, 50, { queueMs: 300, loss: { fraction: loss } }), seed);
    experiment.addMedia();
    experiment.runTo(60);
    assertWithin(receivedKbps(experiment, 10, 30) / 20, low, high, `seed ${seed}`);
    assertWithin(receivedKbps(experiment, 30, 60) / 20, low, high, `seed ${seed}`);
    assertWithin(longestQueueMs(experiment, 10, 60), 0, 250);
  });
}

for (const megabits of [0.2, 1, 8, 20]) {
  test(`B271: so it is of ${megabits} Mbit/s, with frames that come at once and key frames`, (seed) => {
    const experiment = new Experiment(link(megabits, 30, { queueMs: 300 }), seed);
    experiment.addMedia({ burst: Infinity, keyFrame: { size: 4, everyMs: 3000 } });
    experiment.runTo(40);
    assertWithin(receivedKbps(experiment, 10, 40) / (10 * megabits), 60, 97, `seed ${seed}`);
  });
}

for (const [from, to, queueMs] of [[2, 1, 2000], [2.5, 0.6, 300], [1, 0.5, 2000], [5, 2.5, 2000]]) {
  test(`B272: a step from ${from} down to ${to} Mbit/s is followed within 2 s, with 500 ms of queue at the most`, (seed) => {
    const experiment = new Experiment(link(from, 50, { queueMs }), seed);
    experiment.addMedia();
    experiment.steps([[20, to]]);
    experiment.runTo(40);
    const sent = mean(experiment.between(21.8, 22.4), ({ flows }) => flows[0].sent) / 1e6;
    assertWithin(sent, 0.3 * to, to, `seed ${seed}`);
    assertWithin(longestQueueMs(experiment, 20, 40), 0, 500, `seed ${seed}`);
    assertWithin(receivedKbps(experiment, 25, 40), 700 * to, 1000 * to, `seed ${seed}`);
  });
}

test("B272: a step up from 600 kbit/s to 2.5 Mbit/s is used within 15 s", (seed) => {
  const experiment = new Experiment(link(0.6, 50, { queueMs: 300 }), seed);
  experiment.addMedia();
  experiment.steps([[20, 2.5]]);
  experiment.runTo(40);
  assertWithin(receivedKbps(experiment, 34, 36), 1750, 2500, `seed ${seed}`);
});

test("B272: of layers the next one is sent within 15 s after its rate fits, and none that does not fit", (seed) => {
  const experiment = new Experiment(link(0.4, 30, { queueMs: 300 }), seed);
  const flow = experiment.addMedia({ layers: [150_000, 500_000, 1_700_000] });
  flow.estimator.setWanted(1_700_000, experiment.simulation.nowMs);
  experiment.steps([[30, 5]]);
  experiment.runTo(60);
  assertWithin(receivedKbps(experiment, 5, 30), 120, 250, `seed ${seed}`);
  assertWithin(longestQueueMs(experiment, 5, 30), 0, 300, `seed ${seed}`);
  assertWithin(receivedKbps(experiment, 45, 60), 1600, 1900, `seed ${seed}`);
});

test("B272: capacity 500, 800 and 100 kbit/s: 450±100 at 25 s, 750±150 after 20 s, 90±25 after 50 s", (seed) => {
  const experiment = new Experiment(link(0.5, 100), seed);
  experiment.addMedia();
  experiment.at(25, () => experiment.link.setCapacity(800_000));
  experiment.at(45, () => {
    experiment.link.setCapacity(100_000);
    experiment.link.delayMs = 200;
  });
  experiment.runTo(95);
  assertWithin(estimateKbps(experiment, 25), 350, 550, `seed ${seed}`);
  assertWithin(estimateKbps(experiment, 45), 600, 900, `seed ${seed}`);
  assertWithin(estimateKbps(experiment, 95), 65, 115, `seed ${seed}`);
});

test("B271: on a steady link the estimate goes up and down between 0.7 and 0.85 of its highest", (seed) => {
  const experiment = new Experiment(link(0.5, 100), seed);
  experiment.addMedia();
  experiment.runTo(50);
  const [least, highest] = estimatesKbps(experiment, 30, 50);
  assertWithin(least / highest, 0.7, 0.85, `seed ${seed}`);
});

test("B274: at 10% lost of 2 Mbit/s over 200 ms 100 kbit/s are left by far after 120 s", (seed) => {
  const experiment = new Experiment(link(2, 200, { loss: { fraction: 0.1 } }), seed);
  experiment.addMedia();
  experiment.runTo(120);
  assertWithin(receivedKbps(experiment, 60, 120), 800, 1900, `seed ${seed}`);
});

test("B278: by reports alone 500 kbit/s of 1 Mbit/s at 20 s, and 300 at the most after 20 s of 15% lost", (seed) => {
  const experiment = new Experiment(link(1, 100), seed);
  const flow = experiment.addMedia({ reportsOnly: true });
  experiment.runTo(20);
  assertWithin(estimateKbps(experiment, 20), 500, 1300, `seed ${seed}`);
  assert.equal(flow.estimator.limitedBy, "loss");
  experiment.link.loss = { fraction: 0.15 };
  experiment.runTo(40);
  assertWithin(estimateKbps(experiment, 40), 100, 300, `seed ${seed}`);
});

test("B277: REMB of 250 kbit/s holds exactly, and 1.5 Mbit/s are there again 10 s after it was lifted", (seed) => {
  const experiment = new Experiment(link(2, 50), seed);
  const flow = experiment.addMedia();
  const { simulation } = experiment;
  experiment.runTo(10);
  assertWithin(estimateKbps(experiment, 10), 1500, 2200, `seed ${seed}`);
  flow.estimator.handleRemb(250_000, simulation.nowMs);
  experiment.runTo(11);
  assert.equal(flow.estimator.bitsPerSecond, 250_000);
  assert.equal(flow.estimator.limitedBy, "remb");
  experiment.runTo(20);
  assert.equal(flow.estimator.bitsPerSecond, 250_000);
  flow.estimator.handleRemb(10_000_000, simulation.nowMs);
  experiment.runTo(30);
  assertWithin(estimateKbps(experiment, 30), 1500, 2300, `seed ${seed}`);
});

test("B273: beside TCP on 1 Mbit/s with an endless queue not more than 750 kbit/s are taken in 10 s", (seed) => {
  const experiment = new Experiment(link(1, 50), seed);
  experiment.addTcp();
  experiment.addMedia();
  experiment.runTo(10);
  assertWithin(estimateKbps(experiment, 10), 30, 750, `seed ${seed}`);
});

for (const kind of ["reno", "cubic"] as const) {
  for (const first of ["media", "tcp"] as const) {
    test(`B273: beside a long TCP flow (${kind}) 25 to 75% of 2 Mbit/s are taken, where ${first} came first`, (seed) => {
      const experiment = new Experiment(link(2, 50, { queueMs: 300 }), seed);
      experiment.addMedia({ startMs: first === "tcp" ? 5000 : 0 });
      experiment.addTcp({ kind, startMs: first === "media" ? 5000 : 0 });
      experiment.runTo(120);
      assertWithin(receivedKbps(experiment, 35, 120) / 20, 25, 75, `seed ${seed}`);
    });
  }
}

test("B279: a link that stands still for 3 s leaves about 40 kbit/s, and 40% of it are used 7 s after", (seed) => {
  const experiment = new Experiment(link(1, 100), seed);
  const flow = experiment.addMedia();
  experiment.steps([[20, 0], [23, 1]]);
  experiment.runTo(21.5);
  assert.equal(flow.estimator.limitedBy, "queue");
  experiment.runTo(23);
  assertWithin(estimateKbps(experiment, 23), 30, 50, `seed ${seed}`);
  experiment.runTo(40);
  assertWithin(receivedKbps(experiment, 30, 40), 400, 1000, `seed ${seed}`);
});

test("B279: 10 s of bloat on 100 kbit/s leave 50±20 kbit/s within 6 s", (seed) => {
  const experiment = new Experiment(link(0.1, 100), seed);
  experiment.addMedia();
  experiment.runTo(20);
  for (let packet = 0; packet < 125; packet++) experiment.link.send(1000, () => {});
  experiment.runTo(26);
  assertWithin(estimateKbps(experiment, 26), 30, 70, `seed ${seed}`);
});

test("B276: video that stops for 4 s leaves an estimate above 1 Mbit/s", (seed) => {
  const experiment = new Experiment(link(2, 100), seed);
  const flow = experiment.addMedia();
  experiment.at(20, () => flow.isPaused = true);
  experiment.at(24, () => flow.isPaused = false);
  experiment.runTo(30);
  const [least, highest] = estimatesKbps(experiment, 20, 30);
  assertWithin(least, 1000, 2200, `seed ${seed}`);
  assertWithin(highest, 1000, 2200, `seed ${seed}`);
});

test("B271: 4 Mbit/s over 200 ms are known within a factor of 1.2 after 120 s", (seed) => {
  const experiment = new Experiment(link(4, 200), seed);
  experiment.addMedia();
  experiment.runTo(120);
  // One look would tell where in its sawtooth it is.
  const final = mean(experiment.between(115, 120), ({ flows }) => flows[0].estimate) / 1000;
  assertWithin(final, 4000 / 1.2, 4000 * 1.2, `seed ${seed}`);
});

test("B271: on a cellular link layers of 250, 750 and 1500 kbit/s go up to the highest, and it stays", (seed) => {
  const cellular = { jitterMs: 15, loss: { goodRun: 100, badRun: 2 }, queueBytes: 100_000 };
  const experiment = new Experiment(link(30, 50, cellular), seed);
  const flow = experiment.addMedia({ layers: [250_000], maxMediaBitsPerSecond: 250_000 });
  flow.estimator.setWanted(1_500_000, experiment.simulation.nowMs);
  experiment.runTo(40);
  assertWithin(estimateKbps(experiment, 40), 750, 4000, `seed ${seed}`);
  flow.maxMediaBitsPerSecond = 1_500_000;
  experiment.runTo(60);
  assertWithin(estimateKbps(experiment, 60), 1500, 4000, `seed ${seed}`);
  experiment.runTo(70);
  assertWithin(estimatesKbps(experiment, 60, 70)[0], 1500, 4000, `seed ${seed}`);
});

for (
  const [way, options] of [
    ["Wi-Fi", link(100, 5, { jitterMs: 2, loss: { goodRun: 200, badRun: 2 }, queueBytes: 200_000 })],
    ["cellular", link(30, 50, { jitterMs: 15, loss: { goodRun: 100, badRun: 2 }, queueBytes: 100_000 })],
    ["congested", link(10, 80, { jitterMs: 40, loss: { goodRun: 20, badRun: 2 }, queueBytes: 50_000 })],
  ] as const
) {
  test(`B271: over a ${way} link with losses in bursts 1.5 Mbit/s are there within 20 s, and stay`, (seed) => {
    const experiment = new Experiment(options, seed);
    const flow = experiment.addMedia({ layers: [250_000, 750_000, 1_500_000] });
    flow.estimator.setWanted(1_500_000, experiment.simulation.nowMs);
    experiment.runTo(60);
    assertWithin(receivedKbps(experiment, 20, 60), way === "congested" ? 700 : 1300, 2000, `seed ${seed}`);
  });
}

test("B272: 10 Mbit/s collapse to 800 kbit/s with a queue of 50 kB, and return", (seed) => {
  const experiment = new Experiment(link(10, 10, { queueBytes: 50_000 }), seed);
  experiment.addMedia();
  experiment.steps([[20, 0.8], [40, 10]]);
  experiment.runTo(80);
  assertWithin(estimateKbps(experiment, 20), 5000, 12_000, `seed ${seed}`);
  assertWithin(estimateKbps(experiment, 25), 500, 880, `seed ${seed}`);
  assertWithin(receivedKbps(experiment, 25, 40), 500, 800, `seed ${seed}`);
  assertWithin(estimateKbps(experiment, 80), 3000, 12_000, `seed ${seed}`);
});

test("B272: a dip from 5 to 1 Mbit/s for 2 s leaves 400 kbit/s, is not probed for 3 s, and is over within 25", (seed) => {
  const experiment = new Experiment(link(5, 20), seed);
  const flow = experiment.addMedia();
  experiment.steps([[20, 1], [22, 5]]);
  experiment.runTo(22);
  const [least, highest] = estimatesKbps(experiment, 20.6, 22);
  assertWithin(least, 400, 1000, `seed ${seed}`);
  assertWithin(highest, 400, 5500, `seed ${seed}`);
  const probed = flow.probeBytes;
  experiment.runTo(25);
  assert.equal(flow.probeBytes, probed);
  experiment.runTo(47);
  assertWithin(estimateKbps(experiment, 47), 1000, 6000, `seed ${seed}`);
});

test("B272: a delay that jumps from 20 to 150 ms for 3 s is no queue", (seed) => {
  const experiment = new Experiment(link(5, 20), seed);
  experiment.addMedia();
  experiment.at(20, () => experiment.link.delayMs = 150);
  experiment.at(23, () => experiment.link.delayMs = 20);
  experiment.runTo(33);
  assertWithin(estimatesKbps(experiment, 20, 23)[0], 500, 5500, `seed ${seed}`);
  assertWithin(estimateKbps(experiment, 33), 1000, 5500, `seed ${seed}`);
});

for (const [loss, delayMs, seconds] of [[0.1, 20, 8], [0.15, 10, 5]]) {
  test(`B274: at ${100 * loss}% lost of 5 Mbit/s 1 Mbit/s is there within ${seconds} s`, (seed) => {
    const experiment = new Experiment(link(5, delayMs, { loss: { fraction: loss } }), seed);
    experiment.addMedia();
    experiment.runTo(30);
    assertWithin(estimateKbps(experiment, seconds), 1000, 5500, `seed ${seed}`);
    assertWithin(receivedKbps(experiment, 10, 30), 1000, 5000, `seed ${seed}`);
  });
}

test("B276: who sends 1 Mbit/s knows within 12 s that 5 of 10 would fit", (seed) => {
  const experiment = new Experiment(link(10, 10), seed);
  const flow = experiment.addMedia({ maxMediaBitsPerSecond: 1_000_000 });
  experiment.runTo(12);
  assertWithin(estimateKbps(experiment, 12), 5000, 12_000, `seed ${seed}`);
  // Probes are some packets: they cost next to nothing.
  assertWithin(flow.probeBytes / flow.sentBytes, 0.001, 0.1, `seed ${seed}`);
});

test("B276: probes of who wants 1.5 Mbit/s find 3 at the most, however wide the link", (seed) => {
  const experiment = new Experiment(link(20, 10), seed);
  const flow = experiment.addMedia({ maxMediaBitsPerSecond: 1_000_000 });
  flow.estimator.setWanted(1_500_000, experiment.simulation.nowMs);
  experiment.runTo(30);
  assertWithin(estimateKbps(experiment, 30), 1500, 3200, `seed ${seed}`);
});

test("B275: on 20 Mbit/s probes of 0.9 and 1.8 go out within 100 ms, and more than 6 are known within a second", (seed) => {
  const experiment = new Experiment(link(20, 10), seed);
  const flow = experiment.addMedia();
  experiment.runTo(0.1);
  assertWithin(flow.probeBytes, 900_000 * 0.015 / 8, 12_000, `seed ${seed}`);
  experiment.runTo(1);
  assertWithin(estimateKbps(experiment, 1), 6000, 24_000, `seed ${seed}`);
});

test("B280: another way cuts a high estimate to 300±30 kbit/s within 50 ms, keeps a low one, and is probed", (seed) => {
  const experiment = new Experiment(link(1, 50), seed);
  const flow = experiment.addMedia();
  const { simulation, link: way } = experiment;
  experiment.runTo(20);
  way.setCapacity(200_000);
  flow.estimator.handleRouteChange(simulation.nowMs);
  experiment.runTo(20.05);
  assertWithin(flow.estimator.bitsPerSecond / 1000, 270, 330, `seed ${seed}`);
  experiment.runTo(40);
  assertWithin(estimateKbps(experiment, 40), 150, 250, `seed ${seed}`);
  way.setCapacity(800_000);
  const probed = flow.probeBytes;
  flow.estimator.handleRouteChange(simulation.nowMs);
  experiment.runTo(40.05);
  assertWithin(flow.estimator.bitsPerSecond / 1000, 150, 250, `seed ${seed}`);
  experiment.runTo(41.05);
  assert.ok(flow.probeBytes > probed);
  assertWithin(estimateKbps(experiment, 41), 500, 900, `seed ${seed}`);
});

test("B270: feedback that is lost, comes in bursts or in another order is borne", (seed) => {
  const experiment = new Experiment(link(2, 50, { queueMs: 300, reordered: 0.05, reorderMs: 15 }), seed);
  experiment.addMedia({ feedbackLoss: 0.2, feedbackMs: 50 });
  experiment.runTo(60);
  assertWithin(receivedKbps(experiment, 10, 60) / 20, 50, 95, `seed ${seed}`);
});
