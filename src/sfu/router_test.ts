import assert from "node:assert/strict";
import { addPeer, audioProducer, consumerParameters, videoProducer } from "../../tests/harness/engine.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import { Router, type RouterMember } from "./router.ts";

/** A member that writes down what it is told. */
class RecordingMember implements RouterMember {
  readonly ended: string[] = [];
  readonly muted: string[] = [];

  unsubscribeTrack(trackId: string): void {
    this.ended.push(trackId);
  }

  trackMuted(trackId: string): void {
    this.muted.push(trackId);
  }

  speakersChanged(): void {}
}

Deno.test({
  name: "a track is found by its id from its publication to its end",
  permissions: "none",
  fn() {
    const router = new Router();
    const publisher = addPeer(router, seededRandom(1));
    const [video, audio] = [publisher.publish(videoProducer()), publisher.publish(audioProducer())];
    assert.equal(router.producers.get(video.id), video);
    publisher.peer.unpublish(video.mid);
    assert.equal(router.producers.get(video.id), undefined);
    assert.deepEqual([...router.producers.values()], [audio]);
  },
});

Deno.test({
  name: "a track's end is told once, to each peer that has joined and not left",
  permissions: "none",
  fn() {
    const router = new Router();
    const publisher = addPeer(router, seededRandom(2));
    const [one, two, left] = [new RecordingMember(), new RecordingMember(), new RecordingMember()];
    for (const member of [one, two, left]) router.addMember(member);
    const video = publisher.publish(videoProducer());
    router.removeMember(left);
    router.removeProducer(video);
    router.removeProducer(video);
    assert.deepEqual([one, two, left].map(({ ended }) => ended), [[video.id], [video.id], []]);
  },
});

Deno.test({
  name: "a subscriber of a track that ends is sent no more of it, and may take another one in its place",
  permissions: "none",
  fn() {
    const router = new Router();
    const random = seededRandom(3);
    const [publisher, subscriber, other] = [addPeer(router, random), addPeer(router, random), addPeer(router, random)];
    const first = publisher.publish(videoProducer());
    const second = publisher.publish(videoProducer({ mid: "1", ssrcs: [1001] }));
    subscriber.subscribe(first.id, consumerParameters());
    other.subscribe(second.id, consumerParameters());
    publisher.peer.unpublish(first.mid);
    assert.equal(subscriber.peer.consumers.size, 0);
    assert.equal(other.peer.consumers.size, 1, "who receives another track keeps it");
    assert.ok(subscriber.subscribe(second.id, consumerParameters()));
    assert.equal(subscriber.subscribe(first.id, consumerParameters({ mid: "6" })), undefined);
  },
});

Deno.test({
  name: "B44: a peer that leaves takes its tracks along, and the last one leaves nothing",
  permissions: "none",
  fn() {
    const router = new Router();
    const random = seededRandom(4);
    const [one, two] = [addPeer(router, random), addPeer(router, random)];
    const tracks = [one, two].map((peer) => peer.publish(videoProducer()));
    one.subscribe(tracks[1].id, consumerParameters());
    two.subscribe(tracks[0].id, consumerParameters());
    assert.equal(router.size, 2);
    one.peer.close();
    one.peer.close();
    assert.deepEqual([router.size, [...router.producers.values()]], [1, [tracks[1]]]);
    assert.equal(two.peer.consumers.size, 0);
    two.peer.close();
    assert.deepEqual([router.size, router.producers.size], [0, 0]);
  },
});

Deno.test({
  name: "B499: each peer is told that a track is muted, and that it is no more, once",
  permissions: "none",
  fn() {
    const router = new Router();
    const member = new RecordingMember();
    router.addMember(member);
    const video = addPeer(router, seededRandom(3)).publish(videoProducer());
    for (const isMuted of [true, true, false]) router.mute(video, isMuted);
    assert.deepEqual([member.muted, video.isMuted], [[video.id, video.id], false]);
  },
});
