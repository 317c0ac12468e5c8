import assert from "node:assert/strict";
import { randomSeed } from "../../tests/harness/random_seed.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import { retryDelayMs } from "./retry_delay.ts";

Deno.test({
  name: "B507: attempts are ever farther apart, from a second up to five minutes",
  permissions: "none",
  fn() {
    const delays = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 100, 5000].map((failures) =>
      retryDelayMs(failures, { uint32: () => 0 }) / 1000
    );
    assert.deepEqual(delays, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
  },
});

Deno.test({
  name: "B507: chance takes up to a half of the time between attempts",
  permissions: "none",
  fn() {
    const seed = randomSeed();
    const random = seededRandom(seed);
    const delays = Array.from({ length: 200 }, () => retryDelayMs(3, random));
    assert.ok(delays.every((delay) => delay > 4000 && delay <= 8000), `seed ${seed}`);
    assert.ok(Math.max(...delays) - Math.min(...delays) > 3000, `seed ${seed}`);
  },
});
