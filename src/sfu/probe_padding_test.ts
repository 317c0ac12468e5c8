import assert from "node:assert/strict";
import { FIXED_HEADER_LENGTH, RtpPacket } from "../rtp/packet.ts";
import { MAX_PADDING, padding, paddingFor } from "./probe_padding.ts";

Deno.test({
  name: "B290: padding is as long as what is due has room for, from 1 to 255 bytes, and its last byte says so",
  permissions: "none",
  fn() {
    for (const [due, expected] of [[0, 1], [25, 1], [124, 100], [279, 255], [5000, MAX_PADDING]]) {
      const count = paddingFor(due);
      assert.equal(count, expected);
      const bytes = new Uint8Array(FIXED_HEADER_LENGTH + count);
      bytes.set(padding.bytes.subarray(0, FIXED_HEADER_LENGTH));
      bytes.set(padding.bytes.subarray(padding.length - count, padding.length), FIXED_HEADER_LENGTH);
      const packet = new RtpPacket();
      assert.ok(packet.parse(bytes, bytes.length));
      assert.deepEqual([packet.payloadLength, packet.paddingLength], [0, count]);
    }
  },
});
