import assert from "node:assert/strict";
import { arrivalsOf } from "../../tests/harness/transport_feedback.ts";
import {
  ArrivalLog,
  FAST_FEEDBACK_INTERVAL_MS,
  FEEDBACK_INTERVAL_MS,
  LOGGED_PACKETS,
  MANY_PACKETS,
} from "./arrival_log.ts";

/** All that is to be reported, one array of `[number, milliseconds]` for each feedback packet; undefined: did not come. */
function reports(log: ArrivalLog, nowMs: number, room = 1200): [number, number | undefined][][] {
  const out = new Uint8Array(room);
  const reports: [number, number | undefined][][] = [];
  while (log.isUnreported) {
    const length = log.writeReport(out, 0, 1, 2, nowMs);
    assert.ok(length > 0);
    const arrivals = arrivalsOf(out.slice(0, length));
    reports.push(arrivals.map(([number, ticks]) => [number, ticks === undefined ? undefined : ticks / 4]));
  }
  assert.equal(log.writeReport(out, 0, 1, 2, nowMs), 0);
  return reports;
}

/** A packet of each number, a millisecond apart from `fromMs` on. */
function arrive(log: ArrivalLog, numbers: readonly number[], fromMs: number): void {
  numbers.forEach((number, index) => log.handleArrival(number & 0xffff, fromMs + index));
}

for (const start of [0, 1, 1022, 1023, 16_383, 32_766, 32_767, 32_768, 65_534, 65_535]) {
  Deno.test({
    name: `B287: a report begins behind the one before it and covers the gap, from number ${start} on`,
    permissions: "none",
    fn() {
      const log = new ArrivalLog();
      const number = (ahead: number) => (start + ahead) & 0xffff;
      arrive(log, [start, start + 1, start + 3], 100);
      assert.deepEqual(reports(log, 105), [[[number(0), 100], [number(1), 101], [number(2), undefined], [
        number(3),
        102,
      ]]]);
      arrive(log, [start + 6, start + 7], 150.25);
      assert.deepEqual(reports(log, 205), [
        [[number(4), undefined], [number(5), undefined], [number(6), 150.25], [number(7), 151.25]],
      ]);
    },
  });
}

Deno.test({
  name: "B287: a packet that comes late has its range reported again; of duplicates the first counts",
  permissions: "none",
  fn() {
    const log = new ArrivalLog();
    arrive(log, [10, 11, 13, 13], 100);
    assert.deepEqual(reports(log, 105), [[[10, 100], [11, 101], [12, undefined], [13, 102]]]);
    arrive(log, [13, 11], 120);
    assert.equal(log.isUnreported, false, "a duplicate is nothing to report");
    arrive(log, [12, 14], 130);
    assert.deepEqual(reports(log, 205), [[[12, 130], [13, 102], [14, 131]]]);
  },
});

Deno.test({
  name: "B287: a report is due 100 ms after the last one, 50 ms where many packets come, and never where none did",
  permissions: "none",
  fn() {
    const log = new ArrivalLog();
    assert.equal(log.nextReportMs, Infinity);
    arrive(log, [1], 1000);
    assert.ok(log.nextReportMs <= 1000, "the first at once");
    reports(log, 1001);
    assert.equal(log.nextReportMs, Infinity);
    for (let number = 2; number < 2 + MANY_PACKETS; number++) {
      assert.ok(number === 2 || log.nextReportMs === 1001 + FEEDBACK_INTERVAL_MS);
      arrive(log, [number], 1002);
    }
    assert.equal(log.nextReportMs, 1001 + FAST_FEEDBACK_INTERVAL_MS);
  },
});

Deno.test({
  name: "what is older than the log is not reported; a jump, and old numbers behind a silence, begin it anew",
  permissions: "none",
  fn() {
    const log = new ArrivalLog();
    arrive(log, [0], 100);
    reports(log, 100);
    arrive(log, [LOGGED_PACKETS], 101);
    assert.deepEqual(reports(log, 102)[0].at(-1), [LOGGED_PACKETS, 101]);
    arrive(log, [-1, 65_000], 110);
    assert.equal(log.isUnreported, false, "from before the log");
    arrive(log, [LOGGED_PACKETS * 3], 120);
    assert.deepEqual(reports(log, 121), [[[LOGGED_PACKETS * 3, 120]]], "a jump");
    arrive(log, [40_000], 700);
    assert.deepEqual(reports(log, 701), [[[40_000, 700]]], "half the circle on, after a silence");
  },
});

Deno.test({
  name: "of more than the log holds the newest is reported, and all that comes in a report is in one",
  permissions: "none",
  fn() {
    const log = new ArrivalLog();
    arrive(log, Array.from({ length: 3000 }, (_, i) => 64_000 + i), 0);
    const reported = reports(log, 3000, 200).flat();
    assert.equal(reported.length, LOGGED_PACKETS);
    assert.deepEqual(reported.at(0), [(67_000 - LOGGED_PACKETS) & 0xffff, 3000 - LOGGED_PACKETS]);
    assert.ok(reported.every(([, ms]) => ms !== undefined));
  },
});
