import assert from "node:assert/strict";
import fc from "fast-check";
import { writeUint16 } from "../bytes.ts";
import { byeSource, byeSourceCount, writeBye } from "./bye.ts";
import {
  dlrrCount,
  dlrrDelay,
  ExtendedReportReader,
  receiverReferenceTime,
  writeDlrr,
  writeReceiverReferenceTime,
} from "./extended_report.ts";
import { firEntryCount, firMediaSsrc, firSequenceNumber, writeFir } from "./fir.ts";
import {
  BYE,
  EXTENDED_REPORT,
  PAYLOAD_FEEDBACK,
  RECEIVER_REPORT,
  SENDER_REPORT,
  SOURCE_DESCRIPTION,
} from "./packet_types.ts";
import { pliMediaSsrc, writePli } from "./pli.ts";
import { ReportBlock, writeReceiverReport } from "./receiver_report.ts";
import { RtcpReader } from "./rtcp_reader.ts";
import { writeSourceDescription } from "./sdes.ts";
import { SenderReport, writeSenderReport } from "./sender_report.ts";

/** A compound packet with one packet of each kind that this code writes. */
function compound(): Uint8Array {
  const out = new Uint8Array(512);
  const blocks = [new ReportBlock(), new ReportBlock()];
  let length = writeSenderReport(out, 0, 1, 2, 3, 4, 5, 6);
  length += writeReceiverReport(out, length, 1, blocks, 0, 2);
  length += writeSourceDescription(out, length, 1, new TextEncoder().encode("cname"));
  length += writePli(out, length, 1, 2);
  length += writeFir(out, length, 1, 2, 3);
  length += writeReceiverReferenceTime(out, length, 1, 2, 3);
  length += writeDlrr(out, length, 1, 2, 3, 4);
  length += writeBye(out, length, [1, 2], 0, 2);
  return out.subarray(0, length);
}

/** Reads everything that can be read and returns the number of packets; fails where the walk would not end. */
function readAll(reader: RtcpReader, bytes: Uint8Array, length: number): number {
  const report = new SenderReport();
  const block = new ReportBlock();
  const extended = new ExtendedReportReader();
  let packets = 0;
  reader.reset(bytes, length);
  while (reader.next()) {
    packets++;
    assert.ok(packets <= bytes.length / 4, "the walk does not end");
    assert.ok(reader.length >= 4 && reader.offset + reader.length <= Math.min(length, bytes.length));
    report.read(reader);
    for (let i = 0; i <= 32; i++) block.read(reader, i);
    for (let i = 0; i < byeSourceCount(reader); i++) assert.notEqual(byeSource(reader, i), undefined);
    for (let i = 0; i < firEntryCount(reader); i++) {
      assert.ok(firMediaSsrc(reader, i) >= 0);
      assert.notEqual(firSequenceNumber(reader, i), undefined);
    }
    assert.ok(pliMediaSsrc(reader) >= -1);
    readExtendedReport(extended, reader);
  }
  assert.equal(reader.next(), false);
  return packets;
}

function readExtendedReport(block: ExtendedReportReader, reader: RtcpReader): void {
  block.reset(reader);
  while (block.next()) {
    assert.ok(block.offset + block.length <= reader.offset + reader.length);
    assert.ok(receiverReferenceTime(block) >= -1);
    for (let i = 0; i < dlrrCount(block); i++) assert.ok(dlrrDelay(block, i) >= 0);
  }
}

Deno.test({
  name: "the packets of a compound packet come one after the other",
  permissions: "none",
  fn() {
    const bytes = compound();
    const reader = new RtcpReader();
    reader.reset(bytes, bytes.length);
    const found: number[][] = [];
    while (reader.next()) found.push([reader.packetType, reader.count, reader.offset, reader.length]);
    assert.deepEqual(found, [
      [SENDER_REPORT, 0, 0, 28],
      [RECEIVER_REPORT, 2, 28, 56],
      [SOURCE_DESCRIPTION, 1, 84, 16],
      [PAYLOAD_FEEDBACK, 1, 100, 12],
      [PAYLOAD_FEEDBACK, 4, 112, 20],
      [EXTENDED_REPORT, 0, 132, 20],
      [EXTENDED_REPORT, 0, 152, 24],
      [BYE, 2, 176, 12],
    ]);
    assert.equal(reader.malformed, false);
  },
});

Deno.test({
  name: "reduced-size RTCP is read: a PLI may come alone (RFC 5506)",
  permissions: "none",
  fn() {
    const bytes = new Uint8Array(12);
    const reader = new RtcpReader();
    reader.reset(bytes, writePli(bytes, 0, 1, 0xfedcba98));
    assert.equal(reader.next(), true);
    assert.equal(pliMediaSsrc(reader), 0xfedcba98);
    assert.equal(reader.next(), false);
  },
});

Deno.test({
  name: "padding is no part of the last packet, and false padding ends the walk",
  permissions: "none",
  fn() {
    const bytes = new Uint8Array(20);
    writeBye(bytes, 0, [7], 0, 1);
    bytes[0] |= 0x20;
    writeUint16(bytes, 2, 4);
    const reader = new RtcpReader();
    for (let padding = 0; padding < 256; padding++) {
      bytes[19] = padding;
      reader.reset(bytes, 20);
      assert.equal(reader.next(), padding >= 1 && padding <= 16, `padding ${padding}`);
      if (!reader.malformed) assert.equal(reader.length, 20 - padding);
    }
  },
});

Deno.test({
  name: "a lying length or another version ends the walk and is noted",
  permissions: "none",
  fn() {
    const reader = new RtcpReader();
    const bytes = compound();
    bytes[28] = 0x41;
    assert.equal(readAll(reader, bytes, bytes.length), 1);
    assert.equal(reader.malformed, true);
    const tooLong = compound();
    writeUint16(tooLong, 102, 0xffff);
    assert.equal(readAll(reader, tooLong, tooLong.length), 3);
    assert.equal(reader.malformed, true);
    const whole = compound();
    assert.equal(readAll(reader, whole, whole.length), 8);
    assert.equal(reader.malformed, false);
  },
});

Deno.test({
  name: "a compound packet cut at any length gives the whole packets before the cut",
  permissions: "none",
  fn() {
    const bytes = compound();
    const reader = new RtcpReader();
    const ends = [28, 84, 100, 112, 132, 152, 176, 188];
    for (let length = 0; length <= bytes.length; length++) {
      const whole = ends.filter((end) => end <= length).length;
      assert.equal(readAll(reader, bytes, length), whole, `length ${length}`);
      assert.equal(readAll(reader, bytes.slice(0, length), bytes.length), whole, `length ${length}`);
      assert.equal(reader.malformed, length !== 0 && !ends.includes(length), `length ${length}`);
    }
  },
});

Deno.test({
  name: "a mutated compound packet never throws and always ends",
  permissions: "none",
  fn() {
    const reader = new RtcpReader();
    const mutation = fc.tuple(fc.nat(187), fc.nat(255));
    const property = fc.property(fc.array(mutation, { minLength: 1, maxLength: 12 }), (mutations) => {
      const bytes = compound();
      for (const [at, value] of mutations) bytes[at] = value;
      readAll(reader, bytes, bytes.length);
    });
    fc.assert(property, { seed: 9, numRuns: 5000 });
  },
});

Deno.test({
  name: "RTCP-shaped datagrams of 3 to 64 bytes never throw and always end",
  permissions: "none",
  fn() {
    const reader = new RtcpReader();
    const header = fc.tuple(fc.integer({ min: 0x80, max: 0xbf }), fc.integer({ min: 192, max: 223 }));
    const body = fc.uint8Array({ minLength: 1, maxLength: 62 });
    const property = fc.property(header, fc.option(fc.nat(16)), body, (header, words, body) => {
      const bytes = Uint8Array.of(...header, ...body);
      if (words !== null && bytes.length >= 4) writeUint16(bytes, 2, words);
      readAll(reader, bytes, bytes.length);
    });
    fc.assert(property, { seed: 10, numRuns: 10000 });
  },
});
