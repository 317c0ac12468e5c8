import assert from "node:assert/strict";
import { addPeer, audioProducer, consumerParameters, OPUS, videoProducer, VP8 } from "../../tests/harness/engine.ts";
import { nackBytes } from "../../tests/harness/nack_feedback.ts";
import { buildRtp, runOf, VP8_DELTA_FRAME, VP8_KEY_FRAME } from "../../tests/harness/rtp_builder.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import { writeFir } from "../rtp/rtcp/fir.ts";
import { writePli } from "../rtp/rtcp/pli.ts";
import { ReportBlock, writeReceiverReport } from "../rtp/rtcp/receiver_report.ts";
import { REPORT_INTERVAL_MS } from "./rtcp_responder.ts";
import { Router } from "./router.ts";
import { newMediaCounters, type TrackCounters } from "./track_counters.ts";

const WITH_RTX = consumerParameters({ codec: { ...VP8, payloadType: 120, rtxPayloadType: 121 } });
const WITH_NACK = videoProducer({
  codec: { ...VP8, nack: true, rtxPayloadType: 97 },
  fidGroups: [{ ssrc: 1000, rtxSsrc: 1001 }],
});

/** A publisher of a VP8 track of SSRC 1000 that has begun, two subscribers that take RTX, and what it came to. */
function videoCall(parameters = videoProducer()) {
  const [router, random] = [new Router(), seededRandom(1)];
  const publisher = addPeer(router, random);
  const { id, counters } = publisher.publish(parameters);
  const subscribers = [addPeer(router, random), addPeer(router, random)].map((subscriber) => {
    const consumer = subscriber.subscribe(id, WITH_RTX);
    assert.ok(consumer);
    return { ...subscriber, consumer };
  });
  const send = (sequenceNumber: number, nowMs = 0, payload = VP8_DELTA_FRAME) =>
    publisher.peer.handleRtp(runOf(buildRtp({ ssrc: 1000, sequenceNumber, payload })), nowMs);
  send(1, 0, VP8_KEY_FRAME);
  return { router, publisher, subscribers, counters, send };
}

/** What of the counters is not 0. */
function counted(counters: TrackCounters): Partial<TrackCounters> {
  return Object.fromEntries(Object.entries(counters).filter(([, count]) => count !== 0));
}

/** A receiver report of a subscriber that has lost so much of the stream. */
function reportLost({ peer, consumer }: ReturnType<typeof videoCall>["subscribers"][number], cumulativeLost: number) {
  const bytes = new Uint8Array(32);
  const block = Object.assign(new ReportBlock(), { ssrc: consumer.ssrc, cumulativeLost });
  peer.handleRtcp(bytes, writeReceiverReport(bytes, 0, 9, [block], 0, 1), 0);
}

Deno.test({
  name: "B259: packets and bytes of payload are counted by kind, those sent once for each subscriber",
  permissions: "none",
  fn() {
    const { publisher, counters, send } = videoCall();
    send(2);
    const video = { packetsReceived: 2, packetsSent: 4 };
    const bytes = VP8_KEY_FRAME.length + VP8_DELTA_FRAME.length;
    assert.deepEqual(counted(counters), { ...video, bytesReceived: bytes, bytesSent: 2 * bytes });
    const audio = publisher.publish(audioProducer());
    assert.deepEqual(counted(audio.counters), {});
    publisher.peer.handleRtp(
      runOf(buildRtp({ ssrc: 2000, payloadType: OPUS.payloadType, sequenceNumber: 1, payload: new Uint8Array(50) })),
      0,
    );
    assert.deepEqual(counted(audio.counters), { packetsReceived: 1, bytesReceived: 50 });
    assert.equal(counters.packetsReceived, 2);
  },
});

Deno.test({
  name: "B256: what a track has counted stays when it ends, and tracks of one kind count together",
  permissions: "none",
  fn() {
    const { publisher, subscribers, counters, send } = videoCall();
    const before = counted(counters);
    for (const { peer } of subscribers) peer.close();
    publisher.peer.close();
    assert.deepEqual(counted(counters), before);
    const next = publisher.publish(videoProducer());
    assert.equal(next.counters, counters);
    send(7, 0, VP8_KEY_FRAME);
    assert.equal(counters.packetsReceived, 2);
  },
});

Deno.test({
  name: "packets that a subscriber's transport cannot take are counted, and not as sent",
  permissions: "none",
  fn() {
    const { subscribers: [{ sender }], counters, send } = videoCall();
    sender.open = false;
    send(2);
    assert.deepEqual([counters.packetsSent, counters.packetsDropped], [3, 1]);
  },
});

Deno.test({
  name: "B259: loss upstream is what was missing when a report was due; what comes late takes none of it back",
  permissions: "none",
  fn() {
    const { publisher: { peer }, counters, send } = videoCall();
    for (const sequenceNumber of [2, 5, 6]) send(sequenceNumber);
    peer.handleTimeout(0);
    assert.equal(counters.lostUpstream, 2);
    send(3);
    send(7);
    peer.handleTimeout(REPORT_INTERVAL_MS);
    assert.equal(counters.lostUpstream, 2);
    send(9);
    peer.handleTimeout(2 * REPORT_INTERVAL_MS);
    assert.equal(counters.lostUpstream, 3);
  },
});

Deno.test({
  name: "B259: loss downstream is what subscribers report, each once, and never more than they were sent",
  permissions: "none",
  fn() {
    const { subscribers: [one, two], counters, send } = videoCall();
    for (let sequenceNumber = 2; sequenceNumber <= 10; sequenceNumber++) send(sequenceNumber);
    reportLost(one, 3);
    reportLost(one, 3);
    assert.equal(counters.lostDownstream, 3);
    reportLost(two, 1);
    assert.equal(counters.lostDownstream, 4);
    for (const lost of [-1, 2, 4]) reportLost(one, lost);
    assert.equal(counters.lostDownstream, 5, "duplicates lower a report, not the sum");
    reportLost(two, 0x7fffff);
    assert.equal(counters.lostDownstream, 4 + 10, "of ten packets that it was sent");
    reportLost({ ...two, consumer: { ...two.consumer, ssrc: 1 } as typeof two.consumer }, 5);
    assert.equal(counters.lostDownstream, 14, "an unknown stream counts for nothing");
  },
});

Deno.test({
  name: "B259: NACK and RTX are counted both ways, of RTX upstream what had not come before",
  permissions: "none",
  fn() {
    const { publisher: { peer }, subscribers: [one], counters, send } = videoCall(WITH_NACK);
    for (const sequenceNumber of [2, 4, 5]) send(sequenceNumber);
    assert.equal(counters.nacksUpstream, 1);
    const rtx = buildRtp({
      ssrc: 1001,
      payloadType: 97,
      sequenceNumber: 1,
      payload: Uint8Array.of(0, 3, ...VP8_DELTA_FRAME),
    });
    for (let i = 0; i < 2; i++) peer.handleRtp(runOf(rtx.slice()), 0);
    assert.deepEqual([counters.recoveredUpstream, counters.packetsReceived], [1, 4]);
    assert.deepEqual([counters.packetsSent, counters.resentDownstream, counters.nacksDownstream], [10, 0, 0]);
    const nack = nackBytes(9, one.consumer.ssrc, [one.consumer.stream.rewriter.sequenceNumber & 0xffff]);
    one.peer.handleRtcp(nack, nack.length, 5);
    assert.deepEqual([counters.packetsSent, counters.resentDownstream, counters.nacksDownstream], [10, 1, 1]);
    const strange = nackBytes(9, 1, [1]);
    one.peer.handleRtcp(strange, strange.length, 5);
    assert.equal(counters.nacksDownstream, 1);
  },
});

Deno.test({
  name: "B259: PLI and FIR are counted apart, and both ways: many of subscribers are one to the publisher",
  permissions: "none",
  fn() {
    const { subscribers, counters } = videoCall();
    const bytes = new Uint8Array(64);
    for (const { peer, consumer: { ssrc } } of subscribers) {
      peer.handleRtcp(bytes, writePli(bytes, 0, 9, ssrc), 1000);
      peer.handleRtcp(bytes, writeFir(bytes, 0, 9, ssrc, 1), 1001);
    }
    const { plisUpstream, plisDownstream, firsUpstream, firsDownstream } = counters;
    assert.deepEqual({ plisUpstream, plisDownstream, firsUpstream, firsDownstream }, {
      plisUpstream: 1,
      plisDownstream: 2,
      firsUpstream: 0,
      firsDownstream: 2,
    });
    const { keyFrameRequest: _, ...codec } = VP8;
    const fir = videoCall(videoProducer({ codec: { ...codec, keyFrameRequest: "fir" } }));
    fir.subscribers[0].consumer.requestKeyFrame(1000);
    assert.deepEqual([fir.counters.firsUpstream, fir.counters.plisUpstream], [1, 0]);
  },
});

Deno.test({
  name: "counters begin at 0, those of each kind apart",
  permissions: "none",
  fn() {
    const { audio, video } = newMediaCounters();
    audio.packetsSent++;
    assert.deepEqual([counted(audio), counted(video)], [{ packetsSent: 1 }, {}]);
  },
});
