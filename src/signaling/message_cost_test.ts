import assert from "node:assert/strict";
import { costOf } from "./message_cost.ts";

Deno.test({
  name: "P4: a message counts once for each 32 KiB that it begins, and one that is not read no more than the largest",
  permissions: "none",
  fn() {
    const lengths = [0, 1, 32 * 1024, 32 * 1024 + 1, 1024 * 1024, 10 * 1024 * 1024];
    assert.deepEqual(lengths.map((length) => costOf("x".repeat(length))), [1, 1, 1, 2, 32, 32]);
    assert.equal(costOf(undefined), 1, "a binary frame");
  },
});
