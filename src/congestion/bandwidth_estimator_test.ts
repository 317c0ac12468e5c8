import assert from "node:assert/strict";
import fc from "fast-check";
import { Experiment } from "../../tests/harness/congestion/experiment.ts";
import { BandwidthEstimator } from "./bandwidth_estimator.ts";
import type { EstimateLimit } from "./estimate_limit.ts";

const START_MS = 5000;

/** Packets of 1000 bytes each 10 ms over a way of 50 ms, reported each 100 ms. */
class Feeding {
  readonly estimator: BandwidthEstimator;
  nowMs = START_MS;
  #pending: number[] = [];

  constructor(estimator = new BandwidthEstimator({ nowMs: START_MS })) {
    this.estimator = estimator;
  }

  send(ms: number): this {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; this.nowMs += 10) {
      this.#pending.push(this.estimator.numbering.handleSent(1000, this.nowMs));
      if (this.#pending.length === 10) this.#report();
      this.#handleTimeout();
    }
    return this;
  }

  /** Packets of which nothing is heard. */
  sendUnheard(ms: number): this {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; this.nowMs += 10) {
      this.estimator.numbering.handleSent(1000, this.nowMs);
      this.#handleTimeout();
    }
    return this;
  }

  #report(): void {
    this.estimator.beginFeedback(this.nowMs);
    for (const [index, sequenceNumber] of this.#pending.entries()) {
      this.estimator.handleReceived(sequenceNumber, ((this.nowMs - 90 + 10 * index - 50) * 4) | 0);
    }
    this.estimator.endFeedback(this.nowMs);
    this.#pending = [];
  }

  #handleTimeout(): void {
    if (this.estimator.nextTimeout() <= this.nowMs) this.estimator.handleTimeout(this.nowMs);
  }
}

Deno.test({
  name: "B270: packets are numbered in a row",
  permissions: "none",
  fn() {
    const estimator = new BandwidthEstimator({ nowMs: 0 });
    for (let index = 0; index < 70_000; index++) {
      assert.equal(estimator.numbering.handleSent(100, index), index & 0xffff);
    }
  },
});

Deno.test({
  name: "nothing is due, and nothing is probed, before a packet was sent; then the first probes are",
  permissions: "none",
  fn() {
    const estimator = new BandwidthEstimator({ nowMs: START_MS });
    assert.equal(estimator.nextTimeout(), Infinity);
    estimator.handleTimeout(START_MS + 100);
    assert.equal(estimator.probeBytesDue(START_MS + 100), 0);
    assert.equal(estimator.limitedBy, "start");
    assert.equal(estimator.bitsPerSecond, 300_000);
    estimator.numbering.handleSent(100, START_MS + 200);
    assert.ok(estimator.nextTimeout() <= START_MS + 200);
    estimator.handleTimeout(START_MS + 200);
    // 2 ms at 900 kbit/s.
    assert.equal(estimator.probeBytesDue(START_MS + 200), 225);
    assert.equal(estimator.nextTimeout() > START_MS + 200, true);
  },
});

Deno.test({
  name: "B275: where nothing is wanted nothing is probed, and what is wanted again is probed at once",
  permissions: "none",
  fn() {
    const feeding = new Feeding();
    feeding.estimator.setWanted(0, START_MS);
    feeding.send(10_000);
    assert.equal(feeding.estimator.probeBytesDue(feeding.nowMs), 0);
    feeding.estimator.setWanted(5_000_000, feeding.nowMs);
    feeding.send(110);
    assert.ok(feeding.estimator.probeBytesDue(feeding.nowMs) > 0);
  },
});

Deno.test({
  name: "B276, B280: what is probed for is so too where nothing was sent for minutes, and over another way",
  permissions: "none",
  fn() {
    const feeding = new Feeding().send(2000);
    const { estimator } = feeding;
    estimator.setWanted(0, feeding.nowMs);
    estimator.handleTimeout(feeding.nowMs + 120_000);
    assert.equal(estimator.nextTimeout(), Infinity, "nothing is wanted");
    estimator.setWanted(20_000_000, feeding.nowMs + 120_000);
    estimator.handleTimeout(feeding.nowMs + 120_001);
    assert.ok(estimator.probeBytesDue(feeding.nowMs + 120_002) > 0, "after two minutes without a packet");
    estimator.handleRouteChange(feeding.nowMs + 130_000);
    assert.ok(estimator.nextTimeout() < Infinity);
    assert.ok(estimator.probeBytesDue(feeding.nowMs + 130_001) > 0, "of another way");
  },
});

Deno.test({
  name: "B279: silence with packets under way halves the estimate after 2 s and each second after that, to the minimum",
  permissions: "none",
  fn() {
    const feeding = new Feeding().send(10_000);
    const before = feeding.estimator.bitsPerSecond;
    assert.ok(before > 700_000, `${before}`);
    feeding.sendUnheard(2500);
    assert.equal(feeding.estimator.limitedBy, "silence");
    feeding.sendUnheard(8000);
    assert.equal(feeding.estimator.bitsPerSecond, 30_000);
    // What is heard again is a measure again.
    feeding.send(500);
    assert.notEqual(feeding.estimator.limitedBy, "silence");
    feeding.send(20_000);
    // By 8% a second, where probes that are asked for are not sent.
    assert.ok(feeding.estimator.bitsPerSecond > 120_000, `${feeding.estimator.bitsPerSecond}`);
  },
});

Deno.test({
  name: "B279: who sends nothing, or has not told anything for 10 s after joining, is not silent",
  permissions: "none",
  fn() {
    const feeding = new Feeding().send(10_000);
    const before = feeding.estimator.bitsPerSecond;
    feeding.nowMs += 60_000;
    feeding.estimator.handleTimeout(feeding.nowMs);
    assert.equal(feeding.estimator.bitsPerSecond, before);
    const joining = new Feeding().sendUnheard(9900);
    assert.equal(joining.estimator.bitsPerSecond, 300_000);
    joining.sendUnheard(600);
    assert.equal(joining.estimator.bitsPerSecond, 150_000);
  },
});

Deno.test({
  name: "B277: REMB is a cap as it stands, the lowest estimate apart",
  permissions: "none",
  fn() {
    const feeding = new Feeding().send(10_000);
    feeding.estimator.handleRemb(250_000, feeding.nowMs);
    assert.equal(feeding.estimator.bitsPerSecond, 250_000);
    assert.equal(feeding.estimator.limitedBy, "remb");
    feeding.estimator.handleRemb(1, feeding.nowMs);
    assert.equal(feeding.estimator.bitsPerSecond, 30_000);
    feeding.estimator.handleRemb(1e18, feeding.nowMs);
    assert.ok(feeding.estimator.bitsPerSecond > 700_000);
  },
});

Deno.test({
  name: "B278: without transport-wide feedback REMB says where to begin, and reports where to go",
  permissions: "none",
  fn() {
    const estimator = new BandwidthEstimator({ nowMs: 0 });
    estimator.numbering.handleSent(1000, 0);
    estimator.handleRemb(1_000_000, 1000);
    assert.equal(estimator.bitsPerSecond, 1_000_000);
    for (let second = 2; second < 6; second++) estimator.handleReportBlock(64, 100, 1000 * second);
    assert.ok(estimator.bitsPerSecond < 700_000 && estimator.bitsPerSecond > 500_000, `${estimator.bitsPerSecond}`);
    assert.equal(estimator.limitedBy, "loss");
    assert.equal(estimator.lossFraction, 0.25);
    // Transport-wide feedback is better: reports do not count beside it.
    const feeding = new Feeding().send(10_000);
    const before = feeding.estimator.bitsPerSecond;
    feeding.estimator.handleReportBlock(255, 1000, feeding.nowMs);
    assert.equal(feeding.estimator.bitsPerSecond, before);
    assert.equal(feeding.estimator.lossFraction, 0);
  },
});

Deno.test({
  name: "B270: feedback 300 s late, about packets never sent, or twice, changes nothing",
  permissions: "none",
  fn() {
    const estimator = new BandwidthEstimator({ nowMs: 0 });
    const numbers = Array.from({ length: 100 }, (_, index) => estimator.numbering.handleSent(1000, index * 10));
    const before = estimator.bitsPerSecond;
    const report = (nowMs: number, first: number): void => {
      estimator.beginFeedback(nowMs);
      for (const number of numbers) estimator.handleReceived((first + number) & 0xffff, number * 40);
      estimator.endFeedback(nowMs);
    };
    report(301_000, 0);
    report(301_000, 5000);
    assert.equal(estimator.bitsPerSecond, before);
    assert.equal(estimator.throughput, 0);

    const feeding = new Feeding().send(10_000);
    const { bitsPerSecond, roundTripMs } = feeding.estimator;
    for (let repeat = 0; repeat < 5; repeat++) {
      feeding.estimator.beginFeedback(feeding.nowMs);
      for (let number = 900; number < 1000; number++) feeding.estimator.handleReceived(number, 0);
      feeding.estimator.endFeedback(feeding.nowMs);
    }
    assert.equal(feeding.estimator.bitsPerSecond, bitsPerSecond);
    assert.equal(feeding.estimator.roundTripMs, roundTripMs);
  },
});

Deno.test({
  name: "B341: a round trip is told once feedback has measured it, and of another way again once it has",
  permissions: "none",
  fn() {
    const estimator = new BandwidthEstimator({ nowMs: START_MS });
    for (const nowMs of [START_MS, 2 * START_MS]) {
      estimator.handleRoundTrip(30);
      assert.equal(estimator.roundTripMs, 0);
      const sequenceNumber = estimator.numbering.handleSent(1000, nowMs);
      estimator.beginFeedback(nowMs + 400);
      estimator.handleReceived(sequenceNumber, (nowMs + 200) * 4);
      estimator.endFeedback(nowMs + 400);
      assert.equal(estimator.roundTripMs, 400);
      estimator.handleRouteChange(nowMs + 400);
    }
  },
});

Deno.test({
  name: "B282: why the estimate is no more is told in one word",
  permissions: "none",
  fn() {
    const seen = (prepare: (experiment: Experiment) => void, seconds: number): Set<EstimateLimit> => {
      const experiment = new Experiment({ bitsPerSecond: 1e6, delayMs: 50, queueMs: 300 });
      prepare(experiment);
      const words = new Set<EstimateLimit>();
      experiment.simulation.every(100, () => words.add(experiment.flows[0].estimator.limitedBy));
      experiment.runTo(seconds);
      return words;
    };
    const alone = seen((experiment) => void experiment.addMedia(), 20);
    assert.deepEqual([...alone].sort(), ["delay", "probe", "start"]);
    assert.ok(
      seen((experiment) => {
        experiment.addMedia();
        experiment.addTcp();
      }, 60).has("others"),
    );
    assert.ok(
      seen((experiment) => {
        experiment.addMedia();
        experiment.at(10, () => experiment.link.loss = { fraction: 0.4 });
      }, 20).has("loss"),
    );
    const frozen = seen((experiment) => {
      experiment.addMedia();
      experiment.steps([[10, 0]]);
    }, 20);
    assert.ok(frozen.has("queue") && frozen.has("silence"));
    const idle = seen((experiment) => {
      const flow = experiment.addMedia({ maxMediaBitsPerSecond: 100_000 });
      flow.estimator.setWanted(200_000, experiment.simulation.nowMs);
    }, 30);
    assert.ok(idle.has("application"));
    assert.ok(seen((experiment) => void experiment.addMedia({ maxBitsPerSecond: 400_000 }), 10).has("maximum"));
    assert.ok(
      seen((experiment) => {
        experiment.addMedia({ minBitsPerSecond: 290_000 });
        experiment.steps([[0, 0.1]]);
      }, 20).has("minimum"),
    );
  },
});

Deno.test({
  name: "B281: whatever is sent and reported nothing is thrown, and the estimate is a number within its bounds",
  permissions: "none",
  fn() {
    const time = fc.oneof(fc.integer({ min: 0, max: 200 }), fc.double({ min: 0, max: 100_000, noNaN: true }));
    const number = fc.integer({ min: 0, max: 0xffff });
    const ticks = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    const rate = fc.oneof(fc.constantFrom(0, 1, Infinity, NaN, -1, 1e300), fc.integer({ min: 0, max: 100_000_000 }));
    const step = fc.oneof(
      fc.record({ kind: fc.constant("send" as const), bytes: fc.integer({ min: 0, max: 1500 }), count: fc.nat(60) }),
      fc.record({
        kind: fc.constant("feedback" as const),
        results: fc.array(fc.tuple(fc.oneof(number, fc.nat(300)), fc.option(ticks))),
      }),
      fc.record({ kind: fc.constant("honest" as const), delay: fc.nat(2000), lost: fc.nat(10) }),
      fc.record({ kind: fc.constant("report" as const), lost: fc.nat(255), packets: fc.nat(10_000) }),
      fc.record({ kind: fc.constant("remb" as const), rate }),
      fc.record({ kind: fc.constant("wanted" as const), rate }),
      fc.record({ kind: fc.constant("roundTrip" as const), ms: fc.oneof(rate, fc.nat(1000)) }),
      fc.record({ kind: fc.constant("route" as const) }),
      fc.record({ kind: fc.constant("timeout" as const) }),
    );
    const property = fc.property(fc.array(fc.tuple(time, step), { maxLength: 120 }), (steps) => {
      const bounds = { minBitsPerSecond: 40_000, maxBitsPerSecond: 9_000_000 };
      const estimator = new BandwidthEstimator({ nowMs: 0, ...bounds });
      let nowMs = 0;
      let last = 0;
      for (const [elapsedMs, action] of steps) {
        nowMs += elapsedMs;
        if (action.kind === "send") {
          for (let index = 0; index < action.count; index++) {
            last = estimator.numbering.handleSent(action.bytes, nowMs + index / 9);
          }
        } else if (action.kind === "feedback") {
          estimator.beginFeedback(nowMs);
          for (const [sequenceNumber, arrival] of action.results) {
            if (arrival === null) estimator.handleMissing(sequenceNumber);
            else estimator.handleReceived(sequenceNumber, arrival);
          }
          estimator.endFeedback(nowMs);
        } else if (action.kind === "honest") {
          estimator.beginFeedback(nowMs);
          for (let back = 40; back >= 0; back--) {
            if (back % 10 < action.lost) estimator.handleMissing((last - back) & 0xffff);
            else estimator.handleReceived((last - back) & 0xffff, ((nowMs + action.delay - back) * 4) | 0);
          }
          estimator.endFeedback(nowMs);
        } else if (action.kind === "report") estimator.handleReportBlock(action.lost, action.packets, nowMs);
        else if (action.kind === "remb") estimator.handleRemb(action.rate, nowMs);
        else if (action.kind === "wanted") estimator.setWanted(action.rate, nowMs);
        else if (action.kind === "roundTrip") estimator.handleRoundTrip(action.ms);
        else if (action.kind === "route") estimator.handleRouteChange(nowMs);
        else {
          estimator.handleTimeout(nowMs);
          const due = estimator.probeBytesDue(nowMs);
          assert.ok(due >= 0 && due < 1_000_000, `${due}`);
          if (due > 0) last = estimator.numbering.handleSent(Math.min(due, 1200), nowMs);
        }
        const { bitsPerSecond, lossFraction, roundTripMs, throughput } = estimator;
        assert.ok(
          bitsPerSecond >= bounds.minBitsPerSecond && bitsPerSecond <= bounds.maxBitsPerSecond,
          `${bitsPerSecond}`,
        );
        assert.ok(lossFraction >= 0 && lossFraction <= 1, `${lossFraction}`);
        assert.ok(roundTripMs >= 0 && throughput >= 0 && !Number.isNaN(estimator.nextTimeout()));
      }
    });
    fc.assert(property, { seed: 270, numRuns: 400 });
  },
});
