import assert from "node:assert/strict";
import { ProbeBitrate } from "./probe_bitrate.ts";
import { ProbeController, type ProbeSituation } from "./probe_controller.ts";
import { type Probe, ProbeSender } from "./probe_sender.ts";

/** Remembers what was asked for. */
class RecordingSender extends ProbeSender {
  rates: number[] = [];

  override request(bitsPerSecond: number, nowMs: number): Probe {
    this.rates.push(Math.round(bitsPerSecond));
    return super.request(bitsPerSecond, nowMs);
  }
}

class Probing {
  readonly sender = new RecordingSender();
  readonly controller: ProbeController;
  nowMs = 0;

  constructor(maxBitsPerSecond = 50_000_000) {
    this.controller = new ProbeController(this.sender, new ProbeBitrate(), maxBitsPerSecond);
  }

  /** Updates after `ms`, and returns the probes that were asked for meanwhile. */
  update(ms: number, situation: Partial<ProbeSituation>): number[] {
    this.nowMs += ms;
    this.sender.rates = [];
    this.controller.update({
      estimate: 300_000,
      sentRate: 300_000,
      isLossLimited: false,
      isApplicationLimited: false,
      applicationLimitEndedMs: -Infinity,
      decreasedMs: -Infinity,
      hasRecovered: false,
      isBeyondKnown: false,
      ...situation,
    }, this.nowMs);
    return this.sender.rates;
  }

  /** The first probes, of which one found `estimate` and led to no further one. */
  begun(estimate: number): this {
    this.controller.begin(300_000, this.nowMs);
    this.controller.handleResult();
    this.update(2000, { estimate, sentRate: estimate });
    return this;
  }
}

Deno.test({
  name: "B275: the first probes are of three and six times the estimate, and are repeated where nothing came of them",
  permissions: "none",
  fn() {
    const probing = new Probing();
    probing.controller.begin(300_000, 0);
    assert.deepEqual(probing.sender.rates, [900_000, 1_800_000]);
    assert.deepEqual(probing.update(900, {}), []);
    for (let repeat = 0; repeat < 3; repeat++) assert.deepEqual(probing.update(1100, {}), [900_000, 1_800_000]);
    assert.deepEqual(probing.update(1100, {}), []);
  },
});

Deno.test({
  name:
    "B275: a probe that found more than 0.7 of its rate is followed by one of twice what was found, within a second",
  permissions: "none",
  fn() {
    const probing = new Probing();
    probing.controller.begin(300_000, 0);
    probing.controller.handleResult();
    assert.deepEqual(probing.update(100, { estimate: 1_259_000 }), []);
    assert.deepEqual(probing.update(100, { estimate: 1_800_000 }), [3_600_000]);
    assert.deepEqual(probing.update(100, { estimate: 2_500_000 }), []);
    assert.deepEqual(probing.update(100, { estimate: 3_600_000, isLossLimited: true }), [5_400_000]);
    const late = new Probing();
    late.controller.begin(300_000, 0);
    late.controller.handleResult();
    assert.deepEqual(late.update(1100, { estimate: 1_800_000 }), []);
  },
});

Deno.test({
  name: "B275: probes are of twice what is wanted at the most, of none where nothing is wanted",
  permissions: "none",
  fn() {
    const probing = new Probing();
    probing.controller.setWanted(500_000, 0);
    probing.controller.begin(300_000, 0);
    assert.deepEqual(probing.sender.rates, [900_000, 1_000_000]);
    probing.controller.handleResult();
    assert.deepEqual(probing.update(100, { estimate: 1_000_000, isApplicationLimited: true }), []);
    assert.equal(probing.controller.nextTimeout(), Infinity);
    const idle = new Probing();
    idle.controller.setWanted(0, 0);
    idle.controller.begin(300_000, 0);
    assert.deepEqual(idle.sender.rates, []);
    assert.deepEqual(idle.update(60_000, { isApplicationLimited: true }), []);
    assert.equal(idle.controller.nextTimeout(), Infinity);
    const capped = new Probing(1_000_000);
    capped.controller.begin(300_000, 0);
    assert.deepEqual(capped.sender.rates, [900_000, 1_000_000]);
  },
});

Deno.test({
  name: "B275: while the application is the limit a probe of twice the estimate is due every 5 s, of 1.5 under loss",
  permissions: "none",
  fn() {
    const probing = new Probing().begun(500_000);
    const limited = { estimate: 500_000, sentRate: 100_000, isApplicationLimited: true };
    assert.deepEqual(probing.update(100, limited), []);
    const dueMs = probing.controller.nextTimeout();
    assert.equal(dueMs, probing.nowMs + 5000);
    assert.deepEqual(probing.update(4999, limited), []);
    assert.deepEqual(probing.update(1, limited), [1_000_000]);
    assert.deepEqual(probing.update(4900, limited), []);
    assert.deepEqual(probing.update(100, { ...limited, isLossLimited: true }), [750_000]);
    // All of the estimate is used again: nothing is to be learnt.
    assert.deepEqual(probing.update(6000, { estimate: 500_000, sentRate: 500_000 }), []);
    assert.equal(probing.controller.nextTimeout(), Infinity);
  },
});

Deno.test({
  name:
    "B275: so it is where only part of the estimate is used because the next layer does not fit, and more is wanted",
  permissions: "none",
  fn() {
    const probing = new Probing().begun(500_000);
    const stepped = { estimate: 500_000, sentRate: 400_000 };
    probing.controller.setWanted(450_000, probing.nowMs);
    probing.update(100, stepped);
    assert.deepEqual(probing.update(6000, stepped), []);
    // More is wanted: at once.
    probing.controller.setWanted(2_000_000, probing.nowMs);
    assert.deepEqual(probing.update(1, stepped), [1_000_000]);
    assert.deepEqual(probing.update(5000, stepped), [1_000_000]);
    // All of it is used, and nothing refuses more: by less.
    assert.deepEqual(probing.update(5000, { estimate: 500_000, sentRate: 500_000, isBeyondKnown: true }), [750_000]);
  },
});

Deno.test({
  name: "B275: in the 3 s after the queue grew there is no periodic probe",
  permissions: "none",
  fn() {
    const probing = new Probing().begun(500_000);
    const limited = { estimate: 500_000, sentRate: 100_000, isApplicationLimited: true };
    probing.update(100, limited);
    const decreasedMs = probing.nowMs + 4000;
    assert.deepEqual(probing.update(6900, { ...limited, decreasedMs }), []);
    assert.equal(probing.controller.nextTimeout(), decreasedMs + 3000);
    assert.deepEqual(probing.update(100, { ...limited, decreasedMs }), [1_000_000]);
  },
});

Deno.test({
  name: "B275: after a fall from 500 to 250 kbit/s 0.85 of 500 are probed, where little was sent not long ago",
  permissions: "none",
  fn() {
    const fall = (endedAgoMs: number, waitMs: number): number[] => {
      const probing = new Probing().begun(500_000);
      probing.update(6000, { estimate: 500_000, sentRate: 500_000 });
      probing.update(100, { estimate: 250_000, sentRate: 250_000 });
      const applicationLimitEndedMs = probing.nowMs + waitMs - endedAgoMs;
      const situation = { estimate: 250_000, sentRate: 250_000, applicationLimitEndedMs, hasRecovered: true };
      return probing.update(waitMs, situation);
    };
    assert.deepEqual(fall(2900, 1000), [425_000]);
    assert.deepEqual(fall(3000, 1000), []);
    assert.deepEqual(fall(2900, 5000), []);
  },
});

Deno.test({
  name: "B280: another way begins with three and six times the estimate again",
  permissions: "none",
  fn() {
    const probing = new Probing().begun(2_000_000);
    probing.sender.rates = [];
    probing.controller.begin(200_000, probing.nowMs);
    assert.deepEqual(probing.sender.rates, [600_000, 1_200_000]);
    assert.equal(probing.controller.hasBegun, true);
  },
});
