import assert from "node:assert/strict";
import { MAX_NETWORKS, RateLimit } from "./rate_limit.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

test("P82: a network joins as often as a minute allows at once, then at that rate, and is told when", () => {
  const limit = new RateLimit(6);
  for (let n = 0; n < 6; n++) assert.equal(limit.take("192.0.2.1", 0), 0);
  assert.equal(limit.take("192.0.2.1", 0), 10_000);
  assert.equal(limit.take("::ffff:192.0.2.1", 4_000), 6_000, "the same address at a socket of both families");
  assert.equal(limit.take("192.0.2.2", 4_000), 0, "another address is another network");
  assert.equal(limit.take("192.0.2.1", 10_000), 0);
  assert.equal(limit.take("192.0.2.1", 10_000), 10_000);
  assert.equal(limit.take("192.0.2.1", 70_000), 0);
});

test("P82: the addresses of one /64 are one network", () => {
  const limit = new RateLimit(2);
  assert.equal(limit.take("2001:db8::1", 0), 0);
  assert.equal(limit.take("2001:db8:0:0:ffff::1", 0), 0);
  assert.equal(limit.take("2001:db8::2", 0), 30_000);
  assert.equal(limit.take("2001:db8:0:1::1", 0), 0);
});

test("B244: programs on this machine, and where there is no limit everyone, join as often as they like", () => {
  const limit = new RateLimit(1);
  for (const address of ["127.0.0.1", "::1", "::ffff:127.0.0.1"]) {
    for (let n = 0; n < 3; n++) assert.equal(limit.take(address, 0), 0, address);
  }
  const none = new RateLimit(Infinity);
  for (let n = 0; n < 3; n++) assert.equal(none.take("192.0.2.1", 0), 0);
  assert.deepEqual([limit.size, none.size], [0, 0]);
});

test("B244: a network is forgotten a minute after its last join, and of too many the one silent for longest", () => {
  const limit = new RateLimit(1);
  const address = (n: number) => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`;
  for (let n = 0; n < MAX_NETWORKS; n++) assert.equal(limit.take(address(n), n), 0);
  assert.equal(limit.take(address(0), MAX_NETWORKS), 60_000 - MAX_NETWORKS, "heard again, and refused");
  assert.equal(limit.take("192.0.2.1", MAX_NETWORKS), 0);
  assert.equal(limit.size, MAX_NETWORKS);
  assert.equal(limit.take(address(1), MAX_NETWORKS), 0, "the oldest gave way");
  assert.notEqual(limit.take(address(0), MAX_NETWORKS), 0, "not the one heard again");
  assert.equal(limit.take("192.0.2.2", 2 * 60_000), 0);
  assert.equal(limit.size, 1);
});

test("B244: no text in place of an address makes it throw, and each counts for itself", () => {
  const limit = new RateLimit(1);
  for (const text of ["", "unknown", "999.1.1.1", "a".repeat(100)]) {
    assert.equal(limit.take(text, 0), 0);
    assert.equal(limit.take(text, 0), 60_000);
  }
});

test("B521: another rate is in force from then on, for those as well who had used up the one before", () => {
  const limit = new RateLimit(1);
  limit.take("192.0.2.1", 0);
  limit.perMinute = 1;
  assert.equal(limit.take("192.0.2.1", 0), 60_000);
  limit.perMinute = 2;
  assert.deepEqual([0, 0, 0].map((nowMs) => limit.take("192.0.2.1", nowMs)), [0, 0, 30_000]);
});
