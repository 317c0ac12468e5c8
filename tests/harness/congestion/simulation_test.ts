import assert from "node:assert/strict";
import { Experiment, mean } from "./experiment.ts";
import { Link } from "./link.ts";
import { Simulation } from "./simulation.ts";
import { seededRandom } from "../seeded_random.ts";
import { assertWithin } from "./within.ts";

/** Sends packets of 1000 bytes, `everyMs`; returns when each arrived, `undefined` for those that did not. */
function arrivals(options: ConstructorParameters<typeof Link>[2], packets: number, everyMs: number) {
  const simulation = new Simulation(0);
  const link = new Link(simulation, seededRandom(1), options);
  const arrived: (number | undefined)[] = Array.from({ length: packets });
  for (let index = 0; index < packets; index++) {
    simulation.at(index * everyMs, () => link.send(1000, () => arrived[index] = simulation.nowMs));
  }
  simulation.run(packets * everyMs + 60_000);
  return { link, arrived };
}

Deno.test({
  name: "simulated events happen in the order of their times, and of one time in the order in which they were put in",
  permissions: "none",
  fn() {
    const simulation = new Simulation(0);
    const happened: string[] = [];
    const random = seededRandom(2);
    const times = Array.from({ length: 500 }, () => random.uint32() % 50);
    for (const [index, ms] of times.entries()) simulation.at(ms, () => happened.push(`${ms} ${index}`));
    simulation.run(100);
    const expected = times.map((ms, index) => [ms, index] as const).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    assert.deepEqual(happened, expected.map(([ms, index]) => `${ms} ${index}`));
    assert.equal(simulation.nowMs, 100);
  },
});

Deno.test({
  name: "a link delays by its length and by what waits before, and drops what its queue has no room for",
  permissions: "none",
  fn() {
    // 8 ms for each packet, one each 4 ms, 100 ms of queue.
    const { link, arrived } = arrivals({ bitsPerSecond: 1e6, delayMs: 20, queueMs: 100 }, 1000, 4);
    assert.deepEqual(arrived.slice(0, 3), [28, 36, 44]);
    const received = arrived.filter((ms) => ms !== undefined);
    assertWithin(received.length, 510, 520);
    assert.equal(link.dropped, 1000 - received.length);
    const delays = arrived.flatMap((ms, index) => ms === undefined ? [] : [ms - 4 * index]);
    assertWithin(Math.max(...delays), 110, 130);
  },
});

Deno.test({
  name: "a link loses by chance, in runs, jitters without reordering, and reorders where that is asked for",
  permissions: "none",
  fn() {
    const way = { bitsPerSecond: 1e8, delayMs: 20 };
    const lost = (loss: NonNullable<ConstructorParameters<typeof Link>[2]["loss"]>) =>
      arrivals({ ...way, loss }, 10_000, 1).link.lost;
    assertWithin(lost({ fraction: 0.1 }), 900, 1100);
    assertWithin(lost({ goodRun: 98, badRun: 2 }), 150, 250);
    const inOrder = (ms: readonly (number | undefined)[]) =>
      ms.every((at, index) => index === 0 || Number(at) >= Number(ms[index - 1]));
    const jittered = arrivals({ ...way, jitterMs: 15 }, 1000, 5).arrived;
    assert.equal(inOrder(jittered), true);
    assertWithin(Math.max(...jittered.map((at, index) => Number(at) - 5 * index)), 30, 36);
    const reordered = arrivals({ ...way, reordered: 0.1, reorderMs: 20 }, 1000, 5).arrived;
    assert.equal(inOrder(reordered), false);
  },
});

Deno.test({
  name: "a link that stands still holds what it has, and goes on with it",
  permissions: "none",
  fn() {
    const simulation = new Simulation(0);
    const link = new Link(simulation, seededRandom(1), { bitsPerSecond: 0, delayMs: 10 });
    let arrivedMs = 0;
    link.send(1000, () => arrivedMs = simulation.nowMs);
    simulation.run(1000);
    assert.equal(arrivedMs, 0);
    link.setCapacity(1e6);
    simulation.run(1000);
    assert.equal(arrivedMs, 1018);
  },
});

for (const kind of ["reno", "cubic"] as const) {
  Deno.test({
    name: `a TCP flow (${kind}) fills a link and its queue, two share it, and short ones come and go`,
    permissions: "none",
    fn() {
      const alone = new Experiment({ bitsPerSecond: 5e6, delayMs: 25, queueMs: 200 });
      alone.addTcp({ kind });
      alone.runTo(60);
      assertWithin(mean(alone.between(5, 60), ({ tcp }) => tcp) / 5e6, 0.95, 1.001);
      assertWithin(mean(alone.between(5, 60), ({ queueMs }) => queueMs), 80, 200);

      const two = new Experiment({ bitsPerSecond: 5e6, delayMs: 25, queueMs: 200 });
      const flows = [two.addTcp({ kind }), two.addTcp({ kind, startMs: 10_000 })];
      two.runTo(120);
      assertWithin(flows[1].receivedBytes / flows[0].receivedBytes, 0.3, 1.5);

      const short = new Experiment({ bitsPerSecond: 5e6, delayMs: 25, queueMs: 200 });
      short.addShortTcp(3);
      short.runTo(60);
      assertWithin(mean(short.samples, ({ tcp }) => tcp) / 5e6, 0.05, 0.8);
      assert.ok(short.samples.some(({ tcp }) => tcp === 0));
    },
  });
}

Deno.test({
  name: "an experiment is the same for the same seed, and another for another",
  permissions: "none",
  fn() {
    const run = (seed: number) => {
      const experiment = new Experiment(
        { bitsPerSecond: 2e6, delayMs: 25, queueMs: 200, loss: { fraction: 0.02 } },
        seed,
      );
      experiment.addMedia();
      return experiment.runTo(10).samples;
    };
    assert.deepEqual(run(1), run(1));
    assert.notDeepEqual(run(1), run(2));
  },
});
