import assert from "node:assert/strict";
import { ApplicationLimit } from "./application_limit.ts";

const ESTIMATE = 1_000_000;
const STEP_MS = 25;

class Sender {
  readonly limit = new ApplicationLimit();
  nowMs = 0;

  /** Sends a part of the estimate; returns after how long `isLimited` changed, -1: not. */
  send(part: number, ms: number): number {
    const before = this.limit.isLimited;
    let changedMs = -1;
    for (let elapsed = STEP_MS; elapsed <= ms; elapsed += STEP_MS) {
      this.nowMs += STEP_MS;
      this.limit.update(part * ESTIMATE / 8000 * STEP_MS, ESTIMATE, this.nowMs);
      if (changedMs < 0 && this.limit.isLimited !== before) changedMs = elapsed;
    }
    return changedMs;
  }
}

Deno.test({
  name: "B276: at a fifth of the estimate the application is the limit, within two seconds",
  permissions: "none",
  fn() {
    const sender = new Sender();
    assert.equal(sender.limit.isLimited, false);
    const took = sender.send(0.2, 3000);
    assert.ok(took > 300 && took < 2000, `${took}`);
  },
});

Deno.test({
  name: "B276: a burst of 100 ms at one and a half does not end it, all of the estimate does within some seconds",
  permissions: "none",
  fn() {
    const sender = new Sender();
    sender.send(0.2, 3000);
    assert.equal(sender.send(1.5, 100), -1);
    sender.send(0.2, 1000);
    const took = sender.send(1, 4000);
    assert.ok(took > 200 && took <= 4000, `${took}`);
    assert.equal(sender.limit.endedMs, sender.nowMs - 4000 + took);
  },
});

Deno.test({
  name: "B276: at the whole of the estimate it never is",
  permissions: "none",
  fn() {
    assert.equal(new Sender().send(1, 10_000), -1);
    assert.equal(new Sender().send(0.7, 10_000), -1);
  },
});
