import { deepStrictEqual, notDeepStrictEqual, strictEqual } from "node:assert/strict";
import type { RandomSource } from "../../src/sfu/random.ts";
import { CELLULAR, CONGESTED, WIFI } from "./network_presets.ts";
import { seededRandom } from "./seeded_random.ts";
import { Link, type LinkOptions } from "./simulated_network.ts";
import { VirtualClock } from "./virtual_clock.ts";

const SEED = 8_867;

/** A datagram that arrived: which it was, and when it was sent and came. */
interface Arrival {
  readonly index: number;
  readonly sentMs: number;
  readonly atMs: number;
}

/** A link that datagrams with their own index are sent over. */
class Trial {
  readonly clock = new VirtualClock();
  readonly random: RandomSource;
  readonly arrivals: Arrival[] = [];
  readonly link: Link;
  readonly #sentMs: number[] = [];

  constructor(options: LinkOptions, seed = SEED) {
    this.random = seededRandom(seed);
    this.link = new Link(options, this, (bytes) => {
      const index = new DataView(bytes.buffer).getUint32(0);
      this.arrivals.push({ index, sentMs: this.#sentMs[index], atMs: this.clock.now() });
    });
  }

  get delays(): number[] {
    return this.arrivals.map(({ sentMs, atMs }) => atMs - sentMs);
  }

  get indexes(): number[] {
    return this.arrivals.map(({ index }) => index);
  }

  send(count: number, { everyMs = 1, length = 100 } = {}): this {
    for (let i = 0; i < count; i++) {
      const bytes = new Uint8Array(length);
      new DataView(bytes.buffer).setUint32(0, this.#sentMs.length);
      this.#sentMs.push(this.clock.now());
      this.link.send(bytes);
      bytes.fill(0xff);
      this.clock.advance(everyMs);
    }
    return this;
  }

  /** Lets what is under way arrive. */
  settle(): this {
    this.clock.advance(60_000);
    return this;
  }
}

function assertBetween(value: number, low: number, high: number, what: string): void {
  strictEqual(value >= low && value <= high, true, `${what}: ${value} is not in [${low}, ${high}] (seed ${SEED})`);
}

/** Lengths of the runs of lost, or of delivered, datagrams. */
function runs(count: number, arrived: readonly number[], wanted: "lost" | "delivered"): number[] {
  const delivered = new Set(arrived);
  const lengths: number[] = [];
  let length = 0;
  for (let index = 0; index <= count; index++) {
    if (index < count && delivered.has(index) === (wanted === "delivered")) length++;
    else if (length > 0) lengths.push(length), length = 0;
  }
  return lengths;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const ascending = (values: readonly number[]) => values.every((value, i) => i === 0 || value >= values[i - 1]);

Deno.test({
  name: "a link without conditions delivers everything at once and in order, and nothing before send returns",
  permissions: "none",
  fn() {
    const trial = new Trial({});
    trial.send(1, { everyMs: 0 });
    strictEqual(trial.link.inFlight, 0);
    trial.send(99);
    deepStrictEqual(trial.indexes, [...Array(100).keys()]);
    deepStrictEqual(new Set(trial.delays), new Set([0]));
    const { sent, sentBytes, delivered, deliveredBytes, lost, overflowed, duplicates, queued } = trial.link;
    deepStrictEqual([sent, sentBytes, delivered, deliveredBytes], [100, 10_000, 100, 10_000]);
    deepStrictEqual([lost, overflowed, duplicates, queued, trial.clock.pendingCount], [0, 0, 0, 0, 0]);
    let delivering = false;
    new Link({}, trial, () => delivering = true).send(new Uint8Array(4));
    strictEqual(delivering, false);
  },
});

Deno.test({
  name: "one seed gives one trace, another seed another one",
  permissions: "none",
  fn() {
    const options: LinkOptions = {
      ...CONGESTED,
      loss: 0.05,
      jitterReorders: true,
      reordering: { share: 0.1, heldBackMs: 30 },
      duplication: { share: 0.1, copies: 2 },
      bandwidth: 500_000,
      schedule: [{ afterMs: 1000, bandwidth: 100_000 }],
    };
    const trace = (seed: number) => new Trial(options, seed).send(2000).settle().arrivals;
    deepStrictEqual(trace(1), trace(1));
    notDeepStrictEqual(trace(1), trace(2));
  },
});

Deno.test({
  name: "independent loss is as frequent as asked: 5% over 100,000 is within 4.5% and 5.5%, in runs of 1.05 on average",
  permissions: "none",
  fn() {
    const trial = new Trial({ loss: 0.05 }).send(100_000);
    assertBetween(trial.link.lost, 4_500, 5_500, "lost");
    strictEqual(trial.link.lost + trial.link.delivered, 100_000);
    assertBetween(mean(runs(100_000, trial.indexes, "lost")), 1.03, 1.07, "mean run of lost ones");
  },
});

for (const [name, { bursts }] of Object.entries({ WIFI, CELLULAR, CONGESTED })) {
  Deno.test({
    name: `bursts of ${name} have their mean runs over 200,000 datagrams, within 10%`,
    permissions: "none",
    fn() {
      const { good, bad } = bursts ?? { good: 0, bad: 0 };
      const trial = new Trial({ bursts }).send(200_000);
      assertBetween(mean(runs(200_000, trial.indexes, "delivered")), good * 0.9, good * 1.1, "mean good run");
      assertBetween(mean(runs(200_000, trial.indexes, "lost")), bad * 0.9, bad * 1.1, "mean bad run");
      const share = bad / (good + bad);
      assertBetween(trial.link.lost / 200_000, share * 0.85, share * 1.15, "share of lost ones");
    },
  });
}

Deno.test({
  name: "one impairment more does not change which datagrams another one loses",
  permissions: "none",
  fn() {
    const lost = (options: LinkOptions) => {
      const arrived = new Set(new Trial({ loss: 0.1, ...options }).send(1000).settle().indexes);
      return [...Array(1000).keys()].filter((index) => !arrived.has(index));
    };
    const alone = lost({});
    assertBetween(alone.length, 70, 130, "lost");
    deepStrictEqual(lost({ delayMs: 80, jitterMs: 40, reordering: { share: 0.1, heldBackMs: 30 } }), alone);
    deepStrictEqual(lost({ bandwidth: 1_000_000 }), alone);
  },
});

Deno.test({
  name: "jitter spreads the delay evenly over its range: mean within 0.5 ms, and nothing outside",
  permissions: "none",
  fn() {
    const { delays, indexes } = new Trial({ delayMs: 50, jitterMs: 15, jitterReorders: true }).send(50_000).settle();
    assertBetween(mean(delays), 49.5, 50.5, "mean delay");
    assertBetween(Math.min(...delays.slice(0, 10_000)), 35, 35.1, "shortest delay");
    assertBetween(Math.max(...delays.slice(0, 10_000)), 64.9, 65, "longest delay");
    assertBetween(delays.filter((delay) => delay < 42.5).length / delays.length, 0.24, 0.26, "the lowest quarter");
    strictEqual(ascending(indexes), false);
  },
});

Deno.test({
  name: "jitter without reordering keeps the order, and a step to a shorter delay does too",
  permissions: "none",
  fn() {
    const schedule = [{ afterMs: 500, delayMs: 10, jitterMs: 5 }];
    const trial = new Trial({ delayMs: 80, jitterMs: 40, schedule }).send(1000).settle();
    strictEqual(trial.indexes.length, 1000);
    strictEqual(ascending(trial.indexes), true);
    assertBetween(Math.max(...trial.delays), 100, 120, "longest delay");
    assertBetween(Math.max(...trial.delays.slice(600)), 5, 15, "longest delay after the step");
  },
});

Deno.test({
  name: "a share of the datagrams is held back and overtaken: 10% within 9% and 11%, the others keep their delay",
  permissions: "none",
  fn() {
    const trial = new Trial({ delayMs: 20, reordering: { share: 0.1, heldBackMs: 15 } }).send(20_000).settle();
    const late = trial.delays.filter((delay) => delay > 20);
    deepStrictEqual(new Set(trial.delays), new Set([20, 35]));
    assertBetween(late.length / 20_000, 0.09, 0.11, "share of late ones");
  },
});

Deno.test({
  name: "a share of the datagrams comes several times, each copy in an array of its own",
  permissions: "none",
  fn() {
    const trial = new Trial({ duplication: { share: 0.2, copies: 4 } }).send(10_000).settle();
    assertBetween(trial.link.duplicates, 4 * 1_900, 4 * 2_100, "copies");
    strictEqual(trial.link.delivered, 10_000 + trial.link.duplicates);
    strictEqual(new Set(trial.indexes).size, 10_000);

    const clock = new VirtualClock();
    const received: Uint8Array[] = [];
    const options = { duplication: { share: 1, copies: 4 } };
    new Link(options, { clock, random: seededRandom(SEED) }, (bytes) => received.push(bytes)).send(Uint8Array.of(7));
    clock.advance(0);
    strictEqual(new Set(received.map(({ buffer }) => buffer)).size, 5);
    deepStrictEqual(received, Array(5).fill(Uint8Array.of(7)));
  },
});

Deno.test({
  name: "what is more than the capacity waits in the queue, and is dropped where the queue is full",
  permissions: "none",
  fn() {
    // 800 kbit/s are offered to 400 kbit/s: the queue of 10,000 bytes fills, which is 200 ms of waiting.
    const trial = new Trial({ delayMs: 10, bandwidth: 400_000, queueBytes: 10_000 }).send(2000);
    const { link, delays } = trial;
    strictEqual(link.queuedBytes <= 10_000 && link.queuedBytes > 9_800, true, `${link.queuedBytes} bytes wait`);
    strictEqual(link.sent, link.overflowed + link.queued + link.inFlight + link.delivered);
    assertBetween(Math.max(...delays), 208, 210, "longest delay");
    assertBetween(delays[0], 11.9, 12.1, "delay over an empty queue");
    assertBetween((link.deliveredBytes * 8) / 2, 390_000, 400_000, "bits per second");
    trial.settle();
    deepStrictEqual([link.queued, link.queuedBytes, link.inFlight, trial.clock.pendingCount], [0, 0, 0, 0]);
    strictEqual(ascending(trial.indexes), true);
  },
});

Deno.test({
  name: "capacity follows its schedule: what arrives each second is what the second allowed, within 2%",
  permissions: "none",
  fn() {
    const schedule = [{ afterMs: 2000, bandwidth: 250_000 }, { afterMs: 4000, bandwidth: 600_000 }];
    const trial = new Trial({ bandwidth: 500_000, queueBytes: 2_000, schedule }).send(6000);
    const bitsBySecond = new Array<number>(6).fill(0);
    for (const { atMs } of trial.arrivals) if (atMs < 6000) bitsBySecond[Math.floor(atMs / 1000)] += 800;
    for (const [second, capacity] of [500_000, 500_000, 250_000, 250_000, 600_000, 600_000].entries()) {
      assertBetween(bitsBySecond[second], capacity * 0.98, capacity * 1.02, `bits in second ${second}`);
    }
  },
});

Deno.test({
  name: "conditions that a step does not name stay, and those that change on the way do not touch what flies",
  permissions: "none",
  fn() {
    const trial = new Trial({ delayMs: 100, schedule: [{ afterMs: 50, loss: 1 }, { afterMs: 80, loss: 0 }] });
    trial.send(100, { everyMs: 1 }).settle();
    deepStrictEqual(trial.indexes, [...Array(100).keys()].filter((index) => index < 50 || index >= 80));
    deepStrictEqual(new Set(trial.delays), new Set([100]));
  },
});

Deno.test({
  name: "a link that is closed delivers nothing more and leaves no timer",
  permissions: "none",
  fn() {
    const trial = new Trial({ delayMs: 50, bandwidth: 8_000, schedule: [{ afterMs: 5000, loss: 1 }] });
    trial.send(10, { everyMs: 60 });
    const before = trial.arrivals.length;
    trial.link.close();
    strictEqual(trial.clock.pendingCount, 0);
    strictEqual(trial.settle().arrivals.length, before);
  },
});
