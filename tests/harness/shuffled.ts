import { seededRandom } from "./seeded_random.ts";

/** Packets that are on their way at one time. */
const POOL = 64;

/** The numbers from 0 to `count`. */
export function* inOrder(count: number): Generator<number> {
  for (let index = 0; index < count; index++) yield index;
}

/** The numbers from 0 to `count` in the order in which they leave a pool of 64 that is filled in order. */
export function* shuffled(count: number, seed: number): Generator<number> {
  const random = seededRandom(seed);
  const pool: number[] = [];
  for (let index = 0; index < count || pool.length > 0; index++) {
    if (index < count) pool.push(index);
    if (index < POOL - 1) continue;
    const pick = random.uint32() % pool.length;
    yield pool[pick];
    const last = pool.pop();
    if (pick < pool.length && last !== undefined) pool[pick] = last;
  }
}

/** How many come before number 0 and are more than `reach` behind it. */
export function beforeFirst(order: Iterable<number>, reach: number): number {
  let count = 0;
  for (const index of order) {
    if (index === 0) return count;
    if (index > reach) count++;
  }
  return count;
}
