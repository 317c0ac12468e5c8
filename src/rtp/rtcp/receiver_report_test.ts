import assert from "node:assert/strict";
import fc from "fast-check";
import { writeUint16 } from "../bytes.ts";
import { MAX_REPORT_BLOCKS, ReportBlock, writeReceiverReport } from "./receiver_report.ts";
import { RtcpReader } from "./rtcp_reader.ts";
import { writeSenderReport } from "./sender_report.ts";

function block(fields: Partial<ReportBlock>): ReportBlock {
  return Object.assign(new ReportBlock(), fields);
}

function readerOf(bytes: Uint8Array, length: number): RtcpReader {
  const reader = new RtcpReader();
  reader.reset(bytes, length);
  assert.equal(reader.next(), true);
  return reader;
}

Deno.test({
  name: "a report block is laid out as in RFC 3550 section 6.4.1",
  permissions: "none",
  fn() {
    const out = new Uint8Array(32);
    const first = block({
      ssrc: 0x81020304,
      fractionLost: 64,
      cumulativeLost: -2,
      extendedSequenceNumber: 0x00010005,
      jitter: 9,
      lastSenderReport: 0xaabbccdd,
      delaySinceLastSenderReport: 65536,
    });
    assert.equal(writeReceiverReport(out, 0, 0xf0000001, [first], 0, 1), 32);
    assert.deepEqual([...out], [
      ...[0x81, 201, 0, 7, 0xf0, 0, 0, 1],
      ...[0x81, 2, 3, 4, 64, 0xff, 0xff, 0xfe, 0, 1, 0, 5],
      ...[0, 0, 0, 9, 0xaa, 0xbb, 0xcc, 0xdd, 0, 1, 0, 0],
    ]);
  },
});

Deno.test({
  name: "up to 31 report blocks are read back; 33 become two reports",
  permissions: "none",
  fn() {
    const blocks = Array.from(
      { length: 33 },
      (_, i) => block({ ssrc: i, fractionLost: 255 - i, cumulativeLost: 16 - i }),
    );
    const out = new Uint8Array(1024);
    assert.equal(writeReceiverReport(out, 0, 1, blocks, 0, 33), 0);
    const first = writeReceiverReport(out, 0, 1, blocks, 0, MAX_REPORT_BLOCKS);
    const second = writeReceiverReport(out, first, 1, blocks, MAX_REPORT_BLOCKS, 33 - MAX_REPORT_BLOCKS);
    const reader = new RtcpReader();
    reader.reset(out, first + second);
    const read: ReportBlock[] = [];
    while (reader.next()) {
      for (let i = 0; i < reader.count; i++) {
        const next = new ReportBlock();
        assert.equal(next.read(reader, i), true);
        read.push(next);
      }
    }
    assert.deepEqual(read, blocks);
  },
});

Deno.test({
  name: "every report block survives the wire",
  permissions: "none",
  fn() {
    const uint32 = fc.nat(0xffffffff);
    const fields = fc.record({
      ssrc: uint32,
      fractionLost: fc.nat(255),
      cumulativeLost: fc.integer({ min: -0x800000, max: 0x7fffff }),
      extendedSequenceNumber: uint32,
      jitter: uint32,
      lastSenderReport: uint32,
      delaySinceLastSenderReport: uint32,
    });
    const property = fc.property(fields, (fields) => {
      const out = new Uint8Array(40);
      const length = writeReceiverReport(out, 0, 1, [block(fields)], 0, 1);
      const read = new ReportBlock();
      assert.equal(read.read(readerOf(out, length), 0), true);
      assert.deepEqual(read, block(fields));
    });
    fc.assert(property, { seed: 11, numRuns: 500 });
  },
});

Deno.test({
  name: "the report blocks of a sender report are read too",
  permissions: "none",
  fn() {
    const bytes = new Uint8Array(52);
    writeSenderReport(bytes, 0, 1, 2, 3, 4, 5, 6);
    bytes[0] |= 1;
    writeUint16(bytes, 2, 12);
    block({ ssrc: 77, jitter: 8 }).write(bytes, 28);
    const read = new ReportBlock();
    assert.equal(read.read(readerOf(bytes, 52), 0), true);
    assert.deepEqual(read, block({ ssrc: 77, jitter: 8 }));
    assert.equal(read.read(readerOf(bytes, 52), 1), false);
  },
});

Deno.test({
  name: "a count that promises more blocks than there are gives those that are there",
  permissions: "none",
  fn() {
    const out = new Uint8Array(64);
    const length = writeReceiverReport(out, 0, 1, [block({ ssrc: 5 })], 0, 1);
    out[0] |= 31;
    const reader = readerOf(out, length);
    const read = new ReportBlock();
    assert.equal(read.read(reader, 0), true);
    assert.equal(read.read(reader, 1), false);
    assert.equal(read.ssrc, 5);
  },
});

Deno.test({
  name: "a profile-specific extension behind the blocks is not read as a block",
  permissions: "none",
  fn() {
    const out = new Uint8Array(64);
    const length = writeReceiverReport(out, 0, 1, [block({ ssrc: 5 }), block({ ssrc: 6 })], 0, 2);
    out[0] = 0x81;
    const read = new ReportBlock();
    assert.equal(read.read(readerOf(out, length), 1), false);
  },
});

Deno.test({
  name: "an empty receiver report is 8 bytes, and one that does not fit is not written",
  permissions: "none",
  fn() {
    assert.equal(writeReceiverReport(new Uint8Array(8), 0, 1, [], 0, 0), 8);
    assert.equal(writeReceiverReport(new Uint8Array(31), 0, 1, [new ReportBlock()], 0, 1), 0);
  },
});
