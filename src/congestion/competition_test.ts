import assert from "node:assert/strict";
import { Competition } from "./competition.ts";

const STEP_MS = 50;

/** A flow whose queue is as it is told, in milliseconds, at each time. */
class Flow {
  readonly competition = new Competition();
  nowMs = 0;

  run(ms: number, queueMs: (ms: number) => number, arriving = 1): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; this.nowMs += STEP_MS) {
      const sentUs = (this.nowMs * 1000) | 0;
      this.competition.handlePacket(sentUs, Math.round((this.nowMs + 30 + queueMs(this.nowMs)) * 4) | 0);
      this.competition.update(arriving, this.nowMs);
    }
  }

  decrease(): void {
    this.competition.handleDecrease(0.85, 100, this.nowMs);
  }

  get isCompeting(): boolean {
    return this.competition.isCompeting(this.nowMs);
  }
}

Deno.test({
  name: "B273: a queue that drains as less is sent is our own",
  permissions: "none",
  fn() {
    const flow = new Flow();
    flow.run(2000, () => 0);
    for (let round = 0; round < 10; round++) {
      const startMs = flow.nowMs;
      flow.run(1000, (ms) => 150 * (ms - startMs) / 1000);
      flow.decrease();
      flow.run(2000, (ms) => Math.max(0, 150 - 0.15 * (ms - startMs - 1000)));
      assert.equal(flow.isCompeting, false);
    }
  },
});

Deno.test({
  name: "B273: a queue that stays as it is three times although less is sent is somebody else's, for 20 s",
  permissions: "none",
  fn() {
    const flow = new Flow();
    flow.run(2000, () => 0);
    flow.run(1000, () => 200);
    assert.ok(Math.abs(flow.competition.queueMs - 200) < 1);
    flow.decrease();
    flow.run(2000, () => 200);
    flow.decrease();
    flow.run(2000, () => 205);
    assert.equal(flow.isCompeting, false);
    flow.decrease();
    flow.run(2000, () => 210);
    assert.equal(flow.isCompeting, true);
    flow.run(20_000, () => 210);
    assert.equal(flow.isCompeting, false);
  },
});

Deno.test({
  name: "B273: so is a queue that drains faster than less of ours could drain it",
  permissions: "none",
  fn() {
    const flow = new Flow();
    flow.run(2000, () => 0);
    for (let round = 0; round < 3; round++) {
      flow.run(1000, () => 400);
      const startMs = flow.nowMs;
      flow.decrease();
      flow.run(2000, (ms) => Math.max(50, 400 - (ms - startMs) * 0.4));
    }
    assert.equal(flow.isCompeting, true);
  },
});

Deno.test({
  name: "B273: where less arrives than is sent the queue is our own, and what was believed is believed no more",
  permissions: "none",
  fn() {
    const flow = new Flow();
    flow.run(2000, () => 0);
    for (let round = 0; round < 4; round++) {
      flow.decrease();
      flow.run(2000, () => 200, 0.8);
    }
    assert.equal(flow.isCompeting, false);
    for (let round = 0; round < 3; round++) {
      flow.decrease();
      flow.run(2000, () => 200);
    }
    assert.equal(flow.isCompeting, true);
    flow.run(500, () => 200, 0.9);
    assert.equal(flow.isCompeting, true);
    flow.run(500, () => 200, 0.9);
    assert.equal(flow.isCompeting, false);
  },
});

Deno.test({
  name: "B273: a loss says that the queue is full still",
  permissions: "none",
  fn() {
    const flow = new Flow();
    flow.competition.handleLost(0);
    assert.equal(flow.isCompeting, false);
    flow.run(2000, () => 0);
    for (let round = 0; round < 3; round++) {
      flow.decrease();
      flow.run(2000, () => 200);
    }
    flow.run(15_000, () => 200);
    flow.competition.handleLost(flow.nowMs);
    flow.run(15_000, () => 200);
    assert.equal(flow.isCompeting, true);
    flow.competition.reset();
    assert.equal(flow.isCompeting, false);
    flow.competition.handleOthers(flow.nowMs);
    assert.equal(flow.isCompeting, true);
    flow.competition.reset();
    assert.equal(flow.competition.queueMs, 0);
  },
});
