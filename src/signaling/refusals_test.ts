import assert from "node:assert/strict";
import { Refusals } from "./refusals.ts";

Deno.test({
  name: "B243: refusals are counted by their codes, other errors not, and what was read does not change afterwards",
  permissions: "none",
  fn() {
    const refusals = new Refusals();
    const before = refusals.counts;
    assert.ok(Object.values(before).every((count) => count === 0));
    for (const code of ["room-full", "room-full", "too-many", "bad-json", "constructor", "__proto__", ""]) {
      refusals.count(code);
    }
    assert.deepEqual(refusals.counts, { ...before, "room-full": 2, "too-many": 1 });
    assert.equal(before["room-full"], 0);
  },
});
