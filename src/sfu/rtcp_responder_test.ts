import assert from "node:assert/strict";
import fc from "fast-check";
import { pictureLossIndications, videoProducer } from "../../tests/harness/engine.ts";
import { RecordingSender } from "../../tests/harness/recording_sender.ts";
import { buildRtp, runOf } from "../../tests/harness/rtp_builder.ts";
import { RECEIVER_REPORT, SOURCE_DESCRIPTION } from "../rtp/rtcp/packet_types.ts";
import { RtcpReader } from "../rtp/rtcp/rtcp_reader.ts";
import type { Consumer } from "./consumer.ts";
import { Demux } from "./demux.ts";
import { type FeedbackSender, Producer } from "./producer.ts";
import { RtcpResponder } from "./rtcp_responder.ts";

const NO_FEEDBACK: FeedbackSender = { sendPictureLossIndication: () => {}, sendNack: () => {} };

function setUp() {
  const sender = new RecordingSender();
  const demux = new Demux();
  const responder = new RtcpResponder(demux, new Map<number, Consumer>(), sender, 5, "peer");
  return { sender, demux, responder };
}

/** Types and counts of the packets of a compound one. */
function packetsOf(compound: Uint8Array): string[] {
  const reader = new RtcpReader();
  const packets: string[] = [];
  reader.reset(compound, compound.length);
  while (reader.next()) packets.push(`${reader.packetType} ${reader.count}`);
  return packets;
}

function producersWithPackets(count: number): Producer[] {
  return Array.from({ length: count }, (_, index) => {
    const producer = new Producer(`${index}`, "peer", videoProducer(), NO_FEEDBACK);
    producer.handleRtp(runOf(buildRtp({ ssrc: 1000 + index, sequenceNumber: 1 })), 0, 1, 0);
    return producer;
  });
}

Deno.test({
  name: "every compound packet begins with a receiver report and a CNAME (RFC 3550 section 6.1)",
  permissions: "none",
  fn() {
    const { responder, sender } = setUp();
    responder.sendPictureLossIndication(1000);
    const [compound] = sender.takeRtcp();
    assert.deepEqual(packetsOf(compound), [`${RECEIVER_REPORT} 0`, `${SOURCE_DESCRIPTION} 1`, "206 1"]);
    assert.deepEqual(pictureLossIndications([compound]), [1000]);
  },
});

Deno.test({
  name: "B61: 33 streams are reported in two packets, and a stream without packets in none",
  permissions: "none",
  fn() {
    const { responder, sender } = setUp();
    const silent = new Producer("silent", "peer", videoProducer(), NO_FEEDBACK);
    responder.handleTimeout([...producersWithPackets(33), silent], 0);
    assert.deepEqual(sender.takeRtcp().map((compound) => packetsOf(compound)[0]), [
      `${RECEIVER_REPORT} 31`,
      `${RECEIVER_REPORT} 2`,
    ]);
    assert.equal(responder.nextReportMs, 1000);
    responder.handleTimeout([silent], 1000);
    assert.deepEqual(sender.takeRtcp(), []);
  },
});

Deno.test({
  name: "no bytes in place of RTCP make it throw",
  permissions: "none",
  fn() {
    const { responder } = setUp();
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), fc.integer({ min: 192, max: 223 }), (bytes, type) => {
      if (bytes.length > 1) bytes.set([0x80 | (bytes[0] & 0x3f), type]);
      responder.handleRtcp(bytes, bytes.length, 0);
    }));
  },
});
