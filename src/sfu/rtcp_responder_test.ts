import assert from "node:assert/strict";
import fc from "fast-check";
import { pictureLossIndications, videoProducer } from "../../tests/harness/engine.ts";
import { RecordingSender } from "../../tests/harness/recording_sender.ts";
import { buildRtp, runOf } from "../../tests/harness/rtp_builder.ts";
import { byeSource, byeSourceCount } from "../rtp/rtcp/bye.ts";
import {
  dlrrCount,
  dlrrDelay,
  dlrrLastReferenceTime,
  dlrrSsrc,
  ExtendedReportReader,
  receiverReferenceTime,
  writeDlrr,
  writeReceiverReferenceTime,
} from "../rtp/rtcp/extended_report.ts";
import { firEntryCount, firMediaSsrc, firSequenceNumber } from "../rtp/rtcp/fir.ts";
import { EXTENDED_REPORT, RECEIVER_REPORT, SOURCE_DESCRIPTION } from "../rtp/rtcp/packet_types.ts";
import { ReportBlock, writeReceiverReport } from "../rtp/rtcp/receiver_report.ts";
import { RtcpReader } from "../rtp/rtcp/rtcp_reader.ts";
import type { Consumer } from "./consumer.ts";
import { Demux } from "./demux.ts";
import type { FeedbackSender } from "./encoding.ts";
import { Producer } from "./producer.ts";
import { RtcpResponder } from "./rtcp_responder.ts";

const NO_FEEDBACK: FeedbackSender = {
  sendPictureLossIndication: () => {},
  sendFullIntraRequest: () => {},
  sendNack: () => {},
};

function setUp() {
  const sender = new RecordingSender();
  const demux = new Demux();
  const responder = new RtcpResponder(demux, new Map<number, Consumer>(), sender, 5, "peer");
  return { sender, demux, responder };
}

/** The DLRR blocks of compound packets: the SSRC that is answered, its reference time and the delay. */
function dlrrs(compounds: readonly Uint8Array[]): number[][] {
  const reader = new RtcpReader();
  const block = new ExtendedReportReader();
  const found: number[][] = [];
  for (const compound of compounds) {
    reader.reset(compound, compound.length);
    while (reader.next()) {
      block.reset(reader);
      while (block.next()) {
        for (let i = 0; i < dlrrCount(block); i++) {
          found.push([dlrrSsrc(block, i), dlrrLastReferenceTime(block, i), dlrrDelay(block, i)]);
        }
      }
    }
  }
  return found;
}

/** The SSRCs that BYE packets name, packet by packet. */
function byes(compound: Uint8Array): number[][] {
  const reader = new RtcpReader();
  const found: number[][] = [];
  reader.reset(compound, compound.length);
  while (reader.next()) {
    const count = byeSourceCount(reader);
    if (count > 0) found.push(Array.from({ length: count }, (_, i) => byeSource(reader, i)));
  }
  return found;
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
    const producer = new Producer({
      id: `${index}`,
      peerId: "peer",
      parameters: videoProducer(),
      feedback: NO_FEEDBACK,
    });
    producer.encodings[0].handleRtp(runOf(buildRtp({ ssrc: 1000 + index, sequenceNumber: 1 })), 0, 1, 0);
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
    const silent = new Producer({ id: "silent", peerId: "peer", parameters: videoProducer(), feedback: NO_FEEDBACK });
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
  name: "B61: what was lost is told in 256ths of what was expected, and a wrap as 1<<16",
  permissions: "none",
  fn() {
    const { responder, sender } = setUp();
    const producer = new Producer({ id: "0", peerId: "peer", parameters: videoProducer(), feedback: NO_FEEDBACK });
    const packets = [65534, 65535, 1].map((sequenceNumber) => buildRtp({ ssrc: 1000, sequenceNumber }));
    producer.encodings[0].handleRtp(runOf(...packets), 0, 3, 0);
    responder.handleTimeout([producer], 0);
    const reader = new RtcpReader();
    const block = new ReportBlock();
    const [compound] = sender.takeRtcp();
    reader.reset(compound, compound.length);
    assert.ok(reader.next() && block.read(reader, 0));
    assert.equal(block.fractionLost, 256 / 4);
    assert.equal(block.extendedSequenceNumber, (1 << 16) + 1);
  },
});

Deno.test({
  name: "B111: receiver reports carry our time, whose DLRR gives the round trip to a peer that only publishes",
  permissions: "none",
  fn() {
    const { responder, sender } = setUp();
    responder.handleTimeout(producersWithPackets(33), 70_000);
    const compounds = sender.takeRtcp();
    assert.deepEqual(compounds.map((compound) => packetsOf(compound).slice(2)), [[`${EXTENDED_REPORT} 0`], []]);
    assert.equal(responder.roundTripMs, undefined);
    const reader = new RtcpReader();
    const block = new ExtendedReportReader();
    reader.reset(compounds[0], compounds[0].length);
    while (reader.next()) block.reset(reader);
    assert.ok(block.next());
    const time = receiverReferenceTime(block);
    assert.equal(time, (70 * 65536) >>> 0);

    const reply = new Uint8Array(24);
    const handle = (ssrc: number, lastReferenceTime: number, delay: number, nowMs: number) => {
      responder.handleRtcp(reply, writeDlrr(reply, 0, 9, ssrc, lastReferenceTime, delay), nowMs);
      return responder.roundTripMs;
    };
    assert.equal(handle(6, time, 0, 70_010), undefined, "to somebody else");
    assert.equal(handle(5, 0, 0, 70_010), undefined, "to none");
    assert.equal(handle(5, time, 65536, 70_010), undefined, "kept for longer than it was away");
    assert.equal(handle(5, time + 65536, 0, 70_010), undefined, "from the future");
    assert.equal(handle(5, time - 11 * 65536, 0, 70_010), undefined, "11 s");
    assert.equal(handle(5, time, 65536 / 2, 70_750), 250);
    assert.deepEqual(sender.takeRtcp(), [], "DLRR needs no answer");
  },
});

Deno.test({
  name:
    "B113: DLRR answers RRTR within 15 s: at once, with the time it told and no delay, once for each compound packet",
  permissions: "none",
  fn() {
    const { responder, sender } = setUp();
    const compound = new Uint8Array(100);
    let length = writeReceiverReport(compound, 0, 77, [], 0, 0);
    length += writeReceiverReferenceTime(compound, length, 77, 0xaabbccdd, 0x11223344);
    responder.handleRtcp(compound, length, 1000);
    const answers = sender.takeRtcp();
    assert.deepEqual(packetsOf(answers[0]), [
      `${RECEIVER_REPORT} 0`,
      `${SOURCE_DESCRIPTION} 1`,
      `${EXTENDED_REPORT} 0`,
    ]);
    assert.deepEqual(dlrrs(answers), [[77, 0xccdd1122, 0]]);

    length += writeReceiverReferenceTime(compound, length, 78, 0, 0x00020000);
    responder.handleRtcp(compound, length, 2000);
    assert.deepEqual(dlrrs(sender.takeRtcp()), [[78, 2, 0]], "the last one of them");
    responder.handleRtcp(compound, writeReceiverReport(compound, 0, 77, [], 0, 0), 3000);
    assert.deepEqual(sender.takeRtcp(), []);
  },
});

Deno.test({
  name: "B117: a full intra request goes out in a compound packet",
  permissions: "none",
  fn() {
    const { responder, sender } = setUp();
    responder.sendFullIntraRequest(1000, 255);
    const [compound] = sender.takeRtcp();
    const reader = new RtcpReader();
    reader.reset(compound, compound.length);
    assert.deepEqual(packetsOf(compound), [`${RECEIVER_REPORT} 0`, `${SOURCE_DESCRIPTION} 1`, "206 4"]);
    while (reader.next()) if (firEntryCount(reader) === 1) break;
    assert.deepEqual([firMediaSsrc(reader, 0), firSequenceNumber(reader, 0)], [1000, 255]);
  },
});

Deno.test({
  name:
    "B115: a peer that closes is told BYE of all streams and of our feedback, 31 in a packet, packets in one compound",
  permissions: "none",
  fn() {
    const { responder, sender } = setUp();
    const ssrcs = Array.from({ length: 70 }, (_, i) => 1000 + i);
    responder.close(ssrcs);
    const [compound, ...others] = sender.takeRtcp();
    assert.deepEqual(others, []);
    assert.deepEqual(packetsOf(compound).slice(0, 2), [`${RECEIVER_REPORT} 0`, `${SOURCE_DESCRIPTION} 1`]);
    const packets = byes(compound);
    assert.deepEqual(packets.map((sources) => sources.length), [31, 31, 9]);
    assert.deepEqual(packets.flat(), [...ssrcs, 5]);
  },
});

Deno.test({
  name: "B115: more BYE than a datagram holds goes out in several, each SSRC once",
  permissions: "none",
  fn() {
    const { responder, sender } = setUp();
    const ssrcs = Array.from({ length: 1000 }, (_, i) => 1000 + i);
    responder.sendBye(ssrcs);
    const compounds = sender.takeRtcp();
    for (const compound of compounds) assert.ok(compound.length <= 1200, `${compound.length} bytes`);
    assert.deepEqual(compounds.flatMap((compound) => byes(compound).flat()), ssrcs);
  },
});

Deno.test({
  name: "B115: who never said anything says no BYE (RFC 3550 section 6.3.7)",
  permissions: "none",
  fn() {
    const silent = setUp();
    silent.responder.close([]);
    silent.responder.sendBye([]);
    assert.deepEqual(silent.sender.takeRtcp(), []);
    const { responder, sender } = setUp();
    responder.sendPictureLossIndication(1000);
    sender.takeRtcp();
    responder.close([]);
    assert.deepEqual(sender.takeRtcp().flatMap(byes), [[5]]);
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
