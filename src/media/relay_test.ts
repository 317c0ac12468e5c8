import assert from "node:assert/strict";
import { cameraOf, type ReceivedPicture, VideoPublisher, VideoSubscriber } from "../../tests/harness/relayed_video.ts";
import { SharedRoom } from "../../tests/harness/shared_room.ts";
import type { ProducerParameters } from "../sfu/types.ts";
import { SSRCS } from "../../tests/harness/simulcast_track.ts";

/** A camera in one encoding, published at node 0 of a room in three nodes. */
class Call {
  readonly room = new SharedRoom(3);
  readonly alice = this.room.join(0);
  readonly publisher = new VideoPublisher(this.alice, 1, [0]);

  constructor(overrides: Partial<ProducerParameters> = {}) {
    this.room.publish(0, this.alice, "track", { ...cameraOf([0]), ...overrides });
  }

  /** A peer of a node that receives the track. */
  subscribe(node: number): VideoSubscriber {
    const subscriber = new VideoSubscriber(this.room.join(node));
    subscriber.subscribe("track");
    return subscriber;
  }

  play(durationMs: number): void {
    this.room.play(durationMs, (nowMs) => this.publisher.step(nowMs));
  }
}

function numbersOf(pictures: readonly ReceivedPicture[]): number[] {
  return pictures.map(({ packet }) => packet.sequenceNumber);
}

/** That sequence numbers go up by one, from wherever they begin. */
function assertContinuous(pictures: readonly ReceivedPicture[]): void {
  const first = pictures[0]?.packet.sequenceNumber ?? 0;
  assert.deepEqual(numbersOf(pictures), pictures.map((_, index) => (first + index) & 0xffff));
}

Deno.test({
  name:
    "B380: a subscriber in another node gets each packet that one in the publisher's node gets, under its own numbers",
  permissions: "none",
  fn() {
    const call = new Call();
    const subscribers = [call.subscribe(0), call.subscribe(1), call.subscribe(2), call.subscribe(2)];
    call.play(2000);
    const [local, ...others] = subscribers.map((subscriber) => subscriber.take());
    assert.equal(local.length, 180);
    for (const [index, pictures] of [local, ...others].entries()) {
      assertContinuous(pictures);
      for (const { packet } of pictures) {
        assert.deepEqual([packet.ssrc, packet.payloadType], [subscribers[index].ssrc, 120]);
      }
      const content = ({ packet: { bytes, headerLength, marker } }: ReceivedPicture) =>
        `${bytes.subarray(headerLength)} ${marker}`;
      assert.deepEqual(pictures.map(content), local.map(content));
      const offset = (picture: ReceivedPicture) => (picture.packet.timestamp - 90 * picture.capturedMs) >>> 0;
      assert.equal(new Set(pictures.map(offset)).size, 1, "timestamps go on by the publisher's");
    }
  },
});

Deno.test({
  name: "B381: packets cross as long as somebody receives the track there, and a second longer, once for each node",
  permissions: "none",
  fn() {
    const call = new Call();
    const { room } = call;
    call.subscribe(0);
    call.play(1000);
    assert.deepEqual(room.crossed, [], "nobody receives it elsewhere");
    const bob = call.subscribe(1);
    const others = Array.from({ length: 5 }, () => call.subscribe(1));
    call.play(990);
    const crossed = room.take("rtp");
    assert.deepEqual(crossed.map(({ from, to }) => [from, to]), Array(90).fill([0, 1]));
    assert.equal(bob.take().length, 90);
    for (const { peer } of [bob, ...others.slice(1)]) peer.say({ type: "unsubscribe", mid: "5" });
    call.play(1980);
    assert.equal(room.take("rtp").length, 180, "one is left");
    others[0].peer.say({ type: "leave" });
    call.play(1980);
    const late = room.take("rtp");
    assert.ok(late.length >= 90 && late.length <= 96, `${late.length} packets in the second behind`);
    call.play(5000);
    assert.deepEqual(room.crossed, []);
    assert.equal(room.nodes[0].engine.relayCount, 0, "nothing is left of it");
  },
});

Deno.test({
  name:
    "B381: a subscriber who is paused, or wants nothing, lets nothing cross; one who comes back gets a picture at once",
  permissions: "none",
  fn() {
    const call = new Call();
    const bob = call.subscribe(1);
    call.play(500);
    bob.peer.say({ type: "setQuality", trackId: "track", wanted: { off: true } });
    call.play(3000);
    call.room.forget();
    call.play(1000);
    assert.deepEqual(call.room.crossed, []);
    bob.take();
    bob.peer.say({ type: "setQuality", trackId: "track", wanted: {} });
    const { nowMs } = call.room;
    call.play(1000);
    const [first] = bob.take();
    assert.equal(first.isKeyFrame, true);
    assert.ok(first.capturedMs - nowMs < 400, `${first.capturedMs - nowMs} ms`);
  },
});

Deno.test({
  name:
    "B382: what a node wants it says at the tick, soon again, and each second; a silent node wants nothing after 3 s",
  permissions: "none",
  fn() {
    const call = new Call();
    const { room } = call;
    const bob = call.subscribe(1);
    const { nowMs } = room;
    call.play(5000);
    const times = room.take("want").map(({ atMs }) => atMs - nowMs);
    assert.ok(times[0] <= 26 && times[1] - times[0] <= 75, "soon again, where the first one was lost");
    for (const [index, ms] of times.entries()) {
      assert.ok(index === 0 || ms - times[index - 1] <= 1025, `wants at ${times.join(", ")} ms`);
    }
    assert.ok(times.length <= 10);
    room.silence(1);
    const silentMs = room.nowMs;
    call.play(6000);
    const { engine } = room.nodes[0];
    assert.equal(engine.relayCount, 0, "the export is gone with the last who wanted it");
    bob.take();
    assert.ok(room.crossed.every(({ atMs }) => atMs <= silentMs));
  },
});

Deno.test({
  name: "B382: a first word that is lost is said again so soon that the picture is there within 300 ms",
  permissions: "none",
  fn() {
    const call = new Call();
    let lost = 0;
    call.room.loses = ({ type }) => type === "want" && ++lost <= 2;
    call.play(500);
    const { nowMs } = call.room;
    const bob = call.subscribe(1);
    call.play(500);
    const [first] = bob.take();
    assert.ok(first.capturedMs - nowMs < 300, `${first.capturedMs - nowMs} ms`);
  },
});

Deno.test({
  name: "B384: what a subscriber misses it gets from its own node's cache, and nothing crosses for it",
  permissions: "none",
  fn() {
    const call = new Call();
    const [bob, carol] = [call.subscribe(1), call.subscribe(2)];
    call.play(990);
    const missed = numbersOf(bob.take()).slice(-5, -1);
    const asked = call.room.crossed.length;
    bob.sendNack(missed);
    bob.receive();
    assert.deepEqual(bob.recovered, missed);
    call.room.flush();
    assert.equal(call.room.crossed.length, asked);
    assert.deepEqual([carol.recovered, call.publisher.nacked], [[], []]);
  },
});

Deno.test({
  name:
    "B386: key-frame requests of fifty subscribers of a node cross once in 500 ms, and those of all nodes go up once",
  permissions: "none",
  fn() {
    const call = new Call();
    const subscribers = Array.from({ length: 50 }, () => call.subscribe(1));
    const [carol, local] = [call.subscribe(2), call.subscribe(0)];
    call.play(2000);
    call.room.forget();
    call.publisher.requests.length = 0;
    for (const subscriber of [...subscribers, carol, local]) subscriber.requestKeyFrame();
    call.play(400);
    const requests = call.room.take("keyFrame");
    assert.deepEqual(requests.map(({ from, to }) => [from, to]), [[1, 0], [2, 0]]);
    assert.deepEqual(call.publisher.requests, [0]);
    assert.ok(subscribers.every((subscriber) => subscriber.take().filter(({ isKeyFrame }) => isKeyFrame).length >= 3));
    call.play(3000);
    assert.deepEqual(call.room.take("keyFrame"), [], "it came");
  },
});

Deno.test({
  name: "B387: sender reports cross, so that a subscriber in another node has the publisher's clock",
  permissions: "none",
  fn() {
    const call = new Call();
    call.play(1000);
    const [local, bob] = [call.subscribe(0), call.subscribe(1)];
    call.play(2000);
    for (const subscriber of [local, bob]) {
      const pictures = subscriber.take();
      const [report] = subscriber.reports;
      const captured = pictures[0];
      const wallMs = report.ntpSeconds * 1000 + report.ntpFraction / 2 ** 32 * 1000;
      const ticks = (captured.packet.timestamp - report.rtpTimestamp) | 0;
      const error = wallMs + ticks / 90 - (1_700_000_000_000 + captured.capturedMs);
      assert.ok(Math.abs(error) < 1, `the clock is ${error} ms off`);
    }
    assert.ok(bob.reports.length >= 2);
  },
});

Deno.test({
  name: "B390: another SSRC of the publisher and its BYE reach subscribers in other nodes as in its own",
  permissions: "none",
  fn() {
    const call = new Call({ ssrcs: [], fidGroups: [] });
    const [local, bob] = [call.subscribe(0), call.subscribe(1)];
    call.play(1000);
    // In one batch of the bus: what is said of a stream comes behind its packets.
    for (const packet of call.publisher.encoders[0].frame(call.room.nowMs)) call.publisher.send(packet);
    call.publisher.sayBye(SSRCS[0]);
    call.room.flush();
    assert.deepEqual(call.room.take("bye").map(({ to }) => to), [1]);
    bob.requestKeyFrame();
    call.room.flush();
    assert.deepEqual(call.room.take("keyFrame"), [], "nobody is there to send one");
    const next = new VideoPublisher(call.alice, 2, [1]);
    call.room.play(1000, (nowMs) => next.step(nowMs));
    const [ofLocal, ofBob] = [local.take(), bob.take()];
    assertContinuous(ofLocal);
    assertContinuous(ofBob);
    assert.deepEqual(ofBob.map(({ capturedMs }) => capturedMs), ofLocal.map(({ capturedMs }) => capturedMs));
    assert.ok(ofBob.some(({ encoding }) => encoding === 1));
  },
});

Deno.test({
  name: "B394: what came by the bus counts as sent where it is, and not as received from a publisher once more",
  permissions: "none",
  fn() {
    const call = new Call();
    call.subscribe(1);
    call.subscribe(1);
    call.play(1000);
    const [at, to] = call.room.nodes.map(({ engine }) => engine.gather().tracks.video);
    assert.deepEqual([at.packetsReceived, at.packetsSent], [90, 0]);
    assert.deepEqual([to.packetsReceived, to.bytesReceived, to.packetsSent], [0, 0, 180]);
    assert.deepEqual([at.plisUpstream, to.plisUpstream], [call.publisher.requests.length, 0]);
  },
});

Deno.test({
  name:
    "B499: of a track that is muted nothing goes to a subscriber in any node, and soon nothing crosses; then it goes on",
  permissions: "none",
  fn() {
    const call = new Call();
    const subscribers = [call.subscribe(0), call.subscribe(1)];
    const mute = (isMuted: boolean) => {
      call.alice.say({ type: "mute", mid: "0", isMuted });
      call.room.nodes[1].engine.handleRelayCommand({ type: "muteImport", roomId: "room", trackId: "track", isMuted });
    };
    call.play(2000);
    mute(true);
    call.play(1500);
    for (const subscriber of subscribers) subscriber.take();
    call.room.forget();
    call.play(1000);
    assert.deepEqual(subscribers.map((subscriber) => subscriber.take().length), [0, 0]);
    assert.equal(call.room.take("rtp").length, 0);
    mute(false);
    call.play(1500);
    for (const subscriber of subscribers) assert.ok(subscriber.take().length > 90);
    call.room.nodes[1].engine.handleRelayCommand({
      type: "muteImport",
      roomId: "room",
      trackId: "none",
      isMuted: true,
    });
  },
});
