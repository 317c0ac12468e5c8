import assert from "node:assert/strict";
import { Standstill } from "./standstill.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

test("B435: who looks in time has not stood still, however late each look is within that", () => {
  const standstill = new Standstill(2000, 0);
  for (const nowMs of [0, 0, 1, 2001, 3000, 5000, 7000]) assert.equal(standstill.endsAt(nowMs), false, `${nowMs}`);
});

test("B435: a look that comes too late ends a standstill, the next one none, and the first counts from the start", () => {
  const standstill = new Standstill(2000, 1000);
  const ends = [3001, 3001, 5001, 15_000, 15_500, 60_000].map((nowMs) => standstill.endsAt(nowMs));
  assert.deepEqual(ends, [true, false, false, true, false, true]);
});
