import assert from "node:assert/strict";
import { elapsedMs, RoundTrip, SentReports } from "./round_trip.ts";

const SECOND = 65_536;

Deno.test({
  name: "B111: a round trip is the time that passed less the time that the other side kept the report",
  permissions: "none",
  fn() {
    const roundTrip = new RoundTrip();
    assert.equal(roundTrip.ms, undefined);
    roundTrip.handleReply(1580, 1.5 * SECOND, 0);
    assert.equal(roundTrip.ms, 80);
  },
});

Deno.test({
  name: "B111: a round trip below 0 or over 10 s is ignored",
  permissions: "none",
  fn() {
    const roundTrip = new RoundTrip();
    for (const [elapsed, delay] of [[999, SECOND], [10_001, 0], [5000, 0xffffffff], [NaN, 0], [Infinity, 0]]) {
      roundTrip.handleReply(elapsed, delay, 0);
      assert.equal(roundTrip.ms, undefined, `${elapsed} - ${delay}`);
    }
    roundTrip.handleReply(1000, SECOND, 0);
    assert.equal(roundTrip.ms, 0);
    const slow = new RoundTrip();
    slow.handleReply(10_000, 0, 0);
    assert.equal(slow.ms, 10_000);
  },
});

Deno.test({
  name:
    "B112: reports that waited do not lengthen the round trip; a longer path shows within 8 s, a shorter one at once",
  permissions: "none",
  fn() {
    const roundTrip = new RoundTrip();
    for (const [nowMs, sample] of [[0, 100], [1000, 350], [2000, 180], [3900, 100], [5000, 400]]) {
      roundTrip.handleReply(sample, 0, nowMs);
      assert.equal(roundTrip.ms, 100, `at ${nowMs}`);
    }
    for (let nowMs = 6000; nowMs < 12_000; nowMs += 1000) roundTrip.handleReply(300, 0, nowMs);
    assert.equal(roundTrip.ms, 300);
    roundTrip.handleReply(40, 0, 12_000);
    assert.equal(roundTrip.ms, 40);
  },
});

Deno.test({
  name: "B112: after a silence the old value stays until there is a new one, which then counts alone",
  permissions: "none",
  fn() {
    const roundTrip = new RoundTrip();
    roundTrip.handleReply(20, 0, 0);
    assert.equal(roundTrip.ms, 20);
    roundTrip.handleReply(-1, 0, 60_000);
    assert.equal(roundTrip.ms, 20);
    roundTrip.handleReply(90, 0, 60_000);
    assert.equal(roundTrip.ms, 90);
  },
});

Deno.test({
  name: "B111: the last eight sender reports of a stream are known; an older or unknown one, and LSR 0, say nothing",
  permissions: "none",
  fn() {
    const reports = new SentReports();
    assert.equal(reports.sentMs(0), undefined);
    for (let i = 1; i <= 9; i++) reports.handleSent(0xfffffff0 + i, i * 1000);
    assert.equal(reports.sentMs(0xfffffff1), undefined);
    for (let i = 2; i <= 9; i++) assert.equal(reports.sentMs(0xfffffff0 + i), i * 1000);
    assert.equal(reports.sentMs(7), undefined);
  },
});

Deno.test({
  name: "B111: a timestamp that two sender reports had tells nothing",
  permissions: "none",
  fn() {
    const reports = new SentReports();
    reports.handleSent(5, 1000);
    reports.handleSent(5, 2000);
    assert.equal(reports.sentMs(5), undefined);
    reports.handleSent(6, 3000);
    assert.equal(reports.sentMs(6), 3000);
  },
});

Deno.test({
  name: "time between the middles of NTP timestamps goes over their wrap, and from the future is long",
  permissions: "none",
  fn() {
    assert.equal(elapsedMs(0xffffffff, SECOND - 1), 1000);
    assert.ok(elapsedMs(1, 0) > 65_000_000);
  },
});
