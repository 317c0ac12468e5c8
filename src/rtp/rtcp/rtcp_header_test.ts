import assert from "node:assert/strict";
import { MAX_COUNT, writeRtcpHeader } from "./rtcp_header.ts";

Deno.test({
  name: "an RTCP header has version 2, the count, the type, the length in words less one, and the sender",
  permissions: "none",
  fn() {
    const out = new Uint8Array(12).fill(0xaa);
    writeRtcpHeader(out, 2, MAX_COUNT, 201, 32, 0xdeadbeef);
    assert.deepEqual([...out], [0xaa, 0xaa, 0x9f, 201, 0, 7, 0xde, 0xad, 0xbe, 0xef, 0xaa, 0xaa]);
  },
});
