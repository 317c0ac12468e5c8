import assert from "node:assert/strict";
import { randomSeed } from "../../tests/harness/random_seed.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import { BackOff } from "./back_off.ts";

const delays = (backOff: BackOff, count: number) => Array.from({ length: count }, () => backOff.delayMs());

Deno.test({
  name: "B425: attempts are ever farther apart, up to two seconds, and as at first once that is over",
  permissions: "none",
  fn() {
    const backOff = new BackOff({ uint32: () => 0 });
    assert.deepEqual(delays(backOff, 6), [200, 400, 800, 1600, 2000, 2000]);
    backOff.reset();
    assert.deepEqual(delays(backOff, 2), [200, 400]);
  },
});

Deno.test({
  name: "B425: chance takes up to a half of the time between attempts, so that not all come at once",
  permissions: "none",
  fn() {
    const shortest = new BackOff({ uint32: () => 2 ** 32 - 1 });
    assert.deepEqual(delays(shortest, 5).map(Math.ceil), [101, 201, 401, 801, 1001]);
    const seed = randomSeed();
    const random = seededRandom(seed);
    const last = Array.from({ length: 200 }, () => delays(new BackOff(random), 6)[5]);
    assert.ok(last.every((delay) => delay > 1000 && delay <= 2000), `seed ${seed}`);
    assert.ok(Math.max(...last) - Math.min(...last) > 800, `seed ${seed}`);
  },
});
