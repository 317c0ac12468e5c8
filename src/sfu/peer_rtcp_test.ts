import assert from "node:assert/strict";
import {
  addPeer,
  audioProducer,
  consumerParameters,
  OPUS,
  type TestPeer,
  videoProducer,
  VP8,
} from "../../tests/harness/engine.ts";
import { nackBytes } from "../../tests/harness/nack_feedback.ts";
import { buildRtp, parseRtp, runOf, VP8_DELTA_FRAME, VP8_KEY_FRAME } from "../../tests/harness/rtp_builder.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import { writeUint16 } from "../rtp/bytes.ts";
import { byeSource, byeSourceCount, writeBye } from "../rtp/rtcp/bye.ts";
import { writeNack } from "../rtp/rtcp/nack.ts";
import { ReportBlock, writeReceiverReport } from "../rtp/rtcp/receiver_report.ts";
import { RtcpReader } from "../rtp/rtcp/rtcp_reader.ts";
import { SenderReport, writeSenderReport } from "../rtp/rtcp/sender_report.ts";
import type { Consumer } from "./consumer.ts";
import { Router } from "./router.ts";
import { MAX_ASKED } from "./rtcp_responder.ts";

const WITH_RTX = consumerParameters({ codec: { ...VP8, payloadType: 120, rtxPayloadType: 121 } });
const NTP_SECONDS = 3_900_000_000;

/** A publisher with a VP8 track of SSRC 1000 that has begun, and a subscriber of it that takes RTX. */
function videoCall(seed: number) {
  const router = new Router();
  const random = seededRandom(seed);
  const [publisher, subscriber] = [addPeer(router, random), addPeer(router, random)];
  const track = publisher.publish(videoProducer());
  const consumer = subscriber.subscribe(track.id, WITH_RTX);
  assert.ok(consumer);
  publisher.peer.handleRtp(runOf(video(1, VP8_KEY_FRAME)), 0);
  return { router, random, publisher, subscriber, consumer, track };
}

function video(sequenceNumber: number, payload: Uint8Array): Uint8Array {
  return buildRtp({ ssrc: 1000, sequenceNumber, timestamp: sequenceNumber * 3000, payload });
}

/** A sender report of SSRC 1000, with a report block as browsers put in, that goes on at `nowMs`. */
function sendReport({ peer }: TestPeer, ntpSeconds: number, nowMs: number): void {
  const bytes = new Uint8Array(52);
  writeSenderReport(bytes, 0, 1000, ntpSeconds, 0, 3000, 1, 9);
  bytes[0] |= 1;
  writeUint16(bytes, 2, 12);
  new ReportBlock().write(bytes, 28);
  peer.handleRtcp(bytes, bytes.length, nowMs - 100);
  peer.handleTimeout(nowMs);
}

/** A receiver report on the consumer's stream: LSR as seconds of the NTP time, DLSR in milliseconds. */
function answerReport(
  { peer }: TestPeer,
  { ssrc }: Consumer,
  ntpSeconds: number,
  delayMs: number,
  nowMs: number,
): void {
  const block = Object.assign(new ReportBlock(), {
    ssrc,
    lastSenderReport: (ntpSeconds << 16) >>> 0,
    delaySinceLastSenderReport: Math.round(delayMs * 65.536),
  });
  const bytes = new Uint8Array(32);
  peer.handleRtcp(bytes, writeReceiverReport(bytes, 0, 9, [block], 0, 1), nowMs);
}

/** The SSRCs that each compound packet says BYE of. */
function byes(compounds: readonly Uint8Array[]): number[][] {
  const reader = new RtcpReader();
  return compounds.map((compound) => {
    const ssrcs: number[] = [];
    reader.reset(compound, compound.length);
    while (reader.next()) for (let i = 0; i < byeSourceCount(reader); i++) ssrcs.push(byeSource(reader, i));
    return ssrcs;
  });
}

Deno.test({
  name: "B54: the report blocks of a publisher's sender report are left out when it is forwarded",
  permissions: "none",
  fn() {
    const { publisher, subscriber, consumer } = videoCall(1);
    sendReport(publisher, NTP_SECONDS, 10);
    const [forwarded] = subscriber.sender.takeRtcp();
    const reader = new RtcpReader();
    const report = new SenderReport();
    reader.reset(forwarded, forwarded.length);
    assert.ok(reader.next() && report.read(reader));
    assert.deepEqual([report.ssrc, reader.count, reader.length], [consumer.ssrc, 0, 28]);
  },
});

Deno.test({
  name: "B111: a subscriber's report on a sender report gives the round trip, though the publisher's clock is in it",
  permissions: "none",
  fn() {
    const { publisher, subscriber, consumer } = videoCall(2);
    assert.equal(subscriber.peer.roundTripMs, undefined);
    sendReport(publisher, NTP_SECONDS, 1000);
    answerReport(subscriber, consumer, NTP_SECONDS, 500, 1580);
    assert.ok(Math.abs((subscriber.peer.roundTripMs ?? 0) - 80) < 0.1, `${subscriber.peer.roundTripMs} ms`);
    assert.equal(publisher.peer.roundTripMs, undefined);
  },
});

Deno.test({
  name: "B111: a report on what was never sent, or on another's stream, gives no round trip",
  permissions: "none",
  fn() {
    const { publisher, subscriber, consumer } = videoCall(3);
    sendReport(publisher, NTP_SECONDS, 1000);
    answerReport(subscriber, consumer, NTP_SECONDS + 1, 0, 1100);
    answerReport(subscriber, consumer, 0, 0, 1100);
    answerReport(subscriber, consumer, NTP_SECONDS, 200, 1100);
    answerReport(publisher, consumer, NTP_SECONDS, 0, 1100);
    assert.deepEqual([subscriber.peer.roundTripMs, publisher.peer.roundTripMs], [undefined, undefined]);
  },
});

Deno.test({
  name: "B108, B112: once the round trip is known a packet is not sent again within it",
  permissions: "none",
  fn() {
    const { publisher, subscriber, consumer } = videoCall(4);
    publisher.peer.handleRtp(runOf(video(2, VP8_DELTA_FRAME)), 10);
    const { sequenceNumber } = parseRtp(subscriber.sender.takeRtp()[1]);
    sendReport(publisher, NTP_SECONDS, 100);
    answerReport(subscriber, consumer, NTP_SECONDS, 0, 200);
    const feedback = new Uint8Array(16);
    const resentAt = (nowMs: number) => {
      const length = writeNack(feedback, 0, 9, consumer.ssrc, Uint16Array.of(sequenceNumber), 1);
      subscriber.peer.handleRtcp(feedback, length, nowMs);
      return subscriber.sender.takeRtp().length;
    };
    assert.deepEqual([300, 320, 399, 400].map(resentAt), [1, 0, 0, 1]);
  },
});

Deno.test({
  name: "B114: a consumer that ends says BYE of its SSRC and that of its RTX, before its encryption is forgotten",
  permissions: "none",
  fn() {
    const { router, publisher, subscriber, consumer, track } = videoCall(5);
    const order: string[] = [];
    const { sender } = subscriber;
    sender.sendRtcp = (bytes, length) => order.push(`BYE ${byes([bytes.slice(0, length)])}`);
    sender.removeStream = (ssrc) => order.push(`removed ${ssrc}`);
    const told = [
      `BYE ${consumer.ssrc},${consumer.rtxSsrc}`,
      `removed ${consumer.ssrc}`,
      `removed ${consumer.rtxSsrc}`,
    ];
    subscriber.peer.unsubscribe("5");
    subscriber.peer.unsubscribe("5");
    assert.deepEqual(order.splice(0), told);

    const next = subscriber.subscribe(track.id, consumerParameters());
    assert.ok(next);
    publisher.peer.handleRtp(runOf(video(2, VP8_KEY_FRAME)), 20);
    publisher.peer.unpublish("0");
    assert.deepEqual(order.splice(0), [`BYE ${next.ssrc}`, `removed ${next.ssrc}`], "the track is over");
    assert.equal(router.producers.size, 0);
  },
});

Deno.test({
  name: "B114: a consumer that never sent anything ends without BYE",
  permissions: "none",
  fn() {
    const { publisher, subscriber } = videoCall(6);
    const track = publisher.publish(audioProducer());
    subscriber.subscribe(track.id, consumerParameters({ mid: "6", codec: OPUS }));
    subscriber.peer.unsubscribe("6");
    assert.deepEqual(subscriber.sender.takeRtcp(), []);
  },
});

Deno.test({
  name: "B115: a peer that leaves is told BYE of all that it was sent in one compound packet, the others of its tracks",
  permissions: "none",
  fn() {
    const { router, random, publisher, subscriber, consumer } = videoCall(7);
    const third = addPeer(router, random);
    const [track] = router.producers.keys();
    const own = subscriber.publish(videoProducer({ ssrcs: [3000] }));
    const others = [third, publisher].map((peer) => peer.subscribe(own.id, WITH_RTX));
    const screen = publisher.publish(videoProducer({ mid: "1", ssrcs: [1000 + 1] }));
    const second = subscriber.subscribe(screen.id, { ...WITH_RTX, mid: "6" });
    third.subscribe(track, { ...WITH_RTX, mid: "6" });
    publisher.peer.handleRtp(runOf(buildRtp({ ssrc: 1001, sequenceNumber: 1, payload: VP8_KEY_FRAME })), 0);
    subscriber.peer.handleRtp(runOf(buildRtp({ ssrc: 3000, sequenceNumber: 1, payload: VP8_KEY_FRAME })), 0);
    for (const { sender } of [publisher, subscriber, third]) sender.takeRtcp();

    subscriber.peer.close();
    const [said, ...more] = byes(subscriber.sender.takeRtcp());
    assert.deepEqual(more, []);
    assert.deepEqual(said.slice(0, 4), [consumer.ssrc, consumer.rtxSsrc, second?.ssrc, second?.rtxSsrc]);
    assert.equal(said.length, 5, "and of our feedback");
    assert.deepEqual(byes(third.sender.takeRtcp()), [[others[0]?.ssrc, others[0]?.rtxSsrc]]);
    assert.deepEqual(byes(publisher.sender.takeRtcp()), [[others[1]?.ssrc, others[1]?.rtxSsrc]]);
  },
});

Deno.test({
  name: "B116: after a publisher's BYE its stream is not reported until it sends again; its subscribers stay",
  permissions: "none",
  fn() {
    const { publisher, subscriber, track } = videoCall(8);
    const bye = new Uint8Array(8);
    publisher.peer.handleRtcp(bye, writeBye(bye, 0, [1000], 0, 1), 100);
    publisher.peer.handleTimeout(1000);
    assert.deepEqual(publisher.sender.takeRtcp(), []);
    assert.equal(track.consumers.length, 1);
    subscriber.sender.takeRtp();
    publisher.peer.handleRtp(runOf(video(2, VP8_KEY_FRAME)), 1500);
    assert.equal(subscriber.sender.takeRtp().length, 1);
    publisher.peer.handleTimeout(2000);
    const [compound] = publisher.sender.takeRtcp();
    const reader = new RtcpReader();
    const block = new ReportBlock();
    reader.reset(compound, compound.length);
    assert.ok(reader.next() && block.read(reader, 0));
    assert.deepEqual([block.ssrc, block.extendedSequenceNumber], [1000, 2]);
  },
});

Deno.test({
  name: "B216: of what one compound packet asks for 1024 packets are looked at",
  permissions: "none",
  fn() {
    for (const [asked, resent] of [[MAX_ASKED - 1, 1], [MAX_ASKED, 0], [4 * MAX_ASKED, 0]]) {
      const { subscriber, consumer } = videoCall(7);
      const [sent] = subscriber.sender.takeRtp().map(parseRtp);
      // Nobody has sent these; they are looked for all the same.
      const unknown = Array.from({ length: asked }, (_, i) => (sent.sequenceNumber + 100 + i) & 0xffff);
      const compound = Uint8Array.of(
        ...nackBytes(9, consumer.ssrc, unknown.slice(0, 500)),
        ...nackBytes(9, consumer.ssrc, unknown.slice(500)),
        ...nackBytes(9, consumer.ssrc, [sent.sequenceNumber]),
      );
      subscriber.peer.handleRtcp(compound, compound.length, 20);
      assert.equal(subscriber.sender.takeRtp().length, resent, `after ${asked}`);
    }
  },
});
