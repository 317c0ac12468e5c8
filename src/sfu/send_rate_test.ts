import assert from "node:assert/strict";
import { SendRate } from "./send_rate.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

test("the rate follows what is sent, half of a change at each look, and not by looks that follow close", () => {
  const rate = new SendRate();
  rate.update(1_000_000, 0);
  assert.equal(rate.bitsPerSecond, 0, "what was sent before says nothing of the rate");
  rate.update(1_050_000, 500);
  assert.equal(rate.bitsPerSecond, 400_000);
  rate.update(1_060_000, 600);
  assert.equal(rate.bitsPerSecond, 400_000);
  rate.update(1_100_000, 1_000);
  assert.equal(rate.bitsPerSecond, 600_000);
  rate.update(1_100_000, 1_500);
  assert.equal(rate.bitsPerSecond, 300_000);
});

test("the rate is steady once something was sent in four measures in a row", () => {
  const rate = new SendRate();
  let bytes = 0;
  const steady = [0, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1].map((sent, look) => {
    rate.update(bytes += sent, 500 * look);
    return rate.isSteady;
  });
  assert.deepEqual(steady, [false, false, false, false, true, true, false, false, false, false, true]);
});

test("a counter that wraps is no rate of four gigabytes", () => {
  const rate = new SendRate();
  rate.update(0x7fffffff, 0);
  rate.update(-0x80000000 + 49_999, 1_000);
  assert.equal(rate.bitsPerSecond, 200_000);
});
