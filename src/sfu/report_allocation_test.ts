import { assertAllocatesLess } from "../../tests/harness/heap_growth.ts";
import { RecordingSender } from "../../tests/harness/recording_sender.ts";
import { BandwidthEstimator } from "../congestion/bandwidth_estimator.ts";
import { TransportFeedbackWriter } from "../rtp/rtcp/transport_feedback_writer.ts";
import { Demux } from "./demux.ts";
import { RtcpResponder } from "./rtcp_responder.ts";

/** Until V8 has compiled all of it as it stays. */
const ROUNDS = 60;
const REPORTS = 2000;
/** Packets of a report, and bytes of each. */
const PACKETS = 21;
const PACKET_LENGTH = 1100;
/** As clocks have it: no whole number. */
const REPORT_MS = 100.1;
/** Of V8's heap: half of what one number with a fraction takes, for each packet. */
const MAX_BYTES = PACKETS * 16 / 2;

Deno.test({
  name: "B475: a subscriber's report is handled without an allocation for each packet of it",
  permissions: "none",
  fn() {
    const responder = new RtcpResponder(new Demux(), new Map(), new RecordingSender(), 5, "peer");
    const bandwidth = responder.bandwidth = new BandwidthEstimator({ nowMs: 0 });
    const { numbering } = bandwidth;
    const writer = new TransportFeedbackWriter();
    const report = new Uint8Array(200);
    let arrivalTicks = 0;
    const arrivals = { has: () => true, ticksOf: () => arrivalTicks };
    let sequenceNumber = 0;
    let count = 0;
    assertAllocatesLess(REPORTS * MAX_BYTES, ROUNDS, () => {
      for (let i = 0; i < REPORTS; i++) {
        const nowMs = REPORT_MS * ++count;
        for (let packet = 0; packet < PACKETS; packet++) numbering.handleSent(PACKET_LENGTH, nowMs - 40);
        arrivalTicks = Math.round((nowMs - 20) * 4);
        const length = writer.write(report, 0, 1, 1000, sequenceNumber, PACKETS, arrivals);
        sequenceNumber = (sequenceNumber + PACKETS) & 0xffff;
        responder.handleRtcp(report, length, nowMs);
      }
    });
  },
});
