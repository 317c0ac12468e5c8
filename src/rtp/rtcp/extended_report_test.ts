import assert from "node:assert/strict";
import fc from "fast-check";
import {
  dlrrCount,
  dlrrDelay,
  dlrrLastReferenceTime,
  dlrrSsrc,
  ExtendedReportReader,
  receiverReferenceTime,
  writeDlrr,
  writeReceiverReferenceTime,
} from "./extended_report.ts";
import { RtcpReader } from "./rtcp_reader.ts";

const RRTR = [4, 0, 0, 2, 0xaa, 0xbb, 0xcc, 0xdd, 0x11, 0x22, 0x33, 0x44];
const DLRR = [5, 0, 0, 6, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0x80, 0, 0, 4, 0xff, 0, 0, 5, 0, 1, 0, 0];

/** An extended report of blocks. */
function extendedReport(...blocks: readonly number[][]): Uint8Array {
  const content = blocks.flat();
  return Uint8Array.of(0x80, 207, 0, 1 + content.length / 4, 0, 0, 0, 9, ...content);
}

/** What the blocks of a packet hold. */
function readBlocks(bytes: Uint8Array): string[] {
  const reader = new RtcpReader();
  const block = new ExtendedReportReader();
  const read: string[] = [];
  reader.reset(bytes, bytes.length);
  assert.equal(reader.next(), true);
  block.reset(reader);
  while (block.next()) {
    const time = receiverReferenceTime(block);
    if (time >= 0) read.push(`time ${time.toString(16)}`);
    for (let i = 0; i < dlrrCount(block); i++) {
      read.push(`${dlrrSsrc(block, i)}: ${dlrrLastReferenceTime(block, i)} + ${dlrrDelay(block, i)}`);
    }
  }
  return read;
}

Deno.test({
  name: "a receiver reference time is laid out as in RFC 3611 section 4.4, behind the header of section 3",
  permissions: "none",
  fn() {
    const out = new Uint8Array(21).fill(0xee);
    assert.equal(writeReceiverReferenceTime(out, 0, 0x80000009, 0xaabbccdd, 0x11223344), 20);
    assert.deepEqual([...out], [0x80, 207, 0, 4, 0x80, 0, 0, 9, ...RRTR, 0xee]);
    assert.deepEqual(readBlocks(out.subarray(0, 20)), ["time ccdd1122"]);
  },
});

Deno.test({
  name: "a DLRR is laid out as in RFC 3611 section 4.5, and all its sub-blocks are read",
  permissions: "none",
  fn() {
    const out = new Uint8Array(24);
    assert.equal(writeDlrr(out, 0, 9, 0xf0000001, 0xccdd1122, 65536), 24);
    assert.deepEqual([...out], [
      ...[0x80, 207, 0, 5, 0, 0, 0, 9, 5, 0, 0, 3],
      ...[0xf0, 0, 0, 1, 0xcc, 0xdd, 0x11, 0x22, 0, 1, 0, 0],
    ]);
    assert.deepEqual(readBlocks(extendedReport(DLRR)), ["1: 2 + 3", `${0x80000004}: ${0xff000005} + 65536`]);
  },
});

Deno.test({
  name: "unknown blocks, and known ones of a wrong length, are passed over; the blocks behind them are read",
  permissions: "none",
  fn() {
    const voip = [7, 0, 0, 1, 1, 2, 3, 4];
    const empty = [42, 0, 0, 0];
    const shortTime = [4, 0, 0, 1, 1, 2, 3, 4];
    const longTime = [4, 0, 0, 3, ...new Array(12).fill(1)];
    const brokenDlrr = [5, 0, 0, 4, ...new Array(16).fill(1)];
    const emptyDlrr = [5, 0, 0, 0];
    assert.deepEqual(
      readBlocks(extendedReport(voip, empty, shortTime, RRTR, longTime, brokenDlrr, emptyDlrr, DLRR)),
      ["time ccdd1122", "1: 2 + 3", `${0x80000004}: ${0xff000005} + 65536`],
    );
  },
});

Deno.test({
  name: "a block that runs past the end of its packet is not read, nor is what another packet holds",
  permissions: "none",
  fn() {
    const lying = [4, 0, 0, 3, ...RRTR.slice(4)];
    assert.deepEqual(readBlocks(extendedReport(lying)), []);
    assert.deepEqual(readBlocks(extendedReport(RRTR, [5, 0, 0xff, 0xff])), ["time ccdd1122"]);
    assert.deepEqual(readBlocks(Uint8Array.of(0x80, 207, 0, 0)), []);
    assert.deepEqual(readBlocks(Uint8Array.of(0x80, 207, 0, 1, 0, 0, 0, 9)), []);
    const report = extendedReport(RRTR);
    report[1] = 205;
    assert.deepEqual(readBlocks(report), []);
    const padded = extendedReport(RRTR, [0, 0, 0, 8], [0, 0, 0, 8]);
    padded[0] |= 0x20;
    assert.deepEqual(readBlocks(padded), ["time ccdd1122"]);
  },
});

Deno.test({
  name: "an extended report is written behind other packets, and not at all without room",
  permissions: "none",
  fn() {
    const out = new Uint8Array(44).fill(0xee);
    assert.equal(writeDlrr(out, 20, 9, 1, 2, 3), 24);
    assert.equal(writeReceiverReferenceTime(out, 0, 9, 1, 2), 20);
    assert.deepEqual(readBlocks(out), [`time ${(0x10000).toString(16)}`]);
    assert.deepEqual(readBlocks(out.subarray(20)), ["1: 2 + 3"]);
    const before = out.slice();
    assert.equal(writeDlrr(out, 21, 9, 1, 2, 3), 0);
    assert.equal(writeReceiverReferenceTime(out, 25, 9, 1, 2), 0);
    assert.deepEqual(out, before);
  },
});

Deno.test({
  name: "whatever stands in an extended report, the walk over its blocks ends and never throws",
  permissions: "none",
  fn() {
    const words = fc.array(fc.uint8Array({ minLength: 4, maxLength: 4 }), { maxLength: 40 });
    const property = fc.property(words, (words) => {
      // Block types and lengths that mean something come up often.
      const content = words.flatMap(([type, more, high, low]) => [type % 8, more, high % 2, low % 16]);
      const read = readBlocks(extendedReport(content));
      assert.ok(read.length <= words.length);
    });
    fc.assert(property, { seed: 3611, numRuns: 500 });
  },
});
