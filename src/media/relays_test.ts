import assert from "node:assert/strict";
import { MemoryNetwork } from "../bus/memory_bus.ts";
import { audioProducer } from "../../tests/harness/engine.ts";
import { MediaSetup, type MediaSetupPeer } from "../../tests/harness/media_setup.ts";
import { randomSeed } from "../../tests/harness/random_seed.ts";
import { cameraOf, VideoPublisher, VideoSubscriber } from "../../tests/harness/relayed_video.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import { ROOM, SharedRoom } from "../../tests/harness/shared_room.ts";
import type { RelayCommand } from "./messages.ts";
import { FRAME, newWant } from "./relay_frames.ts";

type Import = Extract<RelayCommand, { readonly type: "import" }>;

function importOf(overrides: Partial<Import> = {}): Import {
  const parameters = cameraOf([0]);
  return {
    type: "import",
    roomId: ROOM,
    trackId: "track",
    peerId: "peer",
    from: 0,
    relay: 1,
    parameters,
    ...overrides,
  };
}

function producersAt({ nodes }: SharedRoom, node: number, peer: MediaSetupPeer): number {
  const engine = nodes[node].engine;
  peer.say({ type: "subscribe", trackId: "track", parameters: PARAMETERS, ssrcs: { ssrc: 1, rtxSsrc: undefined } });
  const count = engine.find(peer.number)?.peer.consumers.size ?? 0;
  peer.say({ type: "unsubscribe", mid: "5" });
  return count;
}

const PARAMETERS = { mid: "5", codec: cameraOf([0]).codec, headerExtensions: [] };

Deno.test({
  name: "B391: an import is passed over where its room has no peers, where the track is known, and where it came from",
  permissions: "none",
  fn() {
    const room = new SharedRoom(2);
    const { engine } = room.nodes[1];
    engine.handleRelayCommand(importOf());
    assert.equal(engine.relayCount, 0, "no peers");
    const peer = room.join(1);
    assert.equal(producersAt(room, 1, peer), 0);
    engine.handleRelayCommand(importOf({ from: 1 }));
    for (const from of [-1, 31, 1.5]) engine.handleRelayCommand(importOf({ from }));
    assert.equal(engine.relayCount, 0);
    engine.handleRelayCommand(importOf());
    assert.deepEqual([engine.relayCount, producersAt(room, 1, peer)], [1, 1]);
    engine.handleRelayCommand(importOf());
    engine.handleRelayCommand(importOf({ relay: 2 }));
    engine.handleRelayCommand(importOf({ trackId: "other" }));
    assert.equal(engine.relayCount, 1, "the track, and the relay number, are known");
    peer.say({ type: "publish", trackId: "own", parameters: audioProducer() });
    engine.handleRelayCommand(importOf({ trackId: "own", relay: 3 }));
    assert.equal(engine.relayCount, 1, "it is published here");
    engine.handleRelayCommand({ type: "endImport", roomId: ROOM, trackId: "own" });
    engine.handleRelayCommand({ type: "endImport", roomId: "elsewhere", trackId: "track" });
    assert.equal(engine.find(peer.number)?.peer.producers.size, 1);
    engine.handleRelayCommand({ type: "endImport", roomId: ROOM, trackId: "track" });
    engine.handleRelayCommand({ type: "endImport", roomId: ROOM, trackId: "track" });
    assert.deepEqual([engine.relayCount, producersAt(room, 1, peer)], [0, 0]);
    engine.handleRelayCommand(importOf());
    assert.equal(engine.relayCount, 1, "a number may be used again");
  },
});

Deno.test({
  name: "B391: the end of an import ends it for its subscribers, and its node stops to send at once",
  permissions: "none",
  fn() {
    const room = new SharedRoom(2);
    const [alice, bob] = [room.join(0), new VideoSubscriber(room.join(1))];
    room.publish(0, alice, "track", cameraOf([0]));
    const publisher = new VideoPublisher(alice, 1, [0]);
    bob.subscribe("track");
    room.play(1000, (nowMs) => publisher.step(nowMs));
    assert.ok(bob.take().length > 80);
    room.nodes[1].engine.handleRelayCommand({ type: "endImport", roomId: ROOM, trackId: "track" });
    room.flush();
    assert.equal(room.nodes[1].engine.find(bob.peer.number)?.peer.consumers.size, 0);
    room.forget();
    room.play(1000, (nowMs) => publisher.step(nowMs));
    assert.deepEqual([room.crossed, bob.take()], [[], []]);
    assert.deepEqual(room.nodes.map(({ engine }) => engine.relayCount), [0, 0]);
  },
});

Deno.test({
  name: "B391: with the last peer of a room all of it ends in its node: imports, exports, deadlines, the bus",
  permissions: "none",
  fn() {
    const room = new SharedRoom(2);
    const [alice, bob] = [room.join(0), room.join(1)];
    room.publish(0, alice, "one", cameraOf([0]));
    room.publish(1, bob, "two", { ...cameraOf([0]), mid: "7" });
    const publishers = [new VideoPublisher(alice, 1, [0]), new VideoPublisher(bob, 2, [0])];
    new VideoSubscriber(bob).subscribe("one");
    new VideoSubscriber(alice).subscribe("two");
    const play = (ms: number) => room.play(ms, (nowMs) => publishers.forEach((publisher) => publisher.step(nowMs)));
    play(1000);
    assert.deepEqual(room.nodes.map(({ engine }) => engine.relayCount), [2, 2]);
    for (const type of ["leave", "close"] as const) bob.say({ type });
    const { engine } = room.nodes[1];
    assert.deepEqual([engine.relayCount, engine.size, engine.nextTimeout()], [0, 0, Infinity]);
    room.flush();
    room.forget();
    play(4000);
    assert.deepEqual(room.crossed.filter(({ type }) => type !== "want"), [], "what it wanted ended at once");
    for (const type of ["leave", "close"] as const) alice.say({ type });
    assert.deepEqual([room.nodes[0].engine.relayCount, room.nodes[0].engine.nextTimeout()], [0, Infinity]);
    const carol = room.join(1);
    assert.equal(engine.find(carol.number)?.peer.consumers.size, 0, "the room begins anew");
  },
});

Deno.test({
  name:
    "B392: what a node wanted ends when it is said to be gone, and what another one of its number sends is another track's",
  permissions: "none",
  fn() {
    const room = new SharedRoom(3);
    const [alice, bob, carol] = [room.join(0), room.join(1), room.join(2)];
    room.publish(0, alice, "track", cameraOf([0]));
    const publisher = new VideoPublisher(alice, 1, [0]);
    const subscribers = [bob, carol].map((peer) => new VideoSubscriber(peer));
    for (const subscriber of subscribers) subscriber.subscribe("track");
    const play = (ms: number) => room.play(ms, (nowMs) => publisher.step(nowMs));
    play(1000);
    room.nodes[0].engine.handleRelayCommand({ type: "dropNode", node: 1 });
    room.forget();
    play(30);
    assert.ok(room.take("rtp").every(({ to }) => to === 2), "only the other one is sent to");
    const { engine } = room.nodes[2];
    engine.handleRelayCommand({ type: "dropNode", node: 0 });
    for (const node of [1, 0, 30, -1, 99]) engine.handleRelayCommand({ type: "dropNode", node });
    subscribers[1].take();
    room.forget();
    play(4000);
    assert.deepEqual(subscribers[1].take(), [], "it is nobody's any more");
    assert.deepEqual(room.crossed.filter(({ from }) => from === 2), [], "and nobody is asked");
    assert.equal(engine.relayCount, 1, "until its end is told");
    engine.handleRelayCommand(importOf({ trackId: "next", relay: 1 }));
    assert.equal(engine.relayCount, 2, "the number is free");
    for (const trackId of ["track", "next"]) engine.handleRelayCommand({ type: "endImport", roomId: ROOM, trackId });
    assert.equal(engine.relayCount, 0);
  },
});

Deno.test({
  name: "B391: a track that ends while it is exported leaves nothing, and its relay number names the next",
  permissions: "none",
  fn() {
    const room = new SharedRoom(2);
    const [alice, bob] = [room.join(0), room.join(1)];
    room.publish(0, alice, "one", cameraOf([0]));
    const publisher = new VideoPublisher(alice, 1, [0]);
    const subscriber = new VideoSubscriber(bob);
    subscriber.subscribe("one");
    const play = (ms: number) => room.play(ms, (nowMs) => publisher.step(nowMs));
    play(500);
    // The importer hears of it late, and another track has its number.
    alice.say({ type: "unpublish", mid: "0" });
    alice.say({ type: "publish", trackId: "two", parameters: cameraOf([0]) });
    room.nodes[1].engine.handleRelayCommand({ type: "endImport", roomId: ROOM, trackId: "one" });
    room.nodes[1].engine.handleRelayCommand(importOf({ trackId: "two" }));
    const next = new VideoSubscriber(room.join(1));
    next.subscribe("two");
    subscriber.take();
    play(1000);
    assert.ok(next.take().length > 70);
    assert.deepEqual(subscriber.take(), []);
    assert.deepEqual(room.nodes.map(({ engine }) => engine.relayCount), [1, 1]);
  },
});

Deno.test({
  name: "B391: what comes from another node is not passed on: a want of it is not one",
  permissions: "none",
  fn() {
    const room = new SharedRoom(3);
    const [alice, bob] = [room.join(0), new VideoSubscriber(room.join(1))];
    room.join(2);
    room.publish(0, alice, "track", cameraOf([0]));
    bob.subscribe("track");
    const { engine } = room.nodes[2];
    engine.handleRelayCommand({ type: "endImport", roomId: ROOM, trackId: "track" });
    engine.handleRelayCommand(importOf({ from: 1 }));
    room.join(2).say({ type: "subscribe", trackId: "track", parameters: PARAMETERS, ssrcs: { ssrc: 1, rtxSsrc: 2 } });
    room.play(200);
    assert.ok(room.crossed.some(({ from, to, type }) => from === 2 && to === 1 && type === "want"));
    assert.equal(room.nodes[1].engine.relayCount, 1);
  },
});

Deno.test({
  name: "B393: no frame, however made, throws or changes what is relayed",
  permissions: "none",
  fn() {
    const seed = randomSeed();
    const random = seededRandom(seed);
    let nowMs = 0;
    const network = new MemoryNetwork(() => nowMs);
    const stranger = network.open(2);
    stranger.join(ROOM);
    const [publishing, importing] = [0, 1].map((node) => new MediaSetup(network.open(node)));
    const [alice, bob] = [publishing.open(), new VideoSubscriber(importing.open())];
    for (const peer of [alice, bob.peer]) peer.connect();
    alice.say({ type: "publish", trackId: "track", parameters: cameraOf([0, 1, 2]) });
    importing.engine.handleRelayCommand(importOf({ from: 0, parameters: cameraOf([0, 1, 2]) }));
    importing.engine.handleRelayCommand(importOf({ from: 2, trackId: "forged", relay: 2 }));
    bob.subscribe("track");
    const wants = [newWant(1, ROOM, "track"), newWant(9, ROOM, "track"), newWant(2, ROOM, "forged")];
    const body = new Uint8Array(2048);
    for (let round = 0; round < 20_000; round++) {
      nowMs += 1;
      const want = wants[random.uint32() % 8];
      const frame = want?.slice() ?? Uint8Array.from({ length: 1 + random.uint32() % 80 }, () => random.uint32());
      if (want === undefined) frame[0] = random.uint32() % 9;
      // Most of them name what is there.
      if (random.uint32() % 4 > 0) frame.set([0, 0, 0, 1 + random.uint32() % 2].slice(0, frame.length - 1), 1);
      if (frame[0] !== FRAME.want && frame.length > 8) [frame[5], frame[7]] = [random.uint32() % 4, 0x80];
      if (frame[0] === FRAME.want) frame[9] = random.uint32();
      stranger.send(ROOM, 0b11, frame, frame.length, body, 0, random.uint32() % 3 === 0 ? 100 : 0);
      if (round % 10 > 0) continue;
      stranger.flush();
      for (const { engine } of [publishing, importing]) engine.handleTimeout(nowMs);
    }
    assert.deepEqual([...alice.events, ...bob.peer.events].filter(({ type }) => type === "ended"), [], `seed ${seed}`);
    assert.deepEqual([publishing.engine.size, importing.engine.size], [1, 1], `seed ${seed}`);
    assert.equal(importing.engine.relayCount, 2, `seed ${seed}`);
    nowMs += 4000;
    publishing.engine.handleTimeout(nowMs);
    assert.equal(publishing.engine.relayCount, 0, `seed ${seed}: what a stranger wanted is over`);
  },
});

Deno.test({
  name: "B393: a fault in what comes by the bus ends the one track that it is about, and no other one stops",
  permissions: "none",
  fn() {
    const room = new SharedRoom(2);
    const [alice, bob, carol] = [room.join(0), room.join(1), room.join(1)];
    room.publish(0, alice, "one", cameraOf([0]));
    room.publish(0, alice, "two", { ...cameraOf([1]), mid: "7" });
    const publishers = [new VideoPublisher(alice, 1, [0]), new VideoPublisher(alice, 2, [1])];
    const [bobs, carols] = [new VideoSubscriber(bob), new VideoSubscriber(carol)];
    bobs.subscribe("one");
    carols.subscribe("two");
    const play = () => room.play(500, (nowMs) => publishers.forEach((publisher) => publisher.step(nowMs)));
    play();
    const [taker, giver] = [room.nodes[1], room.nodes[0]];
    const [faulty] = taker.engine.find(bob.number)?.peer.consumers.values() ?? [];
    faulty.handleRtp = () => {
      throw new Error("as it happens");
    };
    play();
    assert.deepEqual(taker.relayFaults, ["one: as it happens"]);
    assert.deepEqual([taker.engine.relayCount, giver.engine.relayCount], [1, 1]);
    room.forget();
    carols.take();
    play();
    assert.ok(carols.take().length > 10, "the other one goes on");
    assert.equal(taker.relayFaults.length, 1);
    for (const { events } of [bob, carol]) {
      assert.ok(events.every(({ type }) => type !== "ended"), "who receives stays");
    }

    const producer = giver.engine.find(alice.number)?.peer.producers.get("7") ?? assert.fail();
    producer.offered[0].requestKeyFrame = () => {
      throw new Error("at the other end");
    };
    carols.requestKeyFrame();
    play();
    assert.deepEqual(new Set(giver.relayFaults), new Set(["two: at the other end"]), "as often as it is asked for");
    assert.ok(alice.events.every(({ type }) => type !== "ended"), "its publisher is there");
  },
});

Deno.test({
  name: "B393: a fault as a track begins or as it is looked after is told, and the next track is imported",
  permissions: "none",
  fn() {
    const room = new SharedRoom(2);
    const bob = room.join(1);
    const { engine, relayFaults } = room.nodes[1];
    const parameters = {
      ...cameraOf([0]),
      get codec(): never {
        throw new Error("no codec");
      },
    };
    engine.handleRelayCommand(importOf({ parameters }));
    assert.deepEqual([relayFaults, engine.relayCount], [["track: no codec"], 0]);
    engine.handleRelayCommand(importOf());
    assert.deepEqual([relayFaults.length, producersAt(room, 1, bob)], [1, 1]);
  },
});
