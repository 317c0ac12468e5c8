import assert from "node:assert/strict";
import fc from "fast-check";
import { CHUNK_SIZE } from "./chunk_pool.ts";
import { DatagramRun } from "./datagram_run.ts";
import { AF_INET, parseSocketAddress } from "./socket_address.ts";

const SEED = 151;

function address(port: number) {
  const parsed = parseSocketAddress({ hostname: "192.0.2.1", port }, AF_INET);
  assert.ok(parsed);
  return parsed;
}

Deno.test({
  name: "B151: a run takes datagrams of its length to its address, then one shorter one, and nothing behind that",
  permissions: "none",
  fn() {
    const [to, other] = [address(1), address(2)];
    const run = new DatagramRun();
    run.begin(to, 0, 0, 1200);
    assert.deepEqual([run.takes(to, 1200), run.takes(to, 1201), run.takes(other, 1200)], [true, false, false]);
    run.add(1200);
    run.add(700);
    assert.deepEqual([run.takes(to, 700), run.takes(to, 1)], [false, false]);
    run.begin(to, 0, CHUNK_SIZE - 2000, 1200);
    assert.deepEqual([run.takes(to, 800), run.takes(to, 801)], [true, false], "it ends with its chunk");
    run.begin(to, 0, 0, 100);
    for (let count = 1; count < 64; count++) run.add(100);
    assert.equal(run.takes(to, 100), false, "64 segments are what the kernel takes");
  },
});

Deno.test({
  name: `what is dropped from the front of a run leaves the rest in its place and of its lengths; seed ${SEED}`,
  permissions: "none",
  fn() {
    const to = address(1);
    const property = fc.property(
      fc.integer({ min: 1, max: 400 }),
      fc.integer({ min: 2, max: 64 }),
      fc.nat(),
      fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 20 }),
      (size, count, short, drops) => {
        const lengths = new Array<number>(count).fill(size);
        lengths[count - 1] = 1 + (short % size);
        const run = new DatagramRun();
        run.begin(to, 0, 50, lengths[0]);
        for (const length of lengths.slice(1)) run.add(length);
        const end = run.end;
        for (const drop of drops) {
          if (drop >= run.count) break;
          run.drop(drop);
          lengths.splice(0, drop);
          const left = Array.from({ length: run.count }, (_, i) => run.lengthOf(i));
          assert.deepEqual(left, lengths);
          assert.deepEqual([run.end, run.end - run.start], [end, lengths.reduce((sum, length) => sum + length, 0)]);
          assert.equal(run.size, lengths[0]);
        }
      },
    );
    fc.assert(property, { seed: SEED, numRuns: 500 });
  },
});
