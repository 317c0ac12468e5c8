import assert from "node:assert/strict";
import {
  addPeer,
  audioProducer,
  consumerParameters,
  OPUS,
  pictureLossIndications,
  type TestPeer,
  videoProducer,
} from "../../tests/harness/engine.ts";
import { buildRtp, parseRtp, runOf, VP8_DELTA_FRAME, VP8_KEY_FRAME } from "../../tests/harness/rtp_builder.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import type { QualityReport } from "./quality.ts";
import { Router } from "./router.ts";
import type { ProducerParameters } from "./types.ts";

function setUp(parameters: ProducerParameters) {
  const router = new Router();
  const random = seededRandom(1);
  const reports: QualityReport[] = [];
  const publisher = addPeer(router, random);
  const producer = publisher.publish(parameters);
  const join = (): TestPeer => {
    const joined = addPeer(router, random, false, { report: (report) => void reports.push(report) });
    joined.peer.requestKeyFrames(0);
    joined.subscribe(producer.id, consumerParameters(parameters.kind === "audio" ? { codec: OPUS } : {}));
    return joined;
  };
  let number = 0;
  /** A packet of the publisher, once the subscribers have looked; what a subscriber is sent of it, by its numbers. */
  const send = (subscriber: TestPeer, payload: Uint8Array, nowMs: number) => {
    if (subscriber.peer.nextTimeout() <= nowMs) subscriber.peer.handleTimeout(nowMs);
    const [ssrc] = parameters.ssrcs;
    const { payloadType } = parameters.codec;
    const bytes = buildRtp({ ssrc, payloadType, sequenceNumber: ++number, timestamp: number * 3000, payload });
    publisher.peer.handleRtp(runOf(bytes), nowMs);
    return subscriber.sender.takeRtp().map((packet) => parseRtp(packet).sequenceNumber);
  };
  return { router, publisher, producer, join, send, reports };
}

Deno.test({
  name:
    "B499, P134: nothing of a muted video is forwarded; unmuted it goes on at a key frame, which is asked for, without a gap",
  permissions: "none",
  fn() {
    const { publisher, join, send, reports } = setUp(videoProducer());
    const subscriber = join();
    const [first] = send(subscriber, VP8_KEY_FRAME, 0);
    publisher.peer.mute("0", true);
    assert.deepEqual(send(subscriber, VP8_KEY_FRAME, 2000), []);
    assert.deepEqual(send(subscriber, VP8_DELTA_FRAME, 3100), []);
    const [track] = reports.at(-1)?.tracks ?? [];
    assert.deepEqual([track.state, track.reason], ["off", "muted by whoever runs the server"]);
    publisher.sender.takeRtcp();
    publisher.peer.mute("0", false);
    assert.deepEqual(send(subscriber, VP8_DELTA_FRAME, 4000), []);
    assert.deepEqual(pictureLossIndications(publisher.sender.takeRtcp()), [1000]);
    assert.deepEqual(send(subscriber, VP8_KEY_FRAME, 4100), [(first + 1) & 0xffff]);
  },
});

Deno.test({
  name: "B499, P134: who subscribes to a muted track is sent nothing until it is unmuted",
  permissions: "none",
  fn() {
    const { publisher, join, send } = setUp(videoProducer());
    publisher.peer.mute("0", true);
    const late = join();
    assert.deepEqual(send(late, VP8_KEY_FRAME, 1000), []);
    publisher.peer.mute("0", false);
    assert.equal(send(late, VP8_KEY_FRAME, 2000).length, 1);
    publisher.peer.mute("no such m-line", true);
    assert.equal(send(late, VP8_DELTA_FRAME, 3000).length, 1);
  },
});

Deno.test({
  name: "B499, P134: of a muted microphone nothing is forwarded, and its subscriber is told why",
  permissions: "none",
  fn() {
    const { publisher, join, send, reports } = setUp(audioProducer());
    const subscriber = join();
    const sound = new Uint8Array(40);
    assert.equal(send(subscriber, sound, 0).length, 1);
    publisher.peer.mute("1", true);
    assert.deepEqual(send(subscriber, sound, 2000), []);
    assert.deepEqual(send(subscriber, sound, 3100), []);
    assert.equal(reports.at(-1)?.tracks[0]?.reason, "muted by whoever runs the server");
    publisher.peer.mute("1", false);
    assert.equal(send(subscriber, sound, 5000).length, 1);
  },
});
