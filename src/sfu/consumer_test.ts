import assert from "node:assert/strict";
import { audioProducer, consumerParameters, OPUS, videoProducer } from "../../tests/harness/engine.ts";
import { RecordingSender } from "../../tests/harness/recording_sender.ts";
import { buildRtp, parseRtp, runOf, VP8_DELTA_FRAME, VP8_KEY_FRAME } from "../../tests/harness/rtp_builder.ts";
import { START_SEQUENCE_NUMBERS } from "../../tests/harness/rtp_packets.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import { SenderReport } from "../rtp/rtcp/sender_report.ts";
import { Consumer } from "./consumer.ts";
import { MID_URI } from "./header_extensions.ts";
import { Producer } from "./producer.ts";
import type { ConsumerParameters, ProducerParameters } from "./types.ts";

const LEVEL_URI = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";

function setUp(
  from: ProducerParameters = videoProducer(),
  to: ConsumerParameters = consumerParameters(),
  seed = 1,
) {
  const sender = new RecordingSender();
  let requests = 0;
  const producer = new Producer("track", "peer", from, () => requests++);
  const consumer = new Consumer(producer, to, 77, sender, seededRandom(seed));
  producer.addConsumer(consumer);
  const handle = (nowMs: number, ...packets: Uint8Array[]) => {
    producer.handleRtp(runOf(...packets), 0, packets.length, nowMs);
    return sender.takeRtp().map(parseRtp);
  };
  return { sender, producer, consumer, handle, requests: () => requests };
}

function video(sequenceNumber: number, payload: Uint8Array): Uint8Array {
  return buildRtp({ ssrc: 1000, sequenceNumber, timestamp: sequenceNumber * 3000, payload });
}

Deno.test({
  name: "B50, B51: from any starting number the stream is continuous, with the gaps and late packets of its source",
  permissions: "none",
  fn() {
    for (const start of START_SEQUENCE_NUMBERS) {
      const { handle } = setUp();
      const order = [0, 1, 2, 5, 3, 6];
      const out = order.flatMap((step) =>
        handle(0, video((start + step) & 0xffff, step === 0 ? VP8_KEY_FRAME : VP8_DELTA_FRAME))
      );
      const steps = out.map((packet) => (packet.sequenceNumber - out[0].sequenceNumber) & 0xffff);
      assert.deepEqual(steps, order, `from ${start}`);
      assert.ok(out[0].sequenceNumber < 0x8000, "SRTP wants the first number in the lower half");
    }
  },
});

Deno.test({
  name: "B51: padding without payload is left out, and no gap shows",
  permissions: "none",
  fn() {
    const { handle } = setUp();
    const padding = buildRtp({ ssrc: 1000, sequenceNumber: 11, payload: new Uint8Array(0), padding: 8 });
    const out = handle(0, video(10, VP8_KEY_FRAME), padding, video(12, VP8_DELTA_FRAME));
    assert.equal(out.length, 2);
    assert.equal((out[1].sequenceNumber - out[0].sequenceNumber) & 0xffff, 1);
  },
});

Deno.test({
  name: "B58: a payload type that was not negotiated is not forwarded, and leaves no gap",
  permissions: "none",
  fn() {
    const { handle } = setUp(audioProducer(), consumerParameters({ codec: OPUS }));
    const audio = (sequenceNumber: number, payloadType: number) =>
      buildRtp({ ssrc: 2000, sequenceNumber, payloadType, timestamp: sequenceNumber * 960 });
    const out = handle(0, audio(1, 111), audio(2, 126), audio(3, 111));
    assert.equal(out.length, 2);
    assert.equal((out[1].sequenceNumber - out[0].sequenceNumber) & 0xffff, 1);
  },
});

Deno.test({
  name: "packets that SRTP refuses do not count as sent",
  permissions: "none",
  fn() {
    const { handle, sender, consumer } = setUp();
    sender.sendRtp = () => false;
    handle(0, video(1, VP8_KEY_FRAME));
    assert.deepEqual([consumer.packetsSent, consumer.bytesSent, consumer.packetsDropped], [0, 0, 1]);
  },
});

Deno.test({
  name: "B58: padding behind a payload is forwarded with its P bit",
  permissions: "none",
  fn() {
    const { handle } = setUp();
    const padded = buildRtp({ ssrc: 1000, sequenceNumber: 1, payload: VP8_KEY_FRAME, padding: 5 });
    const [out] = handle(0, padded);
    assert.equal(out.padding, true);
    assert.equal(out.payloadLength, VP8_KEY_FRAME.length);
    assert.equal(out.length - out.headerLength, VP8_KEY_FRAME.length + 5);
  },
});

Deno.test({
  name: "B58: extensions get the subscriber's ids, others are dropped, and MID is the subscriber's own",
  permissions: "none",
  fn() {
    const from = audioProducer({ headerExtensions: [{ uri: MID_URI, id: 4 }, { uri: LEVEL_URI, id: 1 }] });
    const to = consumerParameters({
      mid: "audio7",
      codec: OPUS,
      headerExtensions: [{ uri: MID_URI, id: 9 }, { uri: LEVEL_URI, id: 2 }],
    });
    const { handle } = setUp(from, to);
    const extensions = new Map([[1, new Uint8Array([0x85])], [4, new Uint8Array([48])], [7, new Uint8Array([1, 2])]]);
    const [out] = handle(0, buildRtp({ ssrc: 2000, payloadType: 111, extensions }));
    const elements = new Map<number, string>();
    for (let at = out.extensionOffset; at < out.extensionOffset + out.extensionLength && out.bytes[at] !== 0;) {
      const length = (out.bytes[at] & 0x0f) + 1;
      elements.set(out.bytes[at] >> 4, out.bytes.slice(at + 1, at + 1 + length).join(" "));
      at += 1 + length;
    }
    const mid = [...new TextEncoder().encode("audio7")].join(" ");
    assert.deepEqual([...elements].sort(), [[2, "133"], [9, mid]]);
  },
});

Deno.test({
  name: "B59: as long as it waits, a consumer that could send asks for a key frame, and one that could not does not",
  permissions: "none",
  fn() {
    const { handle, sender, consumer, requests } = setUp();
    sender.open = false;
    handle(0, video(1, VP8_DELTA_FRAME));
    assert.equal(requests(), 0, "a transport that is not ready needs no picture");
    assert.equal(consumer.packetsDropped, 1);
    sender.open = true;
    handle(1, video(2, VP8_DELTA_FRAME));
    assert.equal(requests(), 1);
  },
});

Deno.test({
  name: "B50: audio goes over to another SSRC at once, by the wall time and one frame at least",
  permissions: "none",
  fn() {
    const { handle } = setUp(audioProducer(), consumerParameters({ codec: OPUS }));
    const [before] = handle(0, buildRtp({ ssrc: 2000, sequenceNumber: 5, timestamp: 500, payloadType: 111 }));
    const [after] = handle(1, buildRtp({ ssrc: 3000, sequenceNumber: 900, timestamp: 7, payloadType: 111 }));
    assert.equal((after.timestamp - before.timestamp) >>> 0, 960);
    assert.equal((after.sequenceNumber - before.sequenceNumber) & 0xffff, 1);
  },
});

Deno.test({
  name: "B54: no report goes out before the first packet, for its timestamp would mean nothing",
  permissions: "none",
  fn() {
    const { consumer, sender } = setUp();
    const report = new SenderReport();
    report.ssrc = 1000;
    consumer.sendSenderReport(report);
    assert.deepEqual(sender.takeRtcp(), []);
  },
});
