import assert from "node:assert/strict";
import { TokenBucket } from "./token_bucket.ts";

Deno.test({
  name: "a bucket gives its burst at once, then its rate, and never saves up more than the burst",
  permissions: "none",
  fn() {
    const bucket = new TokenBucket(3, 10, 0);
    const taken = (nowMs: number) => {
      let count = 0;
      while (bucket.take(nowMs)) count++;
      return count;
    };
    assert.equal(taken(0), 3);
    assert.equal(taken(99), 0);
    assert.equal(taken(100), 1);
    assert.equal(taken(300), 2);
    assert.equal(taken(1_000_000), 3);
    assert.equal(bucket.take(1_000_200, 3), false);
    assert.equal(bucket.take(1_000_200, 2), true, "what was refused cost nothing");
  },
});

Deno.test({
  name: "a bucket tells after what time it will have so many tokens",
  permissions: "none",
  fn() {
    const bucket = new TokenBucket(3, 10, 0);
    assert.equal(bucket.waitMs(3), 0);
    assert.equal(bucket.take(0, 3), true);
    assert.equal(bucket.waitMs(), 100);
    assert.equal(bucket.take(50), false);
    assert.equal(bucket.waitMs(), 50);
    assert.equal(bucket.waitMs(3), 250);
    assert.equal(bucket.waitMs(4), Infinity);
  },
});
