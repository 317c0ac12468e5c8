import assert from "node:assert/strict";
import { niceValues } from "../../../tests/harness/threads.ts";
import { WITH_WORKER } from "../../../tests/harness/worker_setup.ts";

const BACKEND = new URL("../../../tests/harness/yielding_backend_worker.ts", import.meta.url);

function nextMessage(worker: Worker): Promise<number> {
  return new Promise((resolve) => worker.addEventListener("message", ({ data }) => resolve(data), { once: true }));
}

Deno.test({
  name: "B185: the thread that shakes hands gives way where it is asked to, and the media worker does not",
  ignore: WITH_WORKER.ignore,
  permissions: WITH_WORKER.permissions,
  async fn() {
    const before = niceValues();
    const worker = new Worker(BACKEND, { type: "module" });
    const signaling = await nextMessage(worker);
    const after = niceValues();
    assert.equal(after.get(signaling), 10);
    const begun = [...after].filter(([id]) => !before.has(id) && id !== signaling);
    assert.ok(begun.length > 0);
    for (const [id, nice] of begun) assert.equal(nice, 0, `thread ${id} of ${JSON.stringify(begun)}`);
    for (const [id, nice] of before) if (after.has(id)) assert.equal(after.get(id), nice, `thread ${id}`);
    worker.postMessage(0);
    await nextMessage(worker);
    worker.terminate();
  },
});
