import assert from "node:assert/strict";
import { audioProducer, videoProducer } from "../../tests/harness/engine.ts";
import { RecordingBus, type SentFrame } from "../../tests/harness/recording_bus.ts";
import { buildRtp, runOf, VP8_DELTA_FRAME, VP8_KEY_FRAME } from "../../tests/harness/rtp_builder.ts";
import { SenderReport } from "../rtp/rtcp/sender_report.ts";
import { Producer } from "../sfu/producer.ts";
import type { ProducerParameters } from "../sfu/types.ts";
import { RelayExport, WANT_LIFE_MS } from "./relay_export.ts";
import { FRAME, RelayFrameReader, RTP_HEAD_LENGTH } from "./relay_frames.ts";

function setUp(parameters: ProducerParameters = videoProducer()) {
  const bus = new RecordingBus();
  const requests: number[] = [];
  const producer = new Producer({
    id: "track",
    peerId: "peer",
    parameters,
    feedback: {
      sendPictureLossIndication: (ssrc) => void requests.push(ssrc),
      sendFullIntraRequest: () => {},
      sendNack: () => {},
    },
  });
  let epoch = 0;
  const exported = new RelayExport({ bus, roomId: "room", producer, relay: 7, nextEpoch: () => ++epoch });
  return { bus, producer, exported, requests };
}

function read({ bytes }: SentFrame): RelayFrameReader {
  const reader = new RelayFrameReader();
  assert.ok(reader.read(bytes, bytes.length));
  return reader;
}

const TYPE_NAMES = new Map<number, string>(Object.entries(FRAME).map(([name, type]) => [type, name]));

/** Who each frame is for, and what it is. */
function told(frames: readonly SentFrame[]): string[] {
  return frames.map((frame) => `${frame.to.toString(2)} ${TYPE_NAMES.get(read(frame).type)}`);
}

const PACKETS = [VP8_KEY_FRAME, VP8_DELTA_FRAME, VP8_DELTA_FRAME].map((payload, index) =>
  buildRtp({ ssrc: 1000, sequenceNumber: index + 1, payload, marker: true })
);

function send({ encodings: [encoding] }: Producer, packets: readonly Uint8Array[], nowMs: number): void {
  encoding.handleRtp(runOf(...packets), 0, packets.length, nowMs);
}

Deno.test({
  name: "B381: a packet goes on the bus once, byte for byte, for all nodes that want its encoding",
  permissions: "none",
  fn() {
    const { bus, producer, exported } = setUp();
    send(producer, PACKETS.slice(0, 1), 0);
    exported.handleWant(1, 1, false, 0);
    exported.handleWant(4, 1, false, 0);
    assert.deepEqual(bus.take(), [], "of one encoding there is nothing to tell");
    send(producer, PACKETS.slice(1), 10);
    const frames = bus.take();
    assert.deepEqual(told(frames), ["10010 rtp", "10010 rtp"]);
    assert.deepEqual(frames.map(({ bytes }) => bytes.slice(RTP_HEAD_LENGTH)), PACKETS.slice(1));
    assert.deepEqual([read(frames[0]).relay, read(frames[0]).encoding], [7, 0]);
    exported.handleWant(1, 0, false, 20);
    send(producer, [buildRtp({ ssrc: 1000, sequenceNumber: 4 })], 20);
    assert.deepEqual(told(bus.take()), ["10000 rtp"]);
    exported.dropNode(4);
    exported.dropNode(4);
    send(producer, [buildRtp({ ssrc: 1000, sequenceNumber: 5 })], 30);
    assert.deepEqual([bus.take(), exported.isWanted, producer.encodings[0].consumers], [[], false, []]);
  },
});

Deno.test({
  name: "B382: each node's word lasts 3 s, whatever others say",
  permissions: "none",
  fn() {
    const { exported } = setUp();
    assert.equal(exported.nextTimeout(), Infinity);
    exported.handleWant(1, 1, false, 0);
    exported.handleWant(2, 1, false, 1000);
    assert.equal(exported.nextTimeout(), WANT_LIFE_MS);
    exported.handleWant(1, 1, false, 2000);
    exported.handleTimeout(1000 + WANT_LIFE_MS - 1);
    assert.equal(exported.isWanted, true);
    exported.handleTimeout(1000 + WANT_LIFE_MS);
    assert.equal(exported.nextTimeout(), 2000 + WANT_LIFE_MS);
    exported.handleTimeout(2000 + WANT_LIFE_MS);
    assert.deepEqual([exported.isWanted, exported.nextTimeout()], [false, Infinity]);
  },
});

Deno.test({
  name: "B387: who begins to want an encoding is sent its report first, and a key frame is asked for once",
  permissions: "none",
  fn() {
    const { bus, producer, exported, requests } = setUp();
    send(producer, PACKETS, 0);
    producer.encodings[0].handleSenderReport(Object.assign(new SenderReport(), { ssrc: 1000, ntpSeconds: 9 }), 0);
    exported.handleWant(1, 1, false, 1000);
    const [report] = bus.take();
    assert.deepEqual(told([report]), ["10 senderReport"]);
    assert.deepEqual(requests, [1000]);
    exported.handleWant(1, 1, false, 2000);
    assert.deepEqual([bus.take(), requests], [[], [1000]], "the same once more is no news");
    exported.handleWant(3, 1, false, 2100);
    assert.deepEqual(told(bus.take()), ["1000 senderReport"], "who is new is told, and nobody else");
    const later = Object.assign(new SenderReport(), { ssrc: 1000, ntpSeconds: 10 });
    producer.encodings[0].handleSenderReport(later, 2200);
    producer.handleTimeout(2300);
    assert.deepEqual(told(bus.take()), ["1010 senderReport"], "each of them has the next");
  },
});

Deno.test({
  name:
    "B388: of several encodings a node that wants some is told what all are like; what there is not cannot be wanted",
  permissions: "none",
  fn() {
    const encodings = [{ rid: "q", ssrcs: [1] }, { rid: "h", ssrcs: [2] }];
    const { bus, producer, exported } = setUp(videoProducer({ ssrcs: [1, 2], encodings }));
    const payload = Uint8Array.of(0x10, 0x10, 0, 0, 0x9d, 1, 0x2a, 64, 1, 180, 0);
    producer.offered[0].handleRtp(runOf(buildRtp({ ssrc: 1, sequenceNumber: 1, payload })), 0, 1, 0);
    exported.handleWant(1, 0b10, false, 0);
    const [facts] = bus.take();
    assert.deepEqual(told([facts]), ["10 facts"]);
    assert.deepEqual(read(facts).factsOf(0), { isActive: true, width: 320, height: 180, bitsPerSecond: 0 });
    assert.deepEqual(read(facts).factsOf(1), { isActive: false, width: 0, height: 0, bitsPerSecond: 0 });
    assert.deepEqual(producer.offered.map((encoding) => exported.wants(encoding)), [false, true]);
    exported.handleWant(3, 0b01, false, 0);
    bus.take();
    producer.offered[1].handleRtp(runOf(buildRtp({ ssrc: 2, sequenceNumber: 1, payload })), 0, 1, 10);
    assert.deepEqual(told(bus.take()), ["1010 facts", "10 rtp"], "all are told where one begins, or stops");
    exported.dropNode(3);
    exported.handleWant(1, 0b1111_1100, false, 20);
    assert.deepEqual([exported.isWanted, bus.take()], [false, []]);
  },
});

Deno.test({
  name: "B385: what a node misses goes to that node, out of the cache, and only of the stream that it means",
  permissions: "none",
  fn() {
    const { bus, producer, exported } = setUp();
    send(producer, PACKETS, 0);
    exported.handleWant(1, 1, false, 0);
    exported.handleWant(2, 1, false, 0);
    for (const number of [3, 1, 9]) exported.sendAgain(2, 0, 1000, number, 100);
    const frames = bus.take();
    assert.deepEqual(told(frames), ["100 rtp", "100 rtp"]);
    assert.deepEqual(frames.map(({ bytes }) => bytes.slice(RTP_HEAD_LENGTH)), [PACKETS[2], PACKETS[0]]);
    exported.sendAgain(2, 0, 999, 1, 100);
    exported.sendAgain(2, 5, 1000, 1, 100);
    exported.sendAgain(2, 0, 1000, 1, 5000);
    exported.requestKeyFrame(5, 100);
    assert.deepEqual(bus.take(), []);
  },
});

Deno.test({
  name: "B389: a view that says something else than its bytes goes on as it says",
  permissions: "none",
  fn() {
    const { bus, producer, exported } = setUp(audioProducer());
    exported.handleWant(1, 1, false, 0);
    const extensions = new Map([[1, Uint8Array.of(30)]]);
    const run = runOf(
      buildRtp({ payloadType: 111, ssrc: 2000, sequenceNumber: 1, extensions, payload: Uint8Array.of(5) }),
    );
    run.packets[0].marker = true;
    producer.encodings[0].handleRtp(run, 0, 1, 0);
    const marked = buildRtp({
      payloadType: 111,
      ssrc: 2000,
      sequenceNumber: 1,
      extensions,
      payload: Uint8Array.of(5),
      marker: true,
    });
    assert.deepEqual(bus.take().map(({ bytes }) => bytes.slice(RTP_HEAD_LENGTH)), [marked]);
  },
});
