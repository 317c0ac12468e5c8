import assert from "node:assert/strict";
import { WantedEncodings } from "./wanted_encodings.ts";

Deno.test({
  name: "B311: an encoding is wanted until nobody has wanted it for a second, and again as soon as somebody does",
  permissions: "none",
  fn() {
    const wanted = new WantedEncodings(3);
    const told = () => [0, 1, 2].map((index) => wanted.isTold(index));
    const check = (indexes: readonly number[], nowMs: number) =>
      wanted.handleTimeout((i) => indexes.includes(i), nowMs);
    assert.equal(wanted.nextTimeout(), Infinity);
    assert.deepEqual(told(), [true, true, true]);
    wanted.checkSoon();
    assert.ok(wanted.nextTimeout() <= 0);
    assert.equal(check([2], 5000), false);
    assert.equal(wanted.nextTimeout(), 6000);
    assert.equal(check([2], 5999), false);
    assert.equal(check([2], 6000), true);
    assert.deepEqual(told(), [false, false, true]);
    assert.equal(wanted.nextTimeout(), Infinity);
    wanted.checkSoon();
    assert.equal(check([1, 2], 6500), true);
    assert.deepEqual(told(), [false, true, true]);
  },
});

Deno.test({
  name: "B311: who wants an encoding back within the second changes nothing",
  permissions: "none",
  fn() {
    const wanted = new WantedEncodings(2);
    wanted.checkSoon();
    assert.equal(wanted.handleTimeout((index) => index === 1, 0), false);
    wanted.checkSoon();
    assert.equal(wanted.handleTimeout(() => true, 900), false);
    assert.equal(wanted.nextTimeout(), Infinity);
    wanted.checkSoon();
    assert.equal(wanted.handleTimeout(() => false, 10_000), false);
    assert.equal(wanted.handleTimeout(() => false, 11_000), true);
    assert.equal(wanted.isTold(0) || wanted.isTold(1), false);
  },
});
