import assert from "node:assert/strict";
import { FailureLimit } from "./failure_limit.ts";

function started(): FailureLimit {
  const limit = new FailureLimit();
  limit.handleStart();
  return limit;
}

Deno.test({
  name: "B165: where the first worker did not even start another one is not worth a try",
  permissions: "none",
  fn() {
    assert.equal(new FailureLimit().allowsAnother(0), false);
  },
});

Deno.test({
  name: "B165: five failures in a minute are allowed, the sixth is not, and what is longer ago does not count",
  permissions: "none",
  fn() {
    const limit = started();
    for (let ms = 0; ms < 5000; ms += 1000) assert.equal(limit.allowsAnother(ms), true);
    assert.equal(limit.allowsAnother(59_999), false);
    assert.equal(started().allowsAnother(0), true);
    const calm = started();
    for (let ms = 0; ms < 10 * 60_000; ms += 15_000) assert.equal(calm.allowsAnother(ms), true);
  },
});
