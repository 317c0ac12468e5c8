import assert from "node:assert/strict";
import { DTLS_RECORDS_AT_ONCE, DTLS_RECORDS_PER_SECOND, DtlsBudget } from "./dtls_budget.ts";

/** Application data of this many bytes, under keys that nobody has. */
function record(length: number): number[] {
  const header = [23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 1, length >> 8, length & 0xff];
  return [...header, ...new Array<number>(length).fill(7)];
}

/** How many of the datagrams, one after the other at one time, are to be looked at. */
function allowed(budget: DtlsBudget, bytes: Uint8Array, nowMs: number, tries = 2 * DTLS_RECORDS_AT_ONCE): number {
  let count = 0;
  for (let n = 0; n < tries; n++) if (budget.allow(bytes, bytes.length, nowMs)) count++;
  return count;
}

Deno.test({
  name: "B215: a peer's records are looked at 256 at once and 64 a second, however many datagrams they are in",
  permissions: "none",
  fn() {
    const [one, eight] = [
      Uint8Array.from(record(40)),
      Uint8Array.from(Array.from({ length: 8 }, () => record(13)).flat()),
    ];
    for (const [bytes, records] of [[one, 1], [eight, 8]] as const) {
      const budget = new DtlsBudget(0);
      assert.equal(allowed(budget, bytes, 0), DTLS_RECORDS_AT_ONCE / records);
      assert.equal(allowed(budget, bytes, 1000), DTLS_RECORDS_PER_SECOND / records);
      assert.equal(allowed(budget, bytes, 1_000_000), DTLS_RECORDS_AT_ONCE / records);
    }
  },
});

Deno.test({
  name: "B215: what is no whole record counts as one, whatever its length says",
  permissions: "none",
  fn() {
    const short = Uint8Array.of(22, 0xfe, 0xfd);
    const lying = Uint8Array.from(record(40));
    lying.set([0xff, 0xff], 11);
    for (const bytes of [short, lying]) assert.equal(allowed(new DtlsBudget(0), bytes, 0), DTLS_RECORDS_AT_ONCE);
    const half = Uint8Array.from([...record(13), ...short]);
    assert.equal(allowed(new DtlsBudget(0), half, 0), DTLS_RECORDS_AT_ONCE / 2);
  },
});
