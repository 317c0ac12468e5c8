import assert from "node:assert/strict";
import { BusTraffic } from "../../tests/harness/bus_traffic.ts";
import { randomSeed } from "../../tests/harness/random_seed.ts";
import type { RingWorkerReport, RingWorkerStart } from "../../tests/harness/ring_worker.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import { createRings, RingBus } from "./ring_bus.ts";

const WORKER = new URL("../../tests/harness/ring_worker.ts", import.meta.url);
const PERMISSIONS: Deno.PermissionOptionsObject = { read: [new URL("../", import.meta.url), new URL("./", WORKER)] };

/** Starts a node in an isolate of its own; resolves when it sends. */
async function startNode(start: Omit<RingWorkerStart, "stop">) {
  const worker = new Worker(WORKER, { type: "module" });
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const sends = Promise.withResolvers<void>();
  const report = Promise.withResolvers<RingWorkerReport>();
  worker.onmessage = ({ data }) => data === "sends" ? sends.resolve() : report.resolve(data);
  worker.onerror = (event) => sends.reject(new Error(event.message));
  worker.postMessage({ ...start, stop: stop.buffer } satisfies RingWorkerStart);
  await sends.promise;
  return {
    /** Has it stop; resolves when it has read what there was, or never where it was terminated. */
    stop() {
      Atomics.store(stop, 0, 1);
      return report.promise;
    },
    terminate: () => worker.terminate(),
  };
}

Deno.test({
  name:
    "B372: between isolates frames come whole, in order, and each or told as lost, also where readers are overtaken",
  permissions: PERMISSIONS,
  async fn() {
    const seed = randomSeed();
    // So few slots that writers overtake.
    const rings = createRings(3, 256);
    const bus = new RingBus({ node: 0, rings, wake() {} });
    const traffic = new BusTraffic(bus, seededRandom(seed));
    const workers = await Promise.all(
      [1, 2].map((node) =>
        startNode({ node, rings, seed: seed + node, life: 0, to: [0, 1, 2].filter((other) => other !== node) })
      ),
    );
    try {
      while (traffic.received < 5000 || traffic.lost === 0) {
        traffic.sendBurst([1, 2]);
        // At first it keeps up; then it is slow, and is overtaken.
        if (traffic.received < 5000 || traffic.sent[1] % 64 === 0) bus.poll(0);
      }
      const reports = await Promise.all(workers.map((worker) => worker.stop()));
      // What was lost last is told by the next frame.
      while (bus.poll(0));
      for (const report of [...reports, traffic]) {
        assert.deepEqual([report.fault, report.miscounted], [undefined, 0], `seed ${seed}`);
        assert.ok(report.received > 0);
      }
    } finally {
      for (const worker of workers) worker.terminate();
    }
  },
});

Deno.test({
  name: "B375: a writer that is killed at any moment, and lives on for a while, holds up nobody and is heard no more",
  permissions: PERMISSIONS,
  async fn() {
    const seed = randomSeed();
    const rings = createRings(2, 256);
    const bus = new RingBus({ node: 0, rings, wake() {} });
    const traffic = new BusTraffic(bus, seededRandom(seed));
    let before: { stop(): void } | undefined;
    for (let life = 0; life < 6; life++) {
      const worker = await startNode({ node: 1, rings, seed: seed + life, life, to: [0] });
      const received = traffic.received;
      while (traffic.received < received + 500) bus.poll(0);
      // Deno lets it run for two seconds more.
      worker.terminate();
      before?.stop();
      before = worker;
    }
    before?.stop();
    assert.equal(traffic.fault, undefined, `seed ${seed}`);
  },
});
