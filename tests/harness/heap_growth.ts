import assert from "node:assert/strict";

/** Rounds that must be below the bound: in any other the collector or the compiler may have been at work. */
const ENOUGH = 5;

/** Does many rounds, and checks that several of them, of those behind the first, grow V8's heap by less than `maxBytes`. */
export function assertAllocatesLess(maxBytes: number, rounds: number, round: () => void): void {
  const growth: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const before = Deno.memoryUsage().heapUsed;
    round();
    growth.push(Deno.memoryUsage().heapUsed - before);
  }
  assert.ok(growth.filter((bytes) => bytes >= 0 && bytes < maxBytes).length >= ENOUGH, `${growth}`);
}
