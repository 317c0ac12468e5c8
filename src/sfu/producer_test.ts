import assert from "node:assert/strict";
import { audioProducer, videoProducer } from "../../tests/harness/engine.ts";
import { buildRtp, runOf, VP8_DELTA_FRAME, VP8_KEY_FRAME } from "../../tests/harness/rtp_builder.ts";
import { SenderReport } from "../rtp/rtcp/sender_report.ts";
import { Producer, type RtpConsumer } from "./producer.ts";
import type { ProducerParameters } from "./types.ts";

/** A producer with a consumer that writes down what it gets. */
function setUp(parameters: ProducerParameters = videoProducer()) {
  const requests: number[] = [];
  const got: string[] = [];
  const producer = new Producer("track", "peer", parameters, (mediaSsrc) => requests.push(mediaSsrc));
  const consumerOf = (name: string): RtpConsumer => ({
    handleRtp: (_run, from, to) => got.push(`${name} ${from}-${to}`),
    sendSenderReport: (report) => got.push(`${name} report ${report.ssrc}`),
  });
  const [one, two] = [consumerOf("one"), consumerOf("two")];
  producer.addConsumer(one);
  producer.addConsumer(two);
  return { producer, one, two, got, requests };
}

const KEY_FRAME = buildRtp({ ssrc: 1000, sequenceNumber: 1, payload: VP8_KEY_FRAME });
const DELTA_FRAME = buildRtp({ ssrc: 1000, sequenceNumber: 2, payload: VP8_DELTA_FRAME });

Deno.test({
  name: "a run goes whole to one consumer before the next",
  permissions: "none",
  fn() {
    const { producer, one, got } = setUp();
    producer.handleRtp(runOf(KEY_FRAME, DELTA_FRAME, DELTA_FRAME), 0, 2, 0);
    assert.deepEqual(got, ["one 0-2", "two 0-2"]);
    producer.removeConsumer(one);
    producer.removeConsumer(one);
    producer.handleRtp(runOf(KEY_FRAME), 0, 1, 0);
    assert.deepEqual(got.slice(2), ["two 0-1"]);
  },
});

Deno.test({
  name: "B52: a new SSRC takes over, and late packets of the one before are refused",
  permissions: "none",
  fn() {
    const { producer, got } = setUp();
    producer.handleRtp(runOf(KEY_FRAME), 0, 1, 0);
    producer.handleRtp(runOf(buildRtp({ ssrc: 2000, payload: VP8_KEY_FRAME })), 0, 1, 0);
    assert.equal(producer.ssrc, 2000);
    got.length = 0;
    producer.handleRtp(runOf(DELTA_FRAME), 0, 1, 0);
    assert.deepEqual(got, []);
    assert.equal(producer.ssrc, 2000);
  },
});

Deno.test({
  name: "B52: SSRCs that were current before never come back, so that several at once do not flap",
  permissions: "none",
  fn() {
    const { producer, got } = setUp();
    for (const ssrc of [1, 2, 3]) producer.handleRtp(runOf(buildRtp({ ssrc, payload: VP8_KEY_FRAME })), 0, 1, 0);
    got.length = 0;
    for (const ssrc of [1, 2, 1]) producer.handleRtp(runOf(buildRtp({ ssrc, payload: VP8_KEY_FRAME })), 0, 1, 0);
    assert.deepEqual(got, []);
    assert.equal(producer.ssrc, 3);
  },
});

Deno.test({
  name: "B56: a request is repeated until the key frame comes, or until nobody receives the track",
  permissions: "none",
  fn() {
    const { producer, one, two, requests } = setUp();
    producer.requestKeyFrame(0);
    assert.deepEqual(requests, [], "nothing is known of the stream yet");
    producer.handleRtp(runOf(DELTA_FRAME), 0, 1, 0);
    producer.requestKeyFrame(0);
    producer.handleTimeout(500);
    assert.deepEqual(requests, [1000, 1000]);
    producer.removeConsumer(one);
    producer.removeConsumer(two);
    assert.equal(producer.nextTimeout(), Infinity);
    producer.handleTimeout(1000);
    assert.equal(requests.length, 2);
  },
});

Deno.test({
  name: "audio has no key frames to ask for",
  permissions: "none",
  fn() {
    const { producer, requests } = setUp(audioProducer());
    producer.handleRtp(runOf(buildRtp({ ssrc: 2000 })), 0, 1, 0);
    producer.requestKeyFrame(0);
    assert.deepEqual(requests, []);
  },
});

Deno.test({
  name: "B54: the report of the present SSRC goes to every consumer, that of another to none",
  permissions: "none",
  fn() {
    const { producer, got } = setUp();
    producer.handleRtp(runOf(KEY_FRAME), 0, 1, 0);
    got.length = 0;
    const report = new SenderReport();
    report.ssrc = 7;
    producer.handleSenderReport(report, 0);
    assert.deepEqual(got, []);
    report.ssrc = 1000;
    producer.handleSenderReport(report, 0);
    assert.deepEqual(got, ["one report 1000", "two report 1000"]);
  },
});
