import assert from "node:assert/strict";
import {
  audioProducer,
  consumerParameters,
  OPUS,
  outgoingStream,
  videoProducer,
  VP8,
} from "../../tests/harness/engine.ts";
import { RecordingBus } from "../../tests/harness/recording_bus.ts";
import { RecordingSender } from "../../tests/harness/recording_sender.ts";
import { buildRtp, parseRtp, runOf, VP8_DELTA_FRAME, VP8_KEY_FRAME } from "../../tests/harness/rtp_builder.ts";
import { Consumer } from "../sfu/consumer.ts";
import { Router } from "../sfu/router.ts";
import { newMediaCounters } from "../sfu/track_counters.ts";
import type { ConsumerParameters, ProducerParameters } from "../sfu/types.ts";
import { FRAME, RelayFrameReader } from "./relay_frames.ts";
import { RelayImport } from "./relay_import.ts";

function setUp(parameters: ProducerParameters = videoProducer()) {
  const bus = new RecordingBus();
  const router = new Router();
  const imported = new RelayImport({
    command: { type: "import", roomId: "room", trackId: "track", peerId: "peer", from: 3, relay: 7, parameters },
    bus,
    router,
    equalizesLengths: false,
    counters: newMediaCounters(),
    received: newMediaCounters(),
    whenFaulty: (error) => assert.fail(String(error)),
  });
  const producer = router.producers.get("track") ?? assert.fail();
  const sender = new RecordingSender();
  const subscribe = (taken: Partial<ConsumerParameters> = {}) => {
    const consumer = new Consumer(producer, consumerParameters(taken), outgoingStream(7000, undefined, 1), sender);
    consumer.begin();
    return consumer;
  };
  /** What was sent since the last call, each to node 3 alone. */
  const take = () =>
    bus.take().map(({ to, bytes }) => {
      assert.equal(to, 1 << 3);
      const reader = new RelayFrameReader();
      assert.ok(reader.read(bytes, bytes.length) && reader.relay === 7);
      return reader;
    });
  return { imported, router, producer, sender, subscribe, take };
}

const packet = (sequenceNumber: number, payload = VP8_DELTA_FRAME) =>
  runOf(buildRtp({ ssrc: 1000, sequenceNumber, payload }));

Deno.test({
  name: "B454: where the way to its node is lost what is wanted is said at once, and again as if it were new",
  permissions: "none",
  fn() {
    const { imported, subscribe, take } = setUp();
    imported.handleTimeout(0);
    imported.sayAgain(0);
    assert.deepEqual([take(), imported.nextTimeout()], [[], Infinity], "nothing is wanted");
    subscribe();
    for (let nowMs = 1000; nowMs < 6000; nowMs += 10) {
      if (imported.nextTimeout() <= nowMs) imported.handleTimeout(nowMs);
    }
    take();
    imported.sayAgain(6000);
    assert.deepEqual(take().map(({ type, wantedSet }) => [type, wantedSet]), [[FRAME.want, 1]]);
    const times: number[] = [];
    for (let nowMs = 6000; nowMs < 9000; nowMs += 10) {
      if (imported.nextTimeout() <= nowMs) imported.handleTimeout(nowMs);
      times.push(...take().map(() => nowMs - 6000));
    }
    assert.deepEqual(times, [50, 150, 350, 750, 1550, 2550]);
  },
});

Deno.test({
  name:
    "B382: what is wanted is said when it changes, after 50 ms, 100, 200, and so on up to a second, and its end at once",
  permissions: "none",
  fn() {
    const { imported, subscribe, take } = setUp();
    imported.handleTimeout(0);
    assert.deepEqual([take(), imported.nextTimeout()], [[], Infinity], "nobody is there");
    const consumer = subscribe();
    const times: number[] = [];
    for (let nowMs = 1000; nowMs < 6000; nowMs += 10) {
      if (imported.nextTimeout() <= nowMs) imported.handleTimeout(nowMs);
      for (const frame of take()) {
        assert.deepEqual([frame.type, frame.wantedSet, frame.isPinned], [FRAME.want, 1, false]);
        assert.deepEqual([frame.roomId, frame.trackId], ["room", "track"]);
        times.push(nowMs - 1000);
      }
    }
    assert.deepEqual(times, [0, 50, 150, 350, 750, 1550, 2550, 3550, 4550]);
    consumer.pause();
    imported.handleTimeout(6000);
    take();
    imported.handleTimeout(7000);
    assert.deepEqual(take().map(({ wantedSet }) => wantedSet), [0]);
    assert.equal(imported.nextTimeout(), Infinity);
    imported.close();
    assert.deepEqual(take(), [], "it wanted nothing");
  },
});

Deno.test({
  name: "B385: what is asked of its publisher goes over the bus: key frames, by whatever was negotiated, and packets",
  permissions: "none",
  fn() {
    for (const keyFrameRequest of ["pli", "fir"] as const) {
      const { imported, subscribe, take } = setUp(videoProducer({ codec: { ...VP8, keyFrameRequest } }));
      const [stream] = imported.streams;
      const consumer = subscribe();
      consumer.requestKeyFrame(0);
      assert.deepEqual(take(), [], "there is no stream yet");
      stream.handleRtp(packet(1), 0, 1, 0, 0);
      assert.deepEqual(take().map(({ type, encoding }) => [type, encoding]), [[FRAME.keyFrame, 0]]);
      stream.handleRtp(packet(2, VP8_KEY_FRAME), 0, 1, 0, 100);
      stream.handleRtp(packet(10), 0, 1, 0, 110);
      const [nack] = take();
      assert.deepEqual([nack.type, nack.ssrc, nack.missingCount], [FRAME.nack, 1000, 7]);
      assert.deepEqual(Array.from({ length: 7 }, (_, index) => nack.missingAt(index)), [3, 4, 5, 6, 7, 8, 9]);
      imported.sendPictureLossIndication(999);
      imported.sendNack(999, Uint16Array.of(1), 1);
      assert.deepEqual(take(), [], "what is no stream of it is not asked for");
    }
  },
});

Deno.test({
  name: "B389: another epoch goes on without a gap, with the marker; and sound is asked for by none",
  permissions: "none",
  fn() {
    const { imported, sender, subscribe, take } = setUp(audioProducer({ codec: { ...OPUS, nack: true } }));
    subscribe({ codec: OPUS });
    const [stream] = imported.streams;
    const sound = (sequenceNumber: number) =>
      runOf(buildRtp({ payloadType: 111, ssrc: 2000, sequenceNumber, timestamp: sequenceNumber * 960 }));
    for (const [number, epoch] of [[1, 5], [2, 5], [60, 6], [61, 6], [63, 6], [900, 5]]) {
      stream.handleRtp(sound(number), 0, 1, epoch, number * 20);
    }
    const sent = sender.takeRtp().map(parseRtp);
    const [first] = sent;
    assert.deepEqual(sent.map(({ sequenceNumber }) => (sequenceNumber - first.sequenceNumber) & 0xffff), [
      0,
      1,
      2,
      3,
      5,
      6,
    ]);
    assert.deepEqual(sent.map(({ timestamp }) => (timestamp - first.timestamp) / 960), [0, 1, 59, 60, 62, 899]);
    assert.deepEqual(sent.map(({ marker }) => marker), [true, false, true, false, false, true]);
    imported.handleTimeout(20_000);
    assert.ok(take().every(({ type }) => type === FRAME.want));
  },
});

Deno.test({
  name: "B392: where its node is gone it is silent, and stays for who receives it until it is closed",
  permissions: "none",
  fn() {
    const { imported, router, producer, subscribe, take } = setUp();
    const consumer = subscribe();
    imported.streams[0].handleRtp(packet(1), 0, 1, 0, 0);
    take();
    imported.handleNodeLoss();
    consumer.requestKeyFrame(1000);
    for (let nowMs = 0; nowMs < 5000; nowMs += 25) imported.handleTimeout(nowMs);
    assert.deepEqual([take(), router.producers.get("track")], [[], producer]);
    const ended: string[] = [];
    router.addMember({
      unsubscribeTrack: (trackId) => void ended.push(trackId),
      trackMuted() {},
      speakersChanged: () => {},
    });
    imported.close();
    assert.deepEqual([take(), router.producers.size, ended], [[], 0, ["track"]]);
  },
});

Deno.test({
  name: "B383: pinned or not is said with what is wanted, as soon as it changes",
  permissions: "none",
  fn() {
    const { imported, subscribe, take } = setUp(audioProducer());
    const consumer = subscribe({ codec: OPUS });
    imported.handleTimeout(0);
    assert.deepEqual(take().map(({ isPinned }) => isPinned), [false]);
    consumer.pin(true);
    assert.ok(imported.nextTimeout() <= 25);
    imported.handleTimeout(25);
    consumer.pin(false);
    imported.handleTimeout(30);
    assert.deepEqual(take().map(({ isPinned, wantedSet }) => [isPinned, wantedSet]), [[true, 1], [false, 1]]);
  },
});
