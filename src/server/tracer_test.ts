import assert from "node:assert/strict";
import { denoTracer } from "./tracer.ts";

Deno.test({
  name: "B361: a process that Deno exports nothing of has no tracer",
  permissions: "none",
  fn() {
    assert.equal(denoTracer(), undefined);
  },
});
