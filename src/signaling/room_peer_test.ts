import assert from "node:assert/strict";
import { consumerParameters, OPUS, videoProducer, VP8 } from "../../tests/harness/engine.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import type { PeerCommand } from "../media/messages.ts";
import type { RandomSource } from "../sfu/random.ts";
import { Room } from "./room.ts";
import { RoomPeer } from "./room_peer.ts";

const WITH_RTX = consumerParameters({ codec: { ...VP8, payloadType: 120, rtxPayloadType: 121 } });
const IGNORED = () => {};
const OBSERVER = {
  peerJoined: IGNORED,
  peerLeft: IGNORED,
  trackPublished: IGNORED,
  trackUnpublished: IGNORED,
  trackMuted: IGNORED,
  speakersChanged: IGNORED,
  trackEnded: IGNORED,
  replaced: IGNORED,
};

function addPeer(room: Room, random: RandomSource, ssrc = 1) {
  const commands: PeerCommand[] = [];
  const media = { send: (command: PeerCommand) => commands.push(command) };
  const peer = new RoomPeer(room, { id: `peer${ssrc}`, name: undefined, ssrc, media, observer: OBSERVER, random });
  room.addPeer(peer);
  return { peer, take: () => commands.splice(0) };
}

/** Numbers that the test gives, then others. */
function scripted(...numbers: number[]): RandomSource {
  const random = seededRandom(9);
  return { uint32: () => numbers.shift() ?? random.uint32(), text: (length) => random.text(length) };
}

Deno.test({
  name: "what a peer publishes and receives is told to its media, with the ids and SSRCs that signaling tells",
  permissions: "none",
  fn() {
    const room = new Room("a");
    const random = seededRandom(1);
    const [one, two] = [addPeer(room, random), addPeer(room, random, 2)];
    const track = one.peer.publish(videoProducer());
    assert.deepEqual(one.take(), [{ type: "publish", trackId: track.id, parameters: videoProducer() }]);
    const subscription = two.peer.subscribe(track.id, WITH_RTX);
    assert.ok(subscription?.rtxSsrc);
    const { ssrc, rtxSsrc } = subscription;
    assert.deepEqual(two.take(), [{
      type: "subscribe",
      trackId: track.id,
      parameters: WITH_RTX,
      ssrcs: { ssrc, rtxSsrc },
    }]);
    two.peer.unsubscribe("5");
    two.peer.unsubscribe("5");
    assert.deepEqual(two.take(), [{ type: "unsubscribe", mid: "5" }]);
    one.peer.unpublish("0");
    one.peer.unpublish("0");
    assert.deepEqual(one.take(), [{ type: "unpublish", mid: "0" }]);
    assert.equal(two.peer.subscribe("no such track", WITH_RTX), undefined);
    assert.deepEqual(two.take(), []);
  },
});

Deno.test({
  name: "a subscription that ended with its track is not ended once more",
  permissions: "none",
  fn() {
    const room = new Room("a");
    const random = seededRandom(2);
    const [one, two] = [addPeer(room, random), addPeer(room, random, 2)];
    two.peer.subscribe(one.peer.publish(videoProducer()).id, WITH_RTX);
    two.take();
    one.peer.unpublish("0");
    assert.equal(two.peer.consumers.size, 0);
    two.peer.unsubscribe("5");
    assert.deepEqual(two.take(), []);
  },
});

Deno.test({
  name: "a slot keeps its SSRCs whichever track fills it",
  permissions: "none",
  fn() {
    const room = new Room("a");
    const random = seededRandom(3);
    const [one, two] = [addPeer(room, random), addPeer(room, random, 2)];
    const ssrcs = two.peer.openSlot("5", "video", 90_000, true);
    assert.deepEqual(two.take(), [{ type: "openSlot", mid: "5", kind: "video", clockRate: 90_000, ssrcs }]);
    for (const mid of ["0", "1"]) {
      const track = one.peer.publish(videoProducer({ mid }));
      assert.deepEqual(two.peer.subscribe(track.id, WITH_RTX), { trackId: track.id, ...ssrcs });
    }
  },
});

Deno.test({
  name: "no stream gets an SSRC that the peer is sent already, that of the server's feedback, or 0",
  permissions: "none",
  fn() {
    const room = new Room("a");
    const publisher = addPeer(room, seededRandom(4));
    const tracks = ["0", "1", "2"].map((mid) => publisher.peer.publish(videoProducer({ mid })).id);
    const { peer } = addPeer(room, scripted(0, 77, 100, 100, 101, 100, 101, 102, 0, 103, 102, 104), 77);
    const plain = consumerParameters({ mid: "0", codec: { ...OPUS, payloadType: 63 } });
    assert.deepEqual(peer.subscribe(tracks[0], { ...WITH_RTX, mid: "6" }), {
      trackId: tracks[0],
      ssrc: 100,
      rtxSsrc: 101,
    });
    assert.deepEqual(peer.openSlot("7", "video", 90_000, true), { ssrc: 102, rtxSsrc: 103 });
    assert.deepEqual(peer.subscribe(tracks[2], plain), { trackId: tracks[2], ssrc: 104, rtxSsrc: undefined });
  },
});
