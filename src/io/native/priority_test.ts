import assert from "node:assert/strict";
import { niceValues } from "../../../tests/harness/threads.ts";
import { WITH_WORKER } from "../../../tests/harness/worker_setup.ts";

const BACKEND = new URL("../../../tests/harness/yielding_backend_worker.ts", import.meta.url);

function nextMessage<T>(worker: Worker): Promise<T> {
  return new Promise((resolve) => worker.addEventListener("message", ({ data }) => resolve(data), { once: true }));
}

Deno.test({
  name:
    "B185: the thread that shakes hands gives way where it is asked to, the media worker does not, nor one in its " +
    "place where the process may say so",
  ignore: WITH_WORKER.ignore,
  permissions: WITH_WORKER.permissions,
  async fn() {
    const before = niceValues();
    const worker = new Worker(BACKEND, { type: "module" });
    const signaling = await nextMessage<number>(worker);
    const after = niceValues();
    assert.equal(after.get(signaling), 10);
    const begun = [...after].filter(([id]) => !before.has(id) && id !== signaling);
    assert.ok(begun.length > 0);
    for (const [id, nice] of begun) assert.equal(nice, 0, `thread ${id} of ${JSON.stringify(begun)}`);

    worker.postMessage("fail");
    const mayTake = await nextMessage<boolean>(worker);
    const replaced = [...niceValues()].filter(([id]) => !after.has(id));
    assert.ok(replaced.length > 0);
    // The runtime may have started others, which nobody asks.
    assert.equal(replaced.some(([, nice]) => nice === 0), mayTake, JSON.stringify(replaced));
    for (const [id, nice] of before) if (after.has(id)) assert.equal(after.get(id), nice, `thread ${id}`);
    worker.postMessage(0);
    await nextMessage(worker);
    worker.terminate();
  },
});
