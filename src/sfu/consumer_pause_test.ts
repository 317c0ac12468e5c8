import assert from "node:assert/strict";
import { consumerParameters, outgoingStream, videoProducer } from "../../tests/harness/engine.ts";
import { RecordingSender } from "../../tests/harness/recording_sender.ts";
import { buildRtp, parseRtp, runOf, VP8_DELTA_FRAME, VP8_KEY_FRAME } from "../../tests/harness/rtp_builder.ts";
import { Consumer } from "./consumer.ts";
import { Producer } from "./producer.ts";

function setUp() {
  const sender = new RecordingSender();
  let requests = 0;
  const producer = new Producer({
    id: "track",
    peerId: "peer",
    parameters: videoProducer(),
    feedback: {
      sendPictureLossIndication: () => requests++,
      sendFullIntraRequest: () => requests++,
      sendNack: () => {},
    },
  });
  const consumer = new Consumer(producer, consumerParameters(), outgoingStream(77, undefined, 1), sender);
  producer.addConsumer(consumer);
  const send = (sequenceNumber: number, payload: Uint8Array, nowMs: number) => {
    const bytes = buildRtp({ ssrc: 1000, sequenceNumber, timestamp: sequenceNumber * 3000, payload });
    producer.encodings[0].handleRtp(runOf(bytes), 0, 1, nowMs);
    return sender.takeRtp().map((packet) => parseRtp(packet).sequenceNumber);
  };
  return { consumer, send, requests: () => requests };
}

Deno.test({
  name: "B246: a consumer that is paused sends nothing and asks for nothing; it goes on at a key frame, without a gap",
  permissions: "none",
  fn() {
    const { consumer, send, requests } = setUp();
    const [first] = send(1, VP8_KEY_FRAME, 0);
    consumer.pause();
    assert.equal(consumer.started, false);
    consumer.requestKeyFrame(1_000);
    assert.deepEqual([send(2, VP8_DELTA_FRAME, 1_000), send(3, VP8_KEY_FRAME, 2_000), requests()], [[], [], 0]);
    consumer.resume(3_000);
    assert.equal(requests(), 1);
    assert.deepEqual(send(4, VP8_DELTA_FRAME, 3_033), []);
    assert.deepEqual(send(5, VP8_KEY_FRAME, 3_066), [(first + 1) & 0xffff]);
    assert.deepEqual(send(6, VP8_DELTA_FRAME, 3_100), [(first + 2) & 0xffff]);
  },
});

Deno.test({
  name: "B246: what a consumer has sent is counted by the bytes of its RTP packets",
  permissions: "none",
  fn() {
    const { consumer, send } = setUp();
    send(1, VP8_KEY_FRAME, 0);
    send(2, VP8_DELTA_FRAME, 33);
    assert.equal(consumer.bytesSent, 2 * 12 + VP8_KEY_FRAME.length + VP8_DELTA_FRAME.length);
  },
});
