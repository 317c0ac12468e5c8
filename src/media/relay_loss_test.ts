import assert from "node:assert/strict";
import { randomSeed } from "../../tests/harness/random_seed.ts";
import { cameraOf, type ReceivedPicture, VideoPublisher, VideoSubscriber } from "../../tests/harness/relayed_video.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import { SharedRoom } from "../../tests/harness/shared_room.ts";
import { sequenceDiff } from "../rtp/sequence.ts";

/** A camera in one encoding at node 0 of a room in three nodes, received in both others. */
class LossyCall {
  readonly room = new SharedRoom(3);
  readonly alice = this.room.join(0);
  readonly publisher: VideoPublisher;
  readonly bob = new VideoSubscriber(this.room.join(1));
  readonly carol = new VideoSubscriber(this.room.join(2));

  constructor(seed: number) {
    this.publisher = new VideoPublisher(this.alice, seed, [0]);
    this.room.publish(0, this.alice, "track", cameraOf([0]));
    for (const subscriber of [this.bob, this.carol]) subscriber.subscribe("track");
    this.play(1000);
    for (const subscriber of [this.bob, this.carol]) subscriber.take();
    this.room.forget();
    this.publisher.requests.length = 0;
  }

  play(durationMs: number): void {
    this.room.play(durationMs, (nowMs) => this.publisher.step(nowMs));
  }
}

/** True in `percent` of the calls. */
function chance(seed: number, percent: number): () => boolean {
  const random = seededRandom(seed);
  return () => random.uint32() < percent / 100 * 2 ** 32;
}

/** How many packets are missing in what came, each of which came once. */
function gapsOf(pictures: readonly ReceivedPicture[], message: string): number {
  const numbers = pictures.map(({ packet }) => packet.sequenceNumber);
  assert.equal(new Set(numbers).size, numbers.length, message);
  const [first] = numbers;
  const distances = numbers.map((number) => sequenceDiff(number, first));
  return Math.max(...distances) - Math.min(...distances) + 1 - numbers.length;
}

Deno.test({
  name: "B385: what the bus loses of 5% is asked for by NACK and comes, to the node that misses it alone",
  permissions: "none",
  fn() {
    const seed = randomSeed();
    const call = new LossyCall(seed);
    const isUnlucky = chance(seed, 5);
    let lost = 0;
    call.room.loses = ({ to }) => to !== 2 && isUnlucky() && ++lost > 0;
    call.play(10_000);
    call.room.loses = () => false;
    call.play(500);
    const message = `seed ${seed}`;
    assert.ok(lost > 20, message);
    assert.deepEqual([gapsOf(call.bob.take(), message), gapsOf(call.carol.take(), message)], [0, 0], message);
    assert.deepEqual(call.publisher.requests, [], `${message}: nobody needs a key frame`);
    const toCarol = call.room.crossed.filter(({ type, to }) => type === "rtp" && to === 2);
    assert.equal(
      new Set(toCarol.map(({ bytes }) => `${bytes}`)).size,
      toCarol.length,
      "nothing of it went to the other",
    );
    const nacks = call.room.take("nack");
    assert.ok(nacks.length > 10 && nacks.every(({ from, to }) => from === 1 && to === 0), message);
    assert.deepEqual(call.publisher.nacked, [], "the publisher has lost nothing");
  },
});

Deno.test({
  name: "B385: where the bus has lost more than a second a key frame is asked for, and nothing else of what is lost",
  permissions: "none",
  fn() {
    const call = new LossyCall(1);
    call.room.loses = ({ type, to }) => type === "rtp" && to === 1;
    call.play(1500);
    call.room.loses = () => false;
    const { nowMs } = call.room;
    call.play(2000);
    assert.deepEqual(call.room.crossed.filter(({ type }) => type === "nack"), []);
    assert.equal(call.room.take("keyFrame").length, 1);
    assert.deepEqual(call.publisher.requests, [0]);
    const picture = call.bob.take().find(({ isKeyFrame, capturedMs }) => isKeyFrame && capturedMs > nowMs);
    assert.ok(picture !== undefined && picture.capturedMs - nowMs < 300);
  },
});

Deno.test({
  name: "B385: what is lost on the way up is repaired once, by the node of the publisher, and goes on to all others",
  permissions: "none",
  fn() {
    const seed = randomSeed();
    const call = new LossyCall(seed);
    const isUnlucky = chance(seed, 5);
    call.publisher.loses = () => isUnlucky();
    call.play(10_000);
    call.publisher.loses = () => false;
    call.play(500);
    const message = `seed ${seed}`;
    assert.ok(call.publisher.nacked.length > 20, message);
    assert.equal(new Set(call.publisher.nacked).size, call.publisher.nacked.length, `${message}: each once`);
    assert.deepEqual([gapsOf(call.bob.take(), message), gapsOf(call.carol.take(), message)], [0, 0], message);
    const { video } = call.room.nodes[0].engine.gather().tracks;
    assert.equal(video.recoveredUpstream, call.publisher.nacked.length, message);
  },
});

Deno.test({
  name: "B385: a request for a key frame that the bus loses is repeated",
  permissions: "none",
  fn() {
    const call = new LossyCall(2);
    let lost = 0;
    call.room.loses = ({ type }) => type === "keyFrame" && ++lost <= 2;
    call.bob.requestKeyFrame();
    call.play(2000);
    assert.deepEqual([lost, call.publisher.requests], [3, [0]]);
    assert.equal(call.bob.take().filter(({ isKeyFrame }) => isKeyFrame).length, 3, "one picture");
  },
});

Deno.test({
  name: "B385: a publisher without NACK is not asked for packets, but what the bus loses of it is healed",
  permissions: "none",
  fn() {
    const room = new SharedRoom(2);
    const [alice, bob] = [room.join(0), new VideoSubscriber(room.join(1))];
    const parameters = cameraOf([0]);
    room.publish(0, alice, "track", { ...parameters, codec: { ...parameters.codec, nack: false } });
    bob.subscribe("track");
    const publisher = new VideoPublisher(alice, 3, [0]);
    const isUnlucky = chance(3, 5);
    room.play(500, (nowMs) => publisher.step(nowMs));
    room.loses = ({ type }) => type === "rtp" && isUnlucky();
    room.play(5000, (nowMs) => publisher.step(nowMs));
    room.loses = () => false;
    room.play(500, (nowMs) => publisher.step(nowMs));
    assert.equal(gapsOf(bob.take(), "seed 3"), 0);
    assert.ok(room.take("nack").length > 10);
    assert.deepEqual(publisher.nacked, []);
  },
});
