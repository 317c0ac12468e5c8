import assert from "node:assert/strict";
import { createWorkerState, DescriptorLedger, Pulse } from "./worker_state.ts";

Deno.test({
  name: "B396: a worker's owner has the descriptors that it has opened and not closed, each once",
  permissions: "none",
  fn() {
    const state = createWorkerState();
    const [worker, owner] = [new DescriptorLedger(state), new DescriptorLedger(state)];
    for (const fd of [0, 7, 8, 1023, 1_048_575]) worker.add(fd);
    worker.add(8);
    worker.remove(7);
    worker.remove(500);
    assert.deepEqual(owner.take(), [0, 8, 1023, 1_048_575]);
    assert.deepEqual(owner.take(), []);
    worker.add(9);
    assert.deepEqual(owner.take(), [9]);
  },
});

Deno.test({
  name: "a number beyond those that the kernel gives is passed over, and beats touch no descriptor",
  permissions: "none",
  fn() {
    const state = createWorkerState();
    const [ledger, pulse] = [new DescriptorLedger(state), new Pulse(state)];
    ledger.add(1_048_576);
    ledger.remove(1_048_576);
    for (let i = 1; i <= 300; i++) {
      pulse.beat();
      assert.equal(new Pulse(state).beats, i);
    }
    assert.deepEqual(ledger.take(), []);
  },
});
