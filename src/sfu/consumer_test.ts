import assert from "node:assert/strict";
import {
  audioProducer,
  consumerParameters,
  OPUS,
  outgoingStream,
  videoProducer,
  VP8,
} from "../../tests/harness/engine.ts";
import { RecordingSender } from "../../tests/harness/recording_sender.ts";
import { buildRtp, parseRtp, runOf, VP8_DELTA_FRAME, VP8_KEY_FRAME } from "../../tests/harness/rtp_builder.ts";
import { START_SEQUENCE_NUMBERS } from "../../tests/harness/rtp_packets.ts";
import { writeNack } from "../rtp/rtcp/nack.ts";
import { RtcpReader } from "../rtp/rtcp/rtcp_reader.ts";
import { SenderReport } from "../rtp/rtcp/sender_report.ts";
import { readOriginalSequenceNumber } from "../rtp/rtx.ts";
import { Consumer } from "./consumer.ts";
import { MID_URI } from "./header_extensions.ts";
import { Producer } from "./producer.ts";
import type { ConsumerParameters, ProducerParameters } from "./types.ts";

const LEVEL_URI = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";

function setUp(
  from: ProducerParameters = videoProducer(),
  to: ConsumerParameters = consumerParameters(),
  seed = 1,
  { ssrc, rtxSsrc }: { readonly ssrc: number; readonly rtxSsrc: number | undefined } = { ssrc: 77, rtxSsrc: 78 },
) {
  const sender = new RecordingSender();
  let requests = 0;
  const producer = new Producer({
    id: "track",
    peerId: "peer",
    parameters: from,
    feedback: {
      sendPictureLossIndication: () => requests++,
      sendFullIntraRequest: () => requests++,
      sendNack: () => {},
    },
  });
  const stream = outgoingStream(ssrc, rtxSsrc, seed, from.kind, from.codec.clockRate);
  const consumer = new Consumer(producer, to, stream, sender);
  producer.addConsumer(consumer);
  const handle = (nowMs: number, ...packets: Uint8Array[]) => {
    producer.encodings[0].handleRtp(runOf(...packets), 0, packets.length, nowMs);
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
    assert.deepEqual([
      consumer.stream.packetsSent,
      consumer.stream.bytesSent,
      consumer.producer.counters.packetsDropped,
    ], [0, 0, 1]);
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
    assert.equal(consumer.producer.counters.packetsDropped, 1);
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
    consumer.sendSenderReport(report, 0);
    assert.deepEqual(sender.takeRtcp(), []);
  },
});

const WITH_RTX = consumerParameters({ codec: { ...VP8, payloadType: 120, rtxPayloadType: 121 } });

/** A reader that is at a NACK for the sequence numbers. */
function nackOf(...sequenceNumbers: number[]): RtcpReader {
  const bytes = new Uint8Array(200);
  const length = writeNack(bytes, 0, 1, 77, Uint16Array.from(sequenceNumbers), sequenceNumbers.length);
  const reader = new RtcpReader();
  reader.reset(bytes, length);
  assert.ok(reader.next());
  return reader;
}

Deno.test({
  name: "B106, B108: a NACK is answered by RTX with the timestamp of old, once in the time that an answer takes",
  permissions: "none",
  fn() {
    const { handle, consumer, sender } = setUp(videoProducer(), WITH_RTX);
    const out = handle(0, video(65534, VP8_KEY_FRAME), video(65535, VP8_DELTA_FRAME), video(0, VP8_DELTA_FRAME));
    consumer.handleNack(nackOf(out[1].sequenceNumber, out[2].sequenceNumber), 20);
    const resent = sender.takeRtp().map(parseRtp);
    assert.equal(resent.length, 2);
    resent.forEach((packet, i) => {
      const original = out[i + 1];
      assert.deepEqual([packet.ssrc, packet.payloadType], [78, 121]);
      assert.equal(packet.timestamp, original.timestamp);
      assert.equal(readOriginalSequenceNumber(packet), original.sequenceNumber);
      const payload = packet.bytes.slice(packet.headerLength + 2, packet.length);
      assert.deepEqual(payload, original.bytes.slice(original.headerLength, original.length));
    });
    assert.equal((resent[1].sequenceNumber - resent[0].sequenceNumber) & 0xffff, 1, "RTX has numbers of its own");
    consumer.handleNack(nackOf(out[1].sequenceNumber), 25);
    assert.deepEqual(sender.takeRtp(), [], "the first answer is still on its way");
    consumer.handleNack(nackOf(out[1].sequenceNumber), 40);
    assert.equal(sender.takeRtp().length, 1);
  },
});

Deno.test({
  name: "a NACK for what was never sent, is too old, or goes to a subscriber without RTX is not answered",
  permissions: "none",
  fn() {
    const { handle, consumer, sender } = setUp(videoProducer(), WITH_RTX);
    const [first] = handle(0, video(1, VP8_KEY_FRAME));
    consumer.handleNack(nackOf((first.sequenceNumber + 5) & 0xffff), 20);
    consumer.handleNack(nackOf(first.sequenceNumber), 2001);
    assert.deepEqual(sender.takeRtp(), []);
    const plain = setUp(videoProducer(), consumerParameters(), 1, { ssrc: 77, rtxSsrc: undefined });
    const [sent] = plain.handle(0, video(1, VP8_KEY_FRAME));
    plain.consumer.handleNack(nackOf(sent.sequenceNumber), 20);
    assert.deepEqual(plain.sender.takeRtp(), []);
  },
});

Deno.test({
  name: "B109: what is sent again stays a fifth of what is sent, and a little more at the start",
  permissions: "none",
  fn() {
    const { handle, consumer, sender } = setUp(videoProducer(), WITH_RTX);
    const payload = new Uint8Array(1100);
    payload.set(VP8_KEY_FRAME);
    const out = Array.from({ length: 100 }, (_, i) => handle(i, video(i, payload))[0]);
    consumer.handleNack(nackOf(...out.map(({ sequenceNumber }) => sequenceNumber)), 110);
    const bytes = sender.takeRtp().reduce((sum, packet) => sum + packet.length, 0);
    assert.ok(bytes > 20_000 && bytes < 0.2 * 120_000 + 16 * 1024, `${bytes} bytes`);
  },
});
