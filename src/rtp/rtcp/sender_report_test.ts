import assert from "node:assert/strict";
import { RtcpReader } from "./rtcp_reader.ts";
import { SenderReport, writeSenderReport } from "./sender_report.ts";

Deno.test({
  name: "a sender report is written and read field by field as in RFC 3550 section 6.4.1",
  permissions: "none",
  fn() {
    const out = new Uint8Array(32);
    assert.equal(writeSenderReport(out, 4, 0x80000001, 0xe0000002, 0xf0000003, 0x90000004, 5, 0xffffffff), 28);
    assert.deepEqual(
      [...out.subarray(4, 24)],
      [0x80, 200, 0, 6, 0x80, 0, 0, 1, 0xe0, 0, 0, 2, 0xf0, 0, 0, 3, 0x90, 0, 0, 4],
    );
    const reader = new RtcpReader();
    reader.reset(out.subarray(4), 28);
    assert.equal(reader.next(), true);
    const report = new SenderReport();
    assert.equal(report.read(reader), true);
    assert.deepEqual({ ...report }, {
      ssrc: 0x80000001,
      ntpSeconds: 0xe0000002,
      ntpFraction: 0xf0000003,
      rtpTimestamp: 0x90000004,
      packetCount: 5,
      octetCount: 0xffffffff,
    });
  },
});

Deno.test({
  name: "a sender report that is too short, or another packet, is not read",
  permissions: "none",
  fn() {
    const reader = new RtcpReader();
    const report = new SenderReport();
    for (const bytes of [Uint8Array.of(0x80, 200, 0, 1, 1, 1, 1, 1), Uint8Array.of(0x80, 201, 0, 1, 1, 1, 1, 1)]) {
      reader.reset(bytes, bytes.length);
      assert.equal(reader.next(), true);
      assert.equal(report.read(reader), false);
      assert.equal(report.ssrc, 0);
    }
  },
});

Deno.test({
  name: "a sender report that does not fit is not written",
  permissions: "none",
  fn() {
    const out = new Uint8Array(27);
    assert.equal(writeSenderReport(out, 0, 1, 2, 3, 4, 5, 6), 0);
    assert.ok(out.every((byte) => byte === 0));
  },
});
