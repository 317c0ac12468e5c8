import assert from "node:assert/strict";
import { audioProducer, consumerParameters, outgoingStream, videoProducer, VP8 } from "../../tests/harness/engine.ts";
import { RecordingSender } from "../../tests/harness/recording_sender.ts";
import { buildRtp, runOf, VP8_DELTA_FRAME, VP8_KEY_FRAME } from "../../tests/harness/rtp_builder.ts";
import { SenderReport } from "../rtp/rtcp/sender_report.ts";
import { Consumer } from "./consumer.ts";
import type { RtpConsumer } from "./encoding.ts";
import { Producer, type ProducerOptions } from "./producer.ts";
import { TrackCounters } from "./track_counters.ts";
import type { ProducerParameters } from "./types.ts";
import { WantedEncodings } from "./wanted_encodings.ts";

const ENCODINGS = [1, 2, 3].map((ssrc, index) => ({ rid: "fhq"[index], ssrcs: [ssrc] }));
const SIMULCAST = videoProducer({ ssrcs: [1, 2, 3], encodings: ENCODINGS, codec: { ...VP8, nack: true } });

function producerOf(parameters: ProducerParameters, options: Partial<ProducerOptions> = {}) {
  const requests: number[] = [];
  const feedback = {
    sendPictureLossIndication: (ssrc: number) => void requests.push(ssrc),
    sendFullIntraRequest: () => {},
    sendNack: () => {},
  };
  return { producer: new Producer({ id: "track", peerId: "peer", parameters, feedback, ...options }), requests };
}

function consumerOf(producer: Producer): Consumer {
  return new Consumer(producer, consumerParameters(), outgoingStream(7000, undefined, 1), new RecordingSender());
}

Deno.test({
  name:
    "B381: of a relayed track nothing is wanted until somebody takes packets of it, be it in one encoding or several",
  permissions: "none",
  fn() {
    for (const parameters of [videoProducer(), audioProducer(), SIMULCAST]) {
      const { producer } = producerOf(parameters, { relayed: new TrackCounters() });
      producer.handleTimeout(0);
      assert.deepEqual([producer.wantedSet, producer.nextTimeout()], [0, Infinity]);
      const [one, two] = [consumerOf(producer), consumerOf(producer)];
      one.begin();
      assert.ok(producer.nextTimeout() <= 0, "told with the next tick");
      producer.handleTimeout(10);
      assert.equal(producer.wantedSet, parameters === SIMULCAST ? 0b100 : 0b1);
      two.begin();
      one.pause();
      producer.handleTimeout(5000);
      assert.notEqual(producer.wantedSet, 0, "there is another one");
      two.pause();
      producer.handleTimeout(6000);
      assert.notEqual(producer.wantedSet, 0, "who comes back costs no start");
      producer.handleTimeout(7000);
      assert.equal(producer.wantedSet, 0);
    }
    const { producer } = producerOf(SIMULCAST);
    producer.handleTimeout(0);
    assert.equal(producer.wantedSet, 0b111, "of a publisher's all are, so that it begins");
  },
});

Deno.test({
  name: "B381: where nothing is wanted at first, what is wanted is news",
  permissions: "none",
  fn() {
    const wanted = new WantedEncodings(2, false);
    wanted.checkSoon();
    assert.equal(wanted.handleTimeout(() => false, 10), false);
    assert.deepEqual([wanted.isTold(0), wanted.isTold(1), wanted.nextTimeout()], [false, false, Infinity]);
    wanted.checkSoon();
    assert.equal(wanted.handleTimeout((index) => index === 1, 20), true);
    assert.deepEqual([wanted.isTold(0), wanted.isTold(1)], [false, true]);
  },
});

Deno.test({
  name: "B387: an encoding whose SSRC is known before its packets takes its report, and requests for it",
  permissions: "none",
  fn() {
    const { producer, requests } = producerOf(SIMULCAST);
    const [encoding] = producer.encodings;
    const report = Object.assign(new SenderReport(), { ssrc: 1, ntpSeconds: 5 });
    encoding.handleSenderReport(report, 0);
    encoding.requestKeyFrame(0);
    assert.deepEqual([encoding.senderReport, requests], [undefined, []]);
    encoding.handleSource(1, 0);
    encoding.handleSenderReport(report, 0);
    encoding.requestKeyFrame(0);
    assert.deepEqual([encoding.senderReport?.ntpSeconds, requests], [5, [1]]);
    encoding.handleRtp(runOf(buildRtp({ ssrc: 1, sequenceNumber: 1, payload: VP8_KEY_FRAME })), 0, 1, 10);
    assert.equal(encoding.senderReport?.ntpSeconds, 5, "its first packet changes nothing");
  },
});

Deno.test({
  name: "B388: what is told of encodings that do not come orders them, and counts until they come",
  permissions: "none",
  fn() {
    const { producer } = producerOf(SIMULCAST, { relayed: new TrackCounters() });
    const rids = () => producer.encodings.map(({ rid }) => rid);
    assert.deepEqual(rids(), ["f", "h", "q"]);
    const facts = [1280, 640, 320].map((width) => {
      return { isActive: width < 1000, width, height: width * 9 / 16, bitsPerSecond: width * 1000 };
    });
    producer.assume([...facts, ...facts], 0);
    assert.deepEqual(rids(), ["q", "h", "f"]);
    assert.deepEqual(producer.offered.map(({ rid }) => rid), ["f", "h", "q"], "as the bus names them");
    assert.deepEqual(producer.encodings.map(({ active }) => active), [true, true, false]);
    const layers = producer.layers.at(0);
    assert.deepEqual(layers.map(({ width, height }) => [width, height]), [[320, 180], [640, 360], [1280, 720]]);
    assert.ok(
      layers.every(({ bitsPerSecond }, index) => index === 0 || bitsPerSecond > layers[index - 1].bitsPerSecond),
    );
    const [, middle] = producer.offered;
    assert.equal(middle.layerBitsPerSecond(Infinity, Infinity, 0), 640_000);
    const payload = Uint8Array.of(0x10, 0x10, 0, 0, 0x9d, 1, 0x2a, 0, 1, 144, 0);
    for (let i = 0; i < 60; i++) {
      const packet = buildRtp({ ssrc: 2, sequenceNumber: i, timestamp: i * 3000, payload, marker: true });
      middle.handleRtp(runOf(packet), 0, 1, i * 33);
    }
    assert.deepEqual([middle.width, middle.height], [256, 144], "its own key frame tells better");
    assert.ok(middle.layerBitsPerSecond(Infinity, Infinity, 60 * 33) < 20_000);
  },
});

Deno.test({
  name: "B390: who passes a stream on is told of its BYE, and who does not is not",
  permissions: "none",
  fn() {
    const { producer } = producerOf(videoProducer());
    const told: number[] = [];
    const [encoding] = producer.encodings;
    const plain: RtpConsumer = {
      takesRed: false,
      continueAt: () => {},
      handleRtp: () => {},
      sendSenderReport: () => {},
    };
    encoding.addConsumer(plain);
    encoding.addConsumer({ ...plain, sendBye: (ssrc) => void told.push(ssrc) });
    encoding.handleRtp(runOf(buildRtp({ ssrc: 1000, sequenceNumber: 1, payload: VP8_DELTA_FRAME })), 0, 1, 0);
    encoding.handleBye(999, 0);
    encoding.handleBye(1000, 0);
    assert.deepEqual(told, [1000]);
  },
});

Deno.test({
  name: "B394: what comes of a relayed track, and what is asked of it, counts apart from what its consumers send",
  permissions: "none",
  fn() {
    const [counters, relayed] = [new TrackCounters(), new TrackCounters()];
    const { producer, requests } = producerOf(videoProducer(), { counters, relayed });
    const consumer = consumerOf(producer);
    consumer.begin();
    const [encoding] = producer.encodings;
    encoding.handleRtp(runOf(buildRtp({ ssrc: 1000, sequenceNumber: 1, payload: VP8_DELTA_FRAME })), 0, 1, 0);
    encoding.handleRtp(runOf(buildRtp({ ssrc: 1000, sequenceNumber: 2, payload: VP8_KEY_FRAME })), 0, 1, 10);
    assert.deepEqual([counters.packetsReceived, counters.plisUpstream, counters.packetsSent], [0, 0, 1]);
    assert.deepEqual([relayed.packetsReceived, relayed.plisUpstream, relayed.packetsSent], [2, requests.length, 0]);
    assert.equal(requests.length, 1);
  },
});
