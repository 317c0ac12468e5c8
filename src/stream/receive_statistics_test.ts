import assert from "node:assert/strict";
import { START_SEQUENCE_NUMBERS } from "../../tests/harness/rtp_packets.ts";
import { ReportBlock } from "../rtp/rtcp/receiver_report.ts";
import { ReceiveStatistics } from "./receive_statistics.ts";

const CLOCK_RATE = 90000;
const FRAME_MS = 20;
const FRAME = (CLOCK_RATE * FRAME_MS) / 1000;

/** Gives the statistics packets `indexes` of a stream that begins at `start`, each at its due time. */
function feed(statistics: ReceiveStatistics, start: number, indexes: Iterable<number>): void {
  for (const index of indexes) {
    statistics.handlePacket((start + index) & 0xffff, (index * FRAME) >>> 0, index * FRAME_MS);
  }
}

function* range(from: number, to: number, skip: (index: number) => boolean = () => false): Generator<number> {
  for (let index = from; index < to; index++) if (!skip(index)) yield index;
}

function report(statistics: ReceiveStatistics, nowMs = 0): ReportBlock | undefined {
  const block = new ReportBlock();
  return statistics.report(block, nowMs) ? block : undefined;
}

for (const start of START_SEQUENCE_NUMBERS) {
  Deno.test({
    name: `loss is counted in total and for each report interval, from sequence number ${start}`,
    permissions: "none",
    fn() {
      const statistics = new ReceiveStatistics(CLOCK_RATE);
      feed(statistics, start, range(0, 100));
      assert.equal(report(statistics)?.fractionLost, 0);
      feed(statistics, start, range(100, 200, (index) => index % 4 === 1));
      const block = report(statistics);
      assert.equal(block?.fractionLost, 64);
      assert.equal(block?.cumulativeLost, 25);
      assert.equal(block?.extendedSequenceNumber, start + 199);
      assert.equal(statistics.expected, 200);
      assert.equal(statistics.received, 175);
    },
  });
}

Deno.test({
  name: "a third lost is a fraction of 85/256",
  permissions: "none",
  fn() {
    const statistics = new ReceiveStatistics(CLOCK_RATE);
    feed(statistics, 10, range(0, 100));
    report(statistics);
    feed(statistics, 10, range(100, 400, (index) => index % 3 === 1));
    assert.equal(report(statistics)?.fractionLost, Math.floor(256 / 3));
  },
});

Deno.test({
  name: "wraps of the sequence number are counted in the upper 16 bits",
  permissions: "none",
  fn() {
    const statistics = new ReceiveStatistics(CLOCK_RATE);
    feed(statistics, 65535, range(0, 2));
    assert.equal(report(statistics)?.extendedSequenceNumber, 1 << 16);
    feed(statistics, 65535, range(2, 200_000));
    assert.equal(report(statistics)?.extendedSequenceNumber, 65535 + 199_999);
    assert.equal(statistics.lost, 0);
  },
});

Deno.test({
  name: "late packets and duplicates take loss back; the report never goes below what the field holds",
  permissions: "none",
  fn() {
    const statistics = new ReceiveStatistics(CLOCK_RATE);
    feed(statistics, 65530, [0, 1, 2, 5, 6, 3, 7]);
    assert.equal(statistics.lost, 1);
    feed(statistics, 65530, [4, 4]);
    assert.equal(statistics.lost, -1);
    const block = report(statistics);
    assert.equal(block?.fractionLost, 0);
    assert.equal(block?.cumulativeLost, -1);
    assert.equal(block?.extendedSequenceNumber, (1 << 16) + 1);
  },
});

Deno.test({
  name: "one packet that jumps is not counted, two in a row begin the source anew",
  permissions: "none",
  fn() {
    const statistics = new ReceiveStatistics(CLOCK_RATE);
    feed(statistics, 0, range(0, 50));
    statistics.handlePacket(40000, 0, 1000);
    assert.equal(statistics.received, 50);
    feed(statistics, 0, range(50, 60));
    assert.equal(statistics.lost, 0);
    statistics.handlePacket(40000, 0, 2000);
    statistics.handlePacket(40001, FRAME, 2020);
    statistics.handlePacket(40002, 2 * FRAME, 2040);
    assert.equal(statistics.received, 2);
    assert.equal(statistics.expected, 2);
    const block = report(statistics);
    assert.equal(block?.extendedSequenceNumber, 40002);
    assert.equal(block?.cumulativeLost, 0);
  },
});

Deno.test({
  name: "a gap under 3,000 is loss and shows as nearly all lost, a larger one is a jump",
  permissions: "none",
  fn() {
    const statistics = new ReceiveStatistics(CLOCK_RATE);
    feed(statistics, 60000, [0]);
    report(statistics);
    feed(statistics, 60000, [2999]);
    assert.equal(statistics.lost, 2998);
    assert.equal(report(statistics)?.fractionLost, 255);
    feed(statistics, 60000, [2999 + 3000]);
    assert.equal(statistics.lost, 2998);
    assert.equal(report(statistics), undefined);
  },
});

Deno.test({
  name: "cumulative loss stays at the ends of its 24-bit field",
  permissions: "none",
  fn() {
    const lossy = new ReceiveStatistics(CLOCK_RATE);
    for (let index = 0; index < 3000; index++) lossy.handlePacket((index * 2999) & 0xffff, 0, 0);
    assert.ok(lossy.lost > 0x7fffff);
    assert.equal(report(lossy)?.cumulativeLost, 0x7fffff);
    const duplicating = new ReceiveStatistics(CLOCK_RATE);
    for (let index = 0; index < 0x800010; index++) duplicating.handlePacket(1, 0, 0);
    assert.equal(report(duplicating)?.cumulativeLost, -0x800000);
  },
});

Deno.test({
  name: "there is nothing to report before a packet came, and in an interval without packets",
  permissions: "none",
  fn() {
    const statistics = new ReceiveStatistics(CLOCK_RATE);
    assert.equal(report(statistics), undefined);
    feed(statistics, 0, range(0, 3));
    assert.notEqual(report(statistics), undefined);
    assert.equal(report(statistics), undefined);
    feed(statistics, 0, range(3, 4));
    assert.notEqual(report(statistics), undefined);
  },
});

Deno.test({
  name: "an even stream has no jitter, over a wrap of the timestamp too",
  permissions: "none",
  fn() {
    const statistics = new ReceiveStatistics(CLOCK_RATE);
    for (let index = 0; index < 100; index++) {
      statistics.handlePacket(index, (0xffffffff - 20 * FRAME + index * FRAME) >>> 0, 5000 + index * FRAME_MS);
    }
    assert.equal(statistics.jitter, 0);
  },
});

Deno.test({
  name: "jitter follows RFC 3550 appendix A.8 in units of the clock rate",
  permissions: "none",
  fn() {
    const statistics = new ReceiveStatistics(CLOCK_RATE);
    statistics.handlePacket(0, 0, 0);
    statistics.handlePacket(1, FRAME, FRAME_MS + 10);
    assert.equal(statistics.jitter, 900 / 16);
    statistics.handlePacket(2, 2 * FRAME, 2 * FRAME_MS + 10);
    assert.equal(statistics.jitter, (900 / 16) * (15 / 16));
    assert.equal(report(statistics)?.jitter, Math.floor((900 / 16) * (15 / 16)));
  },
});

Deno.test({
  name: "constant jitter of 10 ms converges to itself",
  permissions: "none",
  fn() {
    const statistics = new ReceiveStatistics(CLOCK_RATE);
    for (let index = 0; index < 1000; index++) {
      statistics.handlePacket(index, index * FRAME, index * FRAME_MS + (index % 2) * 10);
    }
    assert.ok(Math.abs(statistics.jitter - 900) < 1, `${statistics.jitter}`);
  },
});

Deno.test({
  name: "LSR is the middle of the NTP timestamp and DLSR the time since in 1/65536 s; both 0 without sender report",
  permissions: "none",
  fn() {
    const statistics = new ReceiveStatistics(CLOCK_RATE);
    feed(statistics, 0, range(0, 1));
    const before = report(statistics, 1000);
    assert.equal(before?.lastSenderReport, 0);
    assert.equal(before?.delaySinceLastSenderReport, 0);
    statistics.handleSenderReport(0xe1234567, 0x89abcdef, 2000);
    feed(statistics, 0, range(1, 2));
    const after = report(statistics, 3500);
    assert.equal(after?.lastSenderReport, 0x456789ab);
    assert.equal(after?.delaySinceLastSenderReport, 98304);
  },
});
