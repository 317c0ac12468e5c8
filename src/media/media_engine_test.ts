import assert from "node:assert/strict";
import { audioProducer, consumerParameters, videoProducer } from "../../tests/harness/engine.ts";
import { MediaSetup, type MediaSetupPeer, testKeying } from "../../tests/harness/media_setup.ts";
import { MemoryDatagrams } from "../../tests/harness/memory_datagrams.ts";
import { buildRtp, parseRtp, VP8_KEY_FRAME } from "../../tests/harness/rtp_builder.ts";
import { AUDIO_LEVEL_URI } from "../sfu/header_extensions.ts";
import type { PeerCommand } from "./messages.ts";

const SSRCS = { ssrc: 7000, rtxSsrc: undefined };
const PUBLISH: PeerCommand = { type: "publish", trackId: "track", parameters: videoProducer() };
const SUBSCRIBE: PeerCommand = {
  type: "subscribe",
  trackId: "track",
  parameters: consumerParameters(),
  ssrcs: SSRCS,
};

function connect(setup: MediaSetup, roomId?: string): MediaSetupPeer {
  const peer = setup.open(roomId);
  peer.connect();
  return peer;
}

/** A publisher and who receives its picture. */
function call() {
  const setup = new MediaSetup();
  const [publisher, subscriber] = [connect(setup), connect(setup)];
  publisher.say(PUBLISH);
  subscriber.say(SUBSCRIBE);
  return { setup, publisher, subscriber };
}

/** Sends a picture of the published track. */
function sendPicture({ client }: MediaSetupPeer, sequenceNumber: number): void {
  client.sendRtp(buildRtp({ ssrc: 1000, sequenceNumber, timestamp: sequenceNumber * 3000, payload: VP8_KEY_FRAME }));
}

function leaveAndClose({ say }: MediaSetupPeer): void {
  say({ type: "leave" });
  say({ type: "close" });
}

Deno.test({
  name: "what a peer publishes reaches those of its room that subscribe, under the SSRC that they were told",
  permissions: "none",
  fn() {
    const setup = new MediaSetup();
    const [publisher, subscriber, idle] = [connect(setup), connect(setup), connect(setup)];
    publisher.say(PUBLISH);
    subscriber.say(SUBSCRIBE);
    sendPicture(publisher, 1);
    assert.deepEqual(subscriber.received().map((packet) => parseRtp(packet).ssrc), [SSRCS.ssrc]);
    assert.deepEqual([idle.received(), publisher.received()], [[], []]);
    subscriber.say({ type: "unsubscribe", mid: "5" });
    sendPicture(publisher, 2);
    assert.deepEqual(subscriber.received(), []);
    subscriber.say({ type: "openSlot", mid: "5", kind: "video", clockRate: 90_000, ssrcs: { ...SSRCS, ssrc: 7001 } });
    subscriber.say(SUBSCRIBE);
    sendPicture(publisher, 3);
    assert.deepEqual(subscriber.received().map((packet) => parseRtp(packet).ssrc), [7001], "the slot's");
    publisher.say({ type: "unpublish", mid: "0" });
    sendPicture(publisher, 4);
    assert.deepEqual(subscriber.received(), []);
    assert.equal(setup.engine.find(subscriber.number)?.peer.consumers.size, 0);
  },
});

Deno.test({
  name: "a track of another room is not found",
  permissions: "none",
  fn() {
    const setup = new MediaSetup();
    const [publisher, stranger] = [connect(setup), connect(setup, "another room")];
    publisher.say(PUBLISH);
    stranger.say(SUBSCRIBE);
    sendPicture(publisher, 1);
    assert.deepEqual(stranger.received(), []);
    assert.deepEqual(stranger.events, []);
  },
});

Deno.test({
  name: "B44: a socket that cannot be attached is told as the peer's end, and leaves nothing",
  permissions: "none",
  fn() {
    const setup = new MediaSetup();
    setup.attachFailure = new Error("epoll_ctl: EBADF");
    const peer = setup.open();
    assert.deepEqual(peer.events, [{ type: "ended", reason: "fault", detail: "epoll_ctl: EBADF" }]);
    assert.deepEqual([setup.engine.size, setup.engine.nextTimeout()], [0, Infinity]);
    assert.equal(setup.engine.find(peer.number), undefined);
    for (const type of ["leave", "close"] as const) peer.say({ type });
    assert.equal(peer.events.length, 1);
    setup.attachFailure = undefined;
    connect(setup);
    assert.equal(setup.engine.size, 1);
  },
});

Deno.test({
  name: "B44: where a peer cannot be made its socket is closed, and its room is as before",
  permissions: "none",
  fn() {
    const setup = new MediaSetup();
    const neighbour = connect(setup);
    const datagrams = new MemoryDatagrams();
    datagrams.claimUfrag = () => {
      throw new Error("no room for a ufrag");
    };
    const { events } = setup.open("room", datagrams);
    assert.deepEqual(events, [{ type: "ended", reason: "fault", detail: "no room for a ufrag" }]);
    assert.equal(datagrams.closed, true);
    assert.equal(setup.engine.size, 1);
    assert.deepEqual([neighbour.events, neighbour.datagrams.take()], [[], []]);
  },
});

Deno.test({
  name: "P7: a fault of one peer, in a datagram or a command, ends it once and no other",
  permissions: "none",
  fn() {
    const setup = new MediaSetup();
    const [publisher, subscriber, faulty] = [connect(setup), connect(setup), connect(setup)];
    publisher.say(PUBLISH);
    for (const peer of [subscriber, faulty]) peer.say(SUBSCRIBE);
    faulty.datagrams.claimUfrag = () => {
      throw new Error("a fault");
    };
    const restart: PeerCommand = { type: "restartIce", ice: { ufrag: "nextnext", password: "n".repeat(24) } };
    for (let i = 0; i < 3; i++) faulty.say(restart);
    faulty.datagrams.slot = () => {
      throw new Error("another fault");
    };
    for (let i = 0; i < 3; i++) faulty.client.check(faulty.opening.ice);
    sendPicture(publisher, 1);
    setup.engine.handleTimeout(0);
    assert.deepEqual(faulty.events, [{ type: "ended", reason: "fault", detail: "a fault" }]);
    assert.equal(subscriber.received().length, 1);
    leaveAndClose(faulty);
    assert.deepEqual([setup.engine.size, faulty.datagrams.closed], [2, true]);
    assert.deepEqual([...publisher.events, ...subscriber.events], []);
    sendPicture(publisher, 2);
    assert.equal(subscriber.received().length, 1);
  },
});

Deno.test({
  name: "commands to a peer that was never opened, or is closed, are ignored",
  permissions: "none",
  fn() {
    const setup = new MediaSetup();
    const [peer, neighbour] = [connect(setup), connect(setup)];
    leaveAndClose(peer);
    for (const command of [PUBLISH, SUBSCRIBE, { type: "leave" }, { type: "detach" }, { type: "close" }] as const) {
      peer.say(command);
      setup.engine.handleCommand(999, command, 0);
    }
    assert.deepEqual([setup.engine.size, setup.engine.ssrcCount], [1, 0]);
    assert.deepEqual([...peer.events, ...neighbour.events], []);
  },
});

Deno.test({
  name: "B44: a peer's close gives back its socket and SSRCs, and what its subscribers had of it",
  permissions: "none",
  fn() {
    const { setup, publisher, subscriber } = call();
    sendPicture(publisher, 1);
    assert.equal(setup.engine.ssrcCount, 1);
    leaveAndClose(publisher);
    assert.deepEqual([publisher.datagrams.closed, subscriber.datagrams.closed], [true, false]);
    assert.deepEqual([setup.engine.size, setup.engine.ssrcCount], [1, 0]);
    assert.equal(setup.engine.find(subscriber.number)?.peer.consumers.size, 0);
    leaveAndClose(subscriber);
    assert.deepEqual([setup.engine.size, setup.engine.nextTimeout()], [0, Infinity]);
  },
});

Deno.test({
  name:
    "B44: a peer that is closed without a leave, as after a fault, stays in its room neither as publisher nor as peer",
  permissions: "none",
  fn() {
    const { setup, publisher, subscriber } = call();
    publisher.say({ type: "close" });
    assert.equal(setup.engine.find(subscriber.number)?.peer.consumers.size, 0);
    subscriber.say({ type: "close" });
    assert.deepEqual([setup.engine.size, setup.engine.ssrcCount], [0, 0]);
    const late = connect(setup);
    late.say(SUBSCRIBE);
    assert.equal(setup.engine.find(late.number)?.peer.consumers.size, 0, "the room began anew");
  },
});

Deno.test({
  name: "the next deadline is the earliest of all peers, and at it those alone are looked at that are due",
  permissions: "none",
  fn() {
    const setup = new MediaSetup();
    assert.equal(setup.engine.nextTimeout(), Infinity);
    setup.engine.handleTimeout(1_000_000);
    const early = setup.open();
    setup.nowMs = 10_000;
    const late = setup.open();
    assert.equal(setup.engine.nextTimeout(), 30_000);
    setup.engine.handleTimeout(29_999);
    assert.deepEqual(early.events, []);
    setup.engine.handleTimeout(30_000);
    assert.deepEqual(early.events.map(({ type }) => type), ["ended"]);
    assert.deepEqual(late.events, []);
    assert.equal(setup.engine.nextTimeout(), 40_000, "a peer that has ended has no deadline");
    leaveAndClose(early);
    setup.engine.handleTimeout(40_000);
    assert.deepEqual(late.events.map(({ type }) => type), ["ended"]);
    assert.deepEqual([early.events.length, late.events.length], [1, 1]);
  },
});

Deno.test({
  name: "a peer that publishes nothing ends at its deadline, or within 250 ms of a fault in what it is sent",
  permissions: "none",
  fn() {
    const setup = new MediaSetup();
    const [publisher, subscriber, faulty] = [connect(setup), connect(setup), connect(setup)];
    publisher.say(PUBLISH);
    for (const peer of [subscriber, faulty]) peer.say(SUBSCRIBE);
    subscriber.say({ type: "detach" });
    setup.engine.handleTimeout(1);
    faulty.datagrams.slot = () => {
      throw new Error("a fault");
    };
    sendPicture(publisher, 1);
    setup.engine.handleTimeout(251);
    assert.deepEqual(faulty.events.map(({ type }) => type), ["ended"]);
    setup.nowMs = 20_000;
    for (const peer of [publisher, subscriber]) peer.client.check(peer.opening.ice);
    setup.engine.handleTimeout(29_999);
    assert.deepEqual(subscriber.events, []);
    setup.engine.handleTimeout(30_000);
    assert.deepEqual(subscriber.events, [{ type: "ended", reason: "signaling-lost", detail: "" }]);
    assert.deepEqual(publisher.events, []);
  },
});

Deno.test({
  name: "what becomes of a track is looked at by those who receive it with the tick that it is due at",
  permissions: "none",
  fn() {
    const { setup, publisher, subscriber } = call();
    const received = setup.engine.find(subscriber.number);
    for (const isMuted of [true, false]) {
      setup.nowMs += 1000;
      setup.engine.handleTimeout(setup.nowMs);
      assert.ok(received && received.nextTimeout() > setup.nowMs);
      publisher.say({ type: "mute", mid: "0", isMuted });
      setup.nowMs += 100;
      assert.equal(received.nextTimeout(), setup.nowMs);
      setup.engine.handleTimeout(setup.nowMs);
      assert.ok(received.nextTimeout() > setup.nowMs, "it was looked at");
    }
  },
});

Deno.test({
  name: "what is told goes to the peer of the number that the commands came with",
  permissions: "none",
  fn() {
    const setup = new MediaSetup();
    const [one, two] = [setup.open(), setup.open()];
    two.client.check(two.opening.ice);
    assert.deepEqual(one.events, []);
    assert.deepEqual(two.events.map(({ type }) => type), ["iceCredentialsUsed", "addressSelected"]);
    assert.equal(setup.engine.find(two.number)?.peer.id, two.opening.peerId);
  },
});

Deno.test({
  name: "B211: keys for a peer that has gone meanwhile are wiped",
  permissions: "none",
  fn() {
    const setup = new MediaSetup();
    const keying = testKeying();
    setup.engine.handleCommand(404, { type: "connect", keying }, 0);
    assert.ok([keying.local, keying.remote].every(({ key, salt }) => [...key, ...salt].every((byte) => byte === 0)));
  },
});

Deno.test({
  name: "B256: what was counted never goes back, whoever leaves, and names nobody",
  permissions: "none",
  fn() {
    const setup = new MediaSetup();
    const [publisher, subscriber, stranger] = [connect(setup), connect(setup), connect(setup, "another room")];
    publisher.say(PUBLISH);
    subscriber.say(SUBSCRIBE);
    sendPicture(publisher, 1);
    stranger.client.sendDatagram(Uint8Array.of(100, 0, 0, 0));
    stranger.client.sendRtp(buildRtp({ ssrc: 5, sequenceNumber: 1 }));
    subscriber.datagrams.dropped = 7;
    const before = setup.engine.gather();
    assert.deepEqual([before.tracks.video.packetsReceived, before.tracks.video.packetsSent], [1, 1]);
    assert.deepEqual([before.drops.unknown, before.drops.noTrack, before.drops.queueFull], [1, 1, 7]);
    for (const peer of [publisher, subscriber, stranger]) leaveAndClose(peer);
    assert.deepEqual(setup.engine.gather(), before);
    const [next, other] = [connect(setup), connect(setup)];
    next.say(PUBLISH);
    other.say(SUBSCRIBE);
    sendPicture(next, 1);
    const after = setup.engine.gather();
    assert.deepEqual([after.tracks.video.packetsSent, after.drops.queueFull], [2, 7]);
    assert.deepEqual(before.tracks.video.packetsSent, 1, "what was told stays as it was");
    assert.doesNotMatch(JSON.stringify(after), /peer|room|192/);
  },
});

Deno.test({
  name: "B257: to ask for what was counted changes nothing for the peers",
  permissions: "none",
  fn() {
    const { setup, publisher, subscriber } = call();
    sendPicture(publisher, 1);
    const next = setup.engine.nextTimeout();
    subscriber.received();
    for (let i = 0; i < 3; i++) setup.engine.gather();
    assert.equal(setup.engine.nextTimeout(), next);
    assert.deepEqual([publisher.datagrams.take(), subscriber.datagrams.take()], [[], []]);
    assert.deepEqual([publisher.events, subscriber.events], [[], []]);
    sendPicture(publisher, 2);
    assert.equal(subscriber.received().length, 1);
  },
});

Deno.test({
  name:
    "B348: who speaks is told once for the room, by one of its peers, also where the speaker has stopped to publish",
  permissions: "none",
  fn() {
    const setup = new MediaSetup();
    const [speaker, listener, stranger] = [connect(setup), connect(setup), connect(setup, "another room")];
    const { peerId } = speaker.opening;
    const parameters = audioProducer({ headerExtensions: [{ uri: AUDIO_LEVEL_URI, id: 1 }] });
    speaker.say({ type: "publish", trackId: "sound", parameters });
    const speakLevel = (level: number, from: number, to: number) => {
      for (let i = from; i < to; i++) {
        setup.nowMs = i * 20;
        const extensions = new Map([[1, Uint8Array.of(level)]]);
        speaker.client.sendRtp(
          buildRtp({ payloadType: 111, ssrc: 2000, sequenceNumber: i, timestamp: i * 960, extensions }),
        );
        setup.engine.handleTimeout(setup.nowMs);
      }
    };
    const told = () =>
      [speaker, listener, stranger].flatMap(({ events }) => events.splice(0)).flatMap((event) =>
        event.type === "speakersChanged" ? event.speakers : []
      );
    speakLevel(127, 0, 10);
    assert.deepEqual(told(), []);
    speakLevel(20, 10, 40);
    const [{ dominant, active }, ...rest] = told();
    assert.deepEqual([dominant, active, rest], [peerId, [{ peerId, level: 0.1 }], []]);
    speaker.say({ type: "unpublish", mid: "1" });
    setup.nowMs += 300;
    setup.engine.handleTimeout(setup.nowMs);
    assert.deepEqual(told(), [{ dominant: peerId, active: [] }]);
    setup.engine.handleTimeout(setup.nowMs + 5000);
    assert.deepEqual(told(), []);
  },
});
