import assert from "node:assert/strict";
import { buildRtp, runOf } from "../../tests/harness/rtp_builder.ts";
import type { ArrivalLog } from "../stream/arrival_log.ts";
import { TRANSPORT_WIDE_URI } from "./header_extensions.ts";
import { UpstreamFeedback } from "./upstream_feedback.ts";

/** What is told, and of which SSRC. */
function setUp() {
  const told: { readonly mediaSsrc: number; readonly nowMs: number }[] = [];
  const out = new Uint8Array(1200);
  const feedback = new UpstreamFeedback({
    sendTransportFeedback(arrivals: ArrivalLog, mediaSsrc: number, nowMs: number) {
      while (arrivals.isUnreported) arrivals.writeReport(out, 0, 1, mediaSsrc, nowMs);
      told.push({ mediaSsrc, nowMs });
    },
  });
  return { feedback, told };
}

function numbered(id: number, number: number, ssrc: number): Uint8Array {
  return buildRtp({ ssrc, extensions: new Map([[id, Uint8Array.of(number >> 8, number)]]) });
}

Deno.test({
  name: "B287: feedback names the SSRC of the newest packet that has a number",
  permissions: "none",
  fn() {
    const { feedback, told } = setUp();
    feedback.handleExtensions([{ uri: TRANSPORT_WIDE_URI, id: 3 }]);
    assert.equal(feedback.nextTimeout(), Infinity);
    feedback.handleRtp(runOf(numbered(3, 1, 0x8000_0001), numbered(3, 2, 0xf000_0002), buildRtp({ ssrc: 7 })), 10);
    assert.ok(feedback.nextTimeout() <= 10);
    feedback.handleTimeout(10);
    feedback.handleTimeout(200);
    assert.deepEqual(told, [{ mediaSsrc: 0xf000_0002, nowMs: 10 }]);
  },
});

Deno.test({
  name: "B287: where no m-line has numbers nothing is told, and one without them takes none away",
  permissions: "none",
  fn() {
    const { feedback, told } = setUp();
    feedback.handleExtensions([]);
    feedback.handleRtp(runOf(numbered(3, 1, 9)), 10);
    feedback.handleTimeout(500);
    assert.deepEqual([feedback.nextTimeout(), told], [Infinity, []]);
    feedback.handleExtensions([{ uri: TRANSPORT_WIDE_URI, id: 3 }]);
    feedback.handleExtensions([]);
    feedback.handleRtp(runOf(numbered(3, 1, 9)), 600);
    feedback.handleTimeout(600);
    assert.equal(told.length, 1);
  },
});
