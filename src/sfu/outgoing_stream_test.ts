import assert from "node:assert/strict";
import { audioProducer, consumerParameters, outgoingStream, videoProducer } from "../../tests/harness/engine.ts";
import { RecordingSender } from "../../tests/harness/recording_sender.ts";
import { buildRtp, parseRtp, runOf, VP8_DELTA_FRAME, VP8_KEY_FRAME } from "../../tests/harness/rtp_builder.ts";
import { Consumer } from "./consumer.ts";
import { Producer } from "./producer.ts";

const SSRC = 1000;
/** Hz and ms. */
const CLOCK_RATE = 90_000;
const PAUSE_MS = 700;

function track() {
  const feedback = { sendPictureLossIndication: () => {}, sendFullIntraRequest: () => {}, sendNack: () => {} };
  return new Producer({ id: "track", peerId: "peer", parameters: videoProducer({ ssrcs: [SSRC] }), feedback });
}

Deno.test({
  name:
    "P54: a consumer goes on in the stream where the one of another track ended, at a key frame, in number and time",
  permissions: "none",
  fn() {
    const stream = outgoingStream(77, undefined, 1);
    const sender = new RecordingSender();
    const send = (producer: Producer, nowMs: number, ...packets: Uint8Array[]) => {
      producer.encodings[0].handleRtp(runOf(...packets), 0, packets.length, nowMs);
      return sender.takeRtp().map(parseRtp);
    };
    const picture = (sequenceNumber: number, timestamp: number, payload = VP8_KEY_FRAME) =>
      buildRtp({ ssrc: SSRC, sequenceNumber, timestamp, payload });

    const first = track();
    const consumer = new Consumer(first, consumerParameters(), stream, sender);
    first.addConsumer(consumer);
    const [before] = send(first, 0, picture(65_535, 5));
    first.removeConsumer(consumer);

    // The same SSRC and numbers near those of before: it is another track all the same.
    const second = track();
    second.addConsumer(new Consumer(second, consumerParameters(), stream, sender));
    assert.deepEqual(send(second, PAUSE_MS - 1, picture(65_534, 900_000, VP8_DELTA_FRAME)), []);
    const [after] = send(second, PAUSE_MS, picture(0, 1_000_000));
    assert.equal(after.ssrc, before.ssrc);
    assert.equal(after.sequenceNumber, (before.sequenceNumber + 1) & 0xffff);
    assert.equal((after.timestamp - before.timestamp) >>> 0, (PAUSE_MS * CLOCK_RATE) / 1000);
    assert.equal(stream.packetsSent, 2);
  },
});

Deno.test({
  name: "B114: a stream counts as used once a packet went out",
  permissions: "none",
  fn() {
    const stream = outgoingStream(77, 78, 1);
    assert.deepEqual([stream.ssrcs, stream.usedSsrcs], [[77, 78], []]);
    stream.packetsSent++;
    assert.deepEqual(stream.usedSsrcs, [77, 78]);
  },
});

Deno.test({
  name: "B50: a stream goes on by the clock of the source that it carries, whichever it was opened with",
  permissions: "none",
  fn() {
    const PCMU = { mimeType: "audio/pcmu", clockRate: 8000, payloadType: 0, fmtp: "" };
    const feedback = { sendPictureLossIndication: () => {}, sendFullIntraRequest: () => {}, sendNack: () => {} };
    const stream = outgoingStream(77, undefined, 1, "audio", 48_000);
    const sender = new RecordingSender();
    const hear = (nowMs: number) => {
      const producer = new Producer({
        id: "track",
        peerId: "peer",
        parameters: audioProducer({ ssrcs: [SSRC], codec: PCMU }),
        feedback,
      });
      producer.addConsumer(new Consumer(producer, consumerParameters({ codec: PCMU }), stream, sender));
      const packet = buildRtp({
        ssrc: SSRC,
        payloadType: 0,
        sequenceNumber: 1,
        timestamp: 9,
        payload: new Uint8Array(160),
      });
      producer.encodings[0].handleRtp(runOf(packet), 0, 1, nowMs);
      return parseRtp(sender.takeRtp()[0]).timestamp;
    };
    const [first, second, third] = [hear(0), hear(10_000), hear(10_005)];
    assert.equal((second - first) >>> 0, 80_000);
    assert.equal((third - second) >>> 0, 160, "20 ms at least");
  },
});
