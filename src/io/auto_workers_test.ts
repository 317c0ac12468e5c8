import assert from "node:assert/strict";
import { autoWorkers } from "./auto_workers.ts";

Deno.test({
  name: "B402: by itself a server has a media worker for each processor but one, and from 1 to 8 of them",
  permissions: "none",
  fn() {
    assert.deepEqual([1, 2, 3, 4, 8, 9, 10, 128].map(autoWorkers), [1, 1, 2, 3, 7, 8, 8, 8]);
  },
});
