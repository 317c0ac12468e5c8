import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { writePli } from "../../src/rtp/rtcp/pli.ts";
import { RtcpReader } from "../../src/rtp/rtcp/rtcp_reader.ts";
import { nackBytes, readNack } from "./nack_feedback.ts";

function read(bytes: Uint8Array) {
  const reader = new RtcpReader();
  reader.reset(bytes, bytes.length);
  strictEqual(reader.next(), true);
  return readNack(reader);
}

Deno.test({
  name: "a NACK has the bytes of RFC 4585: packet identifier, then a bit for each of the 16 that follow",
  permissions: "none",
  fn() {
    const bytes = nackBytes(0x01020304, 0x05060708, [0xfffe, 0xffff, 14, 15]);
    deepStrictEqual([...bytes], [
      ...[0x81, 205, 0, 4, 1, 2, 3, 4, 5, 6, 7, 8],
      ...[0xff, 0xfe, 0x80, 0x01],
      ...[0x00, 0x0f, 0x00, 0x00],
    ]);
  },
});

Deno.test({
  name: "what a NACK asks for is read as it was written, across a wrap",
  permissions: "none",
  fn() {
    for (
      const sequenceNumbers of [
        [7],
        [65530, 65535, 0, 3, 10],
        [1, 18, 35, 36],
        Array.from({ length: 100 }, (_, i) => i * 3),
      ]
    ) {
      deepStrictEqual(read(nackBytes(1, 4_000_000_000, sequenceNumbers)), {
        mediaSsrc: 4_000_000_000,
        sequenceNumbers,
      });
    }
  },
});

Deno.test({
  name: "other feedback is no NACK",
  permissions: "none",
  fn() {
    const bytes = new Uint8Array(12);
    writePli(bytes, 0, 1, 2);
    strictEqual(read(bytes), undefined);
  },
});
