import assert from "node:assert/strict";
import { classify } from "./classify.ts";

/** RFC 7983 section 7, written as a table of its own. */
function expectedKind(first: number, second: number): string {
  if (first < 4) return "stun";
  if (first >= 20 && first < 64) return "dtls";
  if (first >> 6 !== 2) return "unknown";
  // RFC 5761 section 4: with the marker bit masked, RTCP packet types are 64-95.
  return (second & 0x7f) >= 64 && (second & 0x7f) < 96 && second >= 128 ? "rtcp" : "rtp";
}

Deno.test({
  name: "B10: every pair of first bytes names its protocol",
  permissions: "none",
  fn() {
    for (let first = 0; first < 256; first++) {
      for (let second = 0; second < 256; second++) {
        assert.equal(classify(Uint8Array.of(first, second), 2), expectedKind(first, second), `${first} ${second}`);
      }
    }
  },
});

Deno.test({
  name: "B10: a datagram of fewer than two bytes is unknown, whatever the buffer still holds",
  permissions: "none",
  fn() {
    assert.equal(classify(Uint8Array.of(), 0), "unknown");
    assert.equal(classify(Uint8Array.of(0x80, 0xc8), 1), "unknown");
  },
});
