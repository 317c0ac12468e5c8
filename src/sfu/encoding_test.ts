import assert from "node:assert/strict";
import { audioProducer, videoProducer, VP8 } from "../../tests/harness/engine.ts";
import { buildRtp, runOf, VP8_DELTA_FRAME, VP8_KEY_FRAME } from "../../tests/harness/rtp_builder.ts";
import { ReportBlock } from "../rtp/rtcp/receiver_report.ts";
import { SenderReport } from "../rtp/rtcp/sender_report.ts";
import type { RtpConsumer } from "./encoding.ts";
import { Producer } from "./producer.ts";
import type { ProducerParameters } from "./types.ts";

/** A producer with a consumer that writes down what it gets. */
function setUp(parameters: ProducerParameters = videoProducer()) {
  const requests: number[] = [];
  const got: string[] = [];
  const nacked: number[] = [];
  const firs: [ssrc: number, sequenceNumber: number][] = [];
  const producer = new Producer({
    id: "track",
    peerId: "peer",
    parameters,
    feedback: {
      sendPictureLossIndication: (mediaSsrc) => requests.push(mediaSsrc),
      sendFullIntraRequest: (mediaSsrc, number) => firs.push([mediaSsrc, number]),
      sendNack: (_mediaSsrc, numbers, count) => nacked.push(...numbers.subarray(0, count)),
    },
  });
  const consumerOf = (name: string): RtpConsumer => ({
    takesRed: false,
    continueAt: () => {},
    handleRtp: (_run, from, to) => got.push(`${name} ${from}-${to}`),
    sendSenderReport: (report) => got.push(`${name} report ${report.ssrc} ${report.ntpSeconds}`),
  });
  const [one, two] = [consumerOf("one"), consumerOf("two")];
  producer.encodings[0].addConsumer(one);
  producer.encodings[0].addConsumer(two);
  return { producer, one, two, got, requests, firs, nacked };
}

const KEY_FRAME = buildRtp({ ssrc: 1000, sequenceNumber: 1, payload: VP8_KEY_FRAME });
const DELTA_FRAME = buildRtp({ ssrc: 1000, sequenceNumber: 2, payload: VP8_DELTA_FRAME });

Deno.test({
  name: "a run goes whole to one consumer before the next",
  permissions: "none",
  fn() {
    const { producer, one, got } = setUp();
    producer.encodings[0].handleRtp(runOf(KEY_FRAME, DELTA_FRAME, DELTA_FRAME), 0, 2, 0);
    assert.deepEqual(got, ["one 0-2", "two 0-2"]);
    producer.encodings[0].removeConsumer(one);
    producer.encodings[0].removeConsumer(one);
    producer.encodings[0].handleRtp(runOf(KEY_FRAME), 0, 1, 0);
    assert.deepEqual(got.slice(2), ["two 0-1"]);
  },
});

Deno.test({
  name: "B52: a new SSRC takes over, and late packets of the one before are refused",
  permissions: "none",
  fn() {
    const { producer, got } = setUp();
    producer.encodings[0].handleRtp(runOf(KEY_FRAME), 0, 1, 0);
    producer.encodings[0].handleRtp(runOf(buildRtp({ ssrc: 2000, payload: VP8_KEY_FRAME })), 0, 1, 0);
    assert.equal(producer.encodings[0].ssrc, 2000);
    got.length = 0;
    producer.encodings[0].handleRtp(runOf(DELTA_FRAME), 0, 1, 0);
    assert.deepEqual(got, []);
    assert.equal(producer.encodings[0].ssrc, 2000);
  },
});

Deno.test({
  name: "B169: SSRCs that were current before do not come back while the present one sends, so several do not flap",
  permissions: "none",
  fn() {
    const { producer, got } = setUp();
    for (const ssrc of [1, 2, 3]) {
      producer.encodings[0].handleRtp(runOf(buildRtp({ ssrc, payload: VP8_KEY_FRAME })), 0, 1, 0);
    }
    got.length = 0;
    for (let nowMs = 0; nowMs < 10_000; nowMs += 1000) {
      for (const ssrc of [1, 2, 1]) {
        producer.encodings[0].handleRtp(runOf(buildRtp({ ssrc, payload: VP8_KEY_FRAME })), 0, 1, nowMs);
      }
      assert.deepEqual(got.splice(0), []);
      producer.encodings[0].handleRtp(runOf(buildRtp({ ssrc: 3, payload: VP8_KEY_FRAME })), 0, 1, nowMs);
      assert.deepEqual(got.splice(0), ["one 0-1", "two 0-1"]);
    }
    assert.equal(producer.encodings[0].ssrc, 3);
  },
});

Deno.test({
  name: "B169: a source that goes back to an SSRC of before goes on once the other has been silent, or has said BYE",
  permissions: "none",
  fn() {
    const { producer, got } = setUp();
    const send = (ssrc: number, nowMs: number) => {
      producer.encodings[0].handleRtp(runOf(buildRtp({ ssrc, payload: VP8_KEY_FRAME })), 0, 1, nowMs);
      return got.splice(0).length > 0;
    };
    assert.deepEqual([send(1, 0), send(2, 100), send(1, 200), send(1, 2099), send(1, 2100)], [
      true,
      true,
      false,
      false,
      true,
    ]);
    assert.equal(producer.encodings[0].ssrc, 1);
    assert.equal(send(2, 2200), false, "now that one is the one of before");
    producer.encodings[0].handleBye(1, 0);
    assert.equal(send(2, 2300), true);
    assert.equal(producer.encodings[0].report(new ReportBlock(), 2310), true);
  },
});

Deno.test({
  name: "B56: a request is repeated until the key frame comes, or until nobody receives the track",
  permissions: "none",
  fn() {
    const { producer, one, two, requests } = setUp();
    producer.encodings[0].requestKeyFrame(0);
    assert.deepEqual(requests, [], "nothing is known of the stream yet");
    producer.encodings[0].handleRtp(runOf(DELTA_FRAME), 0, 1, 0);
    producer.encodings[0].requestKeyFrame(0);
    producer.handleTimeout(500);
    assert.deepEqual(requests, [1000, 1000]);
    producer.encodings[0].removeConsumer(one);
    producer.encodings[0].removeConsumer(two);
    assert.equal(producer.nextTimeout(), Infinity);
    producer.handleTimeout(1000);
    assert.equal(requests.length, 2);
  },
});

Deno.test({
  name: "B117: a publisher that negotiated FIR alone is asked by FIR, each time with the next number of 8 bits",
  permissions: "none",
  fn() {
    const { producer, requests, firs } = setUp(videoProducer({ codec: { ...VP8, keyFrameRequest: "fir" } }));
    producer.encodings[0].handleRtp(runOf(DELTA_FRAME), 0, 1, 0);
    producer.encodings[0].requestKeyFrame(0);
    producer.encodings[0].requestKeyFrame(10);
    for (let nowMs = 500; nowMs <= 256 * 500; nowMs += 500) producer.handleTimeout(nowMs);
    assert.deepEqual(requests, []);
    assert.equal(firs.length, 257);
    for (let i = 1; i < firs.length; i++) assert.deepEqual(firs[i], [1000, (firs[i - 1][1] + 1) & 0xff]);
    producer.encodings[0].handleRtp(runOf(KEY_FRAME), 0, 1, 129_000);
    producer.handleTimeout(130_000);
    assert.equal(firs.length, 257, "answered");
  },
});

Deno.test({
  name: "B117: a publisher that negotiated neither PLI nor FIR is not asked for key frames",
  permissions: "none",
  fn() {
    const { producer, requests, firs } = setUp(videoProducer({ codec: { ...VP8, keyFrameRequest: undefined } }));
    producer.encodings[0].handleRtp(runOf(DELTA_FRAME), 0, 1, 0);
    producer.encodings[0].requestKeyFrame(0);
    assert.equal(producer.nextTimeout(), Infinity);
    producer.handleTimeout(500);
    assert.deepEqual([requests, firs], [[], []]);
  },
});

Deno.test({
  name: "B116: a stream that said BYE is neither reported nor asked for anything, and goes on once it sends again",
  permissions: "none",
  fn() {
    const { producer, got, requests, nacked } = setUp(REPAIRED);
    const block = new ReportBlock();
    producer.encodings[0].handleRtp(runOf(frame(1, VP8_KEY_FRAME), frame(2), frame(4)), 0, 3, 0);
    producer.encodings[0].requestKeyFrame(5);
    assert.deepEqual(requests, [1000]);
    producer.encodings[0].handleBye(1000, 0);
    assert.equal(producer.encodings[0].report(block, 8), false);
    producer.encodings[0].requestKeyFrame(9);
    assert.equal(producer.nextTimeout(), Infinity);
    for (let nowMs = 25; nowMs <= 2000; nowMs += 25) producer.handleTimeout(nowMs);
    assert.deepEqual([requests, nacked], [[1000], []]);
    assert.equal(producer.encodings[0].consumers.length, 2);

    got.length = 0;
    producer.encodings[0].handleRtp(runOf(frame(5, VP8_KEY_FRAME), frame(9)), 0, 2, 3000);
    assert.deepEqual(got, ["one 0-2", "two 0-2"]);
    assert.deepEqual(nacked, [6, 7, 8]);
    assert.equal(producer.encodings[0].report(block, 3010), true);
    assert.deepEqual([block.ssrc, block.extendedSequenceNumber], [1000, 9]);
    producer.encodings[0].requestKeyFrame(3020);
    assert.deepEqual(requests, [1000, 1000]);
  },
});

Deno.test({
  name: "B116: BYE of another SSRC than the present one ends nothing",
  permissions: "none",
  fn() {
    const { producer } = setUp();
    producer.encodings[0].handleBye(1000, 0);
    producer.encodings[0].handleRtp(runOf(KEY_FRAME), 0, 1, 0);
    producer.encodings[0].handleRtp(
      runOf(buildRtp({ ssrc: 2000, sequenceNumber: 1, payload: VP8_KEY_FRAME })),
      0,
      1,
      0,
    );
    producer.encodings[0].handleBye(1000, 0);
    producer.encodings[0].handleBye(1001, 0);
    assert.equal(producer.encodings[0].report(new ReportBlock(), 10), true);
  },
});

Deno.test({
  name: "audio has no key frames to ask for",
  permissions: "none",
  fn() {
    const { producer, requests } = setUp(audioProducer());
    producer.encodings[0].handleRtp(runOf(buildRtp({ ssrc: 2000 })), 0, 1, 0);
    producer.encodings[0].requestKeyFrame(0);
    assert.deepEqual(requests, []);
  },
});

function senderReport(ssrc: number, ntpSeconds = 0): SenderReport {
  const report = new SenderReport();
  report.ssrc = ssrc;
  report.ntpSeconds = ntpSeconds;
  return report;
}

Deno.test({
  name:
    "B54: the report of the present SSRC goes to each consumer right behind its next packets, that of another to none",
  permissions: "none",
  fn() {
    const { producer, got } = setUp();
    producer.encodings[0].handleRtp(runOf(KEY_FRAME), 0, 1, 0);
    got.length = 0;
    producer.encodings[0].handleSenderReport(senderReport(7), 0);
    producer.encodings[0].handleRtp(runOf(DELTA_FRAME), 0, 1, 33);
    assert.deepEqual(got, ["one 0-1", "two 0-1"]);
    got.length = 0;
    producer.encodings[0].handleSenderReport(senderReport(1000, 5), 40);
    assert.deepEqual(got, []);
    producer.encodings[0].handleRtp(runOf(DELTA_FRAME), 0, 1, 66);
    producer.encodings[0].handleRtp(runOf(DELTA_FRAME), 0, 1, 99);
    producer.handleTimeout(200);
    assert.deepEqual(got, ["one 0-1", "one report 1000 5", "two 0-1", "two report 1000 5", "one 0-1", "two 0-1"]);
  },
});

Deno.test({
  name: "B54: where no packets come a report goes out after 100 ms, as the newest one that came",
  permissions: "none",
  fn() {
    const { producer, got } = setUp();
    producer.encodings[0].handleRtp(runOf(KEY_FRAME), 0, 1, 0);
    got.length = 0;
    const report = senderReport(1000, 5);
    producer.encodings[0].handleSenderReport(report, 40);
    report.ntpSeconds = 6;
    producer.encodings[0].handleSenderReport(report, 90);
    report.ntpSeconds = 7;
    assert.equal(producer.nextTimeout(), 140);
    producer.handleTimeout(139);
    assert.deepEqual(got, []);
    producer.handleTimeout(140);
    producer.handleTimeout(300);
    assert.deepEqual(got, ["one report 1000 6", "two report 1000 6"]);
    assert.equal(producer.nextTimeout(), Infinity);
  },
});

const REPAIRED = videoProducer({
  codec: { ...VP8, nack: true, rtxPayloadType: 97 },
  ssrcs: [1000],
  fidGroups: [{ ssrc: 1000, rtxSsrc: 1001 }],
});

function frame(sequenceNumber: number, payload = VP8_DELTA_FRAME): Uint8Array {
  return buildRtp({ ssrc: 1000, sequenceNumber, payload });
}

/** RFC 4588 section 4: the original sequence number before the original payload. */
function rtx(originalSequenceNumber: number, ssrc = 1001): Uint8Array {
  const payload = new Uint8Array([originalSequenceNumber >> 8, originalSequenceNumber & 0xff, ...VP8_DELTA_FRAME]);
  return buildRtp({ ssrc, payloadType: 97, sequenceNumber: 7, payload });
}

Deno.test({
  name:
    "B100, B110: what is missing is asked for, and comes by RTX as if it were late; the original is then a duplicate",
  permissions: "none",
  fn() {
    const { producer, got, nacked } = setUp(REPAIRED);
    producer.encodings[0].handleRtp(runOf(frame(1, VP8_KEY_FRAME), frame(2), frame(6)), 0, 3, 0);
    assert.deepEqual(nacked, [3, 4, 5]);
    got.length = 0;
    producer.encodings[0].handleRtp(runOf(rtx(4), rtx(4)), 0, 2, 50);
    assert.deepEqual(got, ["one 0-1", "two 0-1"], "once, though it came twice");
    got.length = 0;
    producer.encodings[0].handleRtp(runOf(frame(4), frame(5)), 0, 2, 60);
    assert.deepEqual(got, ["one 1-2", "two 1-2"], "4 came before");
  },
});

Deno.test({
  name: "B110: an RTX packet of padding alone is a probe, and dropped",
  permissions: "none",
  fn() {
    const { producer, got } = setUp(REPAIRED);
    producer.encodings[0].handleRtp(runOf(frame(1, VP8_KEY_FRAME)), 0, 1, 0);
    got.length = 0;
    const probe = buildRtp({ ssrc: 1001, payloadType: 97, payload: new Uint8Array(0), padding: 100 });
    producer.encodings[0].handleRtp(runOf(probe), 0, 1, 10);
    assert.deepEqual(got, []);
  },
});

Deno.test({
  name: "B110: RTX of a stream that is not the present one any more repairs nothing",
  permissions: "none",
  fn() {
    for (const fidGroups of [REPAIRED.fidGroups, []]) {
      const { producer, got } = setUp({ ...REPAIRED, ...(fidGroups && { fidGroups }) });
      producer.encodings[0].handleRtp(runOf(frame(1, VP8_KEY_FRAME), frame(4)), 0, 2, 0);
      producer.encodings[0].handleRtp(runOf(rtx(2)), 0, 1, 10);
      assert.deepEqual(got.splice(0).slice(2), ["one 0-1", "two 0-1"]);
      const restarted = (sequenceNumber: number) => buildRtp({ ssrc: 5555, sequenceNumber, payload: VP8_KEY_FRAME });
      producer.encodings[0].handleRtp(runOf(restarted(1), restarted(4)), 0, 2, 20);
      got.length = 0;
      producer.encodings[0].handleRtp(runOf(rtx(3)), 0, 1, 30);
      assert.deepEqual(got, [], "it repairs SSRC 1000");
      producer.encodings[0].handleRtp(runOf(rtx(3, 5556)), 0, 1, 40);
      assert.deepEqual(got, ["one 0-1", "two 0-1"], "it began with SSRC 5555");
    }
  },
});

Deno.test({
  name: "B103: what is given up makes the producer ask for a key frame",
  permissions: "none",
  fn() {
    const { producer, nacked, requests } = setUp(REPAIRED);
    producer.encodings[0].handleRtp(runOf(frame(1, VP8_KEY_FRAME), frame(2), frame(6)), 0, 3, 0);
    for (let nowMs = 25; nowMs <= 1100; nowMs += 25) producer.handleTimeout(nowMs);
    assert.ok(nacked.length >= 9, `asked ${nacked.length} times`);
    assert.deepEqual(requests, [1000]);
  },
});

Deno.test({
  name: "without NACK in the negotiation, and for nobody, nothing is asked for",
  permissions: "none",
  fn() {
    const plain = setUp();
    plain.producer.encodings[0].handleRtp(runOf(frame(1, VP8_KEY_FRAME), frame(6)), 0, 2, 0);
    assert.deepEqual(plain.nacked, []);
    const { producer, one, two, nacked } = setUp(REPAIRED);
    producer.encodings[0].removeConsumer(one);
    producer.encodings[0].removeConsumer(two);
    producer.encodings[0].handleRtp(runOf(frame(1, VP8_KEY_FRAME), frame(6)), 0, 2, 0);
    assert.deepEqual(nacked, []);
    assert.equal(producer.nextTimeout(), Infinity);
  },
});
