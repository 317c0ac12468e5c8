import assert from "node:assert/strict";
import { cameraOf, type ReceivedPicture, VideoPublisher, VideoSubscriber } from "../../tests/harness/relayed_video.ts";
import { SharedRoom } from "../../tests/harness/shared_room.ts";
import { FRAME_MS } from "../../tests/harness/simulcast_track.ts";
import type { WantedQuality } from "../sfu/quality.ts";
import type { ProducerParameters } from "../sfu/types.ts";

const SMALL: WantedQuality = { width: 320, height: 180 };
const MIDDLE: WantedQuality = { width: 640, height: 360 };
const [Q, H, F] = [0, 1, 2];

/** A camera in three encodings at node 0 of a room in three nodes. Its publisher sends those that it is told to. */
class SimulcastCall {
  readonly room = new SharedRoom(3);
  readonly alice = this.room.join(0);
  readonly publisher: VideoPublisher;

  /** `order` is that of the offer. */
  constructor(seed: number, order: readonly number[] = [Q, H, F], parameters: ProducerParameters = cameraOf(order)) {
    this.publisher = new VideoPublisher(this.alice, seed, [Q, H, F]);
    this.room.publish(0, this.alice, "track", parameters);
  }

  subscribe(node: number, wanted: WantedQuality): VideoSubscriber {
    const subscriber = new VideoSubscriber(this.room.join(node));
    subscriber.peer.say({ type: "setQuality", trackId: "track", wanted });
    subscriber.subscribe("track");
    return subscriber;
  }

  want({ peer }: VideoSubscriber, wanted: WantedQuality): void {
    peer.say({ type: "setQuality", trackId: "track", wanted });
  }

  play(durationMs: number): void {
    this.room.play(durationMs, (nowMs) => {
      this.obey();
      this.publisher.step(nowMs);
    });
  }

  /** As a browser does: what nobody receives is not sent. */
  obey(): void {
    for (const event of this.alice.events.splice(0)) {
      if (event.type !== "layersWanted") continue;
      for (const encoder of this.publisher.encoders) encoder.enabled = event.active.includes("qhf"[encoder.index]);
    }
  }

  /** The encodings whose packets crossed to a node since the last call, lowest first. */
  crossedTo(node: number): number[] {
    const frames = this.room.crossed.filter(({ type, to }) => type === "rtp" && to === node);
    return [...new Set(frames.map(({ encoding }) => encoding))].toSorted();
  }
}

function encodingsOf(pictures: readonly ReceivedPicture[]): number[] {
  return pictures.map(({ encoding }) => encoding).filter((encoding, index, all) => encoding !== all[index - 1]);
}

function assertContinuous(pictures: readonly ReceivedPicture[]): void {
  const first = pictures[0].packet.sequenceNumber;
  const numbers = pictures.map(({ packet }) => packet.sequenceNumber);
  assert.deepEqual(numbers, numbers.map((_, index) => (first + index) & 0xffff));
}

/** That timestamps follow the publisher's clock, whatever encoding they are of. */
function assertAligned(pictures: readonly ReceivedPicture[]): void {
  const offsets = pictures.map(({ packet, capturedMs }) => (packet.timestamp - 90 * capturedMs) | 0);
  for (const offset of offsets) assert.ok(Math.abs(offset - offsets[0]) <= 90, "at most 1 ms of misalignment");
}

Deno.test({
  name: "B381: of the encodings of a track those cross to a node that are wanted there",
  permissions: "none",
  fn() {
    const call = new SimulcastCall(1);
    const [bob, carol] = [call.subscribe(1, SMALL), call.subscribe(2, {})];
    call.play(6000);
    for (const subscriber of [bob, carol]) subscriber.take();
    call.room.forget();
    call.play(2000);
    assert.deepEqual(encodingsOf(bob.take()), [Q]);
    assert.deepEqual(encodingsOf(carol.take()), [F]);
    assert.deepEqual([call.crossedTo(1), call.crossedTo(2)], [[Q], [F]]);
    const dave = call.subscribe(1, {});
    call.play(6000);
    dave.take();
    call.room.forget();
    call.play(2000);
    assert.deepEqual([encodingsOf(bob.take()), encodingsOf(dave.take())], [[Q], [F]]);
    assert.deepEqual([call.crossedTo(1), call.crossedTo(2)], [[Q, F], [F]]);
    const frames = call.room.crossed.filter(({ type, encoding }) => type === "rtp" && encoding === F);
    assert.ok(Math.abs(frames.length - 2 * 3 * 2000 / FRAME_MS) <= 6, "once for each node");
  },
});

Deno.test({
  name: "B380: a subscriber in another node goes from encoding to encoding without a gap, in numbers or in time",
  permissions: "none",
  fn() {
    for (const seed of [1, 2, 3]) {
      const call = new SimulcastCall(seed);
      const bob = call.subscribe(1, SMALL);
      call.play(5000);
      bob.take();
      const pictures: ReceivedPicture[] = [];
      for (const wanted of [{}, MIDDLE, SMALL, {}]) {
        const { nowMs } = call.room;
        call.want(bob, wanted);
        call.play(3000);
        const received = bob.take();
        const switched = received.findIndex(({ encoding }) => encoding !== received[0].encoding);
        assert.ok(received[switched].isKeyFrame, `seed ${seed}`);
        assert.ok(received[switched].capturedMs - nowMs < 1000, `seed ${seed}: within a second`);
        pictures.push(...received);
      }
      assert.deepEqual(encodingsOf(pictures), [Q, F, H, Q, F], `seed ${seed}`);
      assertContinuous(pictures);
      assertAligned(pictures);
    }
  },
});

Deno.test({
  name: "B383: what a node wants counts for the publisher, who stops what nobody wants anywhere, and begins again",
  permissions: "none",
  fn() {
    const call = new SimulcastCall(4);
    const local = call.subscribe(0, SMALL);
    const bob = call.subscribe(1, MIDDLE);
    call.play(6000);
    assert.deepEqual(call.publisher.encoders.map(({ enabled }) => enabled), [true, true, false]);
    call.want(bob, SMALL);
    call.play(4000);
    assert.deepEqual(call.publisher.encoders.map(({ enabled }) => enabled), [true, false, false]);
    local.peer.say({ type: "leave" });
    bob.take();
    const { nowMs } = call.room;
    call.want(bob, {});
    call.play(3000);
    assert.deepEqual(call.publisher.encoders.map(({ enabled }) => enabled), [false, false, true]);
    const pictures = bob.take();
    assert.deepEqual(encodingsOf(pictures), [Q, F]);
    assertContinuous(pictures);
    assertAligned(pictures);
    const first = pictures.find(({ encoding }) => encoding === F);
    assert.ok(first !== undefined && first.capturedMs - nowMs < 1000);
  },
});

Deno.test({
  name:
    "B387: who goes to an encoding that its publisher begins again does so with the first packet of it that crosses",
  permissions: "none",
  fn() {
    const call = new SimulcastCall(5);
    call.play(2000);
    const bob = call.subscribe(1, SMALL);
    call.play(6000);
    assert.equal(call.publisher.encoders[F].enabled, false);
    bob.take();
    call.room.forget();
    call.publisher.encoders[F].keyFrameWanted = true;
    call.want(bob, {});
    call.play(2000);
    const first = bob.take().find(({ encoding }) => encoding === F);
    const crossed = call.room.crossed.find(({ type, encoding }) => type === "rtp" && encoding === F);
    assert.equal(first?.capturedMs, crossed?.atMs);
    const report = call.room.crossed.find(({ type, encoding }) => type === "senderReport" && encoding === F);
    assert.ok(report !== undefined && crossed !== undefined && report.atMs < crossed.atMs, "its clock came ahead");
  },
});

Deno.test({
  name: "B388: an importer knows the sizes of encodings that never came to it, and so which is the lowest in any order",
  permissions: "none",
  fn() {
    const call = new SimulcastCall(6, [F, H, Q]);
    const local = call.subscribe(0, {});
    call.play(3000);
    const bob = call.subscribe(1, SMALL);
    call.play(1500);
    bob.take();
    call.play(4000);
    assert.deepEqual(encodingsOf(bob.take()), [Q]);
    call.want(bob, MIDDLE);
    call.play(3000);
    assert.equal(bob.take().at(-1)?.encoding, H);
    call.want(bob, {});
    call.play(3000);
    assert.equal(bob.take().at(-1)?.encoding, F);
    assert.equal(local.take().at(-1)?.encoding, F);
    const reports = call.room.crossed.filter(({ type }) => type === "facts");
    assert.ok(reports.every(({ to }) => to === 1) && reports.length >= 10);
  },
});

Deno.test({
  name:
    "B388: where its publisher does not send what is wanted the next lower encoding crosses, as it is known to be sent",
  permissions: "none",
  fn() {
    const call = new SimulcastCall(8);
    const local = call.subscribe(0, MIDDLE);
    call.play(4000);
    assert.deepEqual(call.publisher.encoders.map(({ enabled }) => enabled), [false, true, false]);
    // It has no bits for the highest, whoever asks.
    const play = (durationMs: number, highest: boolean) =>
      call.room.play(durationMs, (nowMs) => {
        call.obey();
        call.publisher.encoders[F].enabled &&= highest;
        call.publisher.step(nowMs);
      });
    const { nowMs } = call.room;
    const bob = call.subscribe(1, {});
    play(2000, false);
    const pictures = bob.take();
    assert.deepEqual(encodingsOf(pictures), [Q, H], "as ever it begins low");
    assert.ok(pictures[0].capturedMs - nowMs < 300, `${pictures[0].capturedMs - nowMs} ms`);
    call.publisher.encoders[F].enabled = true;
    play(2000, true);
    assert.equal(bob.take().at(-1)?.encoding, F, "it is gone to once it comes");
    play(3000, false);
    const later = bob.take();
    assert.equal(later.at(-1)?.encoding, H, "and left where it stops");
    const gapMs = Math.max(...later.slice(1).map(({ capturedMs }, index) => capturedMs - later[index].capturedMs));
    assert.ok(gapMs < 1200, `${gapMs} ms without a picture`);
    assert.equal(local.take().at(-1)?.encoding, H);
  },
});

Deno.test({
  name: "B383: encodings without a RID are asked for over the bus all the same, and their publisher is told nothing",
  permissions: "none",
  fn() {
    const parameters = cameraOf([Q, H, F]);
    const encodings = parameters.encodings?.map(({ rid: _, ...encoding }) => encoding);
    const call = new SimulcastCall(7, [Q, H, F], { ...parameters, ...(encodings && { encodings }) });
    const bob = call.subscribe(1, SMALL);
    call.play(4000);
    bob.take();
    call.room.forget();
    call.play(2000);
    assert.deepEqual([encodingsOf(bob.take()), call.crossedTo(1)], [[Q], [Q]]);
    call.want(bob, {});
    call.play(4000);
    assert.equal(bob.take().at(-1)?.encoding, F);
    assert.deepEqual(call.alice.events.filter(({ type }) => type === "layersWanted"), []);
    assert.deepEqual(call.publisher.encoders.map(({ enabled }) => enabled), [true, true, true]);
  },
});
