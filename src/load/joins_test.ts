import assert from "node:assert/strict";
import { Joins } from "./joins.ts";
import { Turns } from "./turns.ts";

/** Runs so many joins, of which one interrupts; gives how many began. */
async function begunOf(count: number, interrupting: number, concurrency: number): Promise<number> {
  const turns = new Turns();
  let begun = 0;
  const joins = new Joins(turns, () => begun >= interrupting);
  const join = () => Promise.resolve(void begun++);
  let isOver = false;
  const running = joins.run(Array.from({ length: count }, () => join), concurrency).then(() => isOver = true);
  while (!isOver) {
    turns.run();
    await Promise.resolve();
  }
  await running;
  assert.equal(joins.reply().joined, begun);
  return begun;
}

Deno.test({
  name: "joins that have not begun when they are interrupted do not begin",
  permissions: "none",
  async fn() {
    assert.equal(await begunOf(10, Infinity, 3), 10);
    assert.equal(await begunOf(10, 4, 1), 4);
    const begun = await begunOf(10, 4, 3);
    assert(begun >= 4 && begun < 7, `${begun}`);
  },
});
