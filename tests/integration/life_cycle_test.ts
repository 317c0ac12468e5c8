import assert from "node:assert/strict";
import { LoopbackServer } from "../harness/loopback_server.ts";
import { MediaSource } from "../harness/media_source.ts";
import { TcpProxy } from "../harness/tcp_proxy.ts";
import { WeriftClient } from "../harness/werift_client.ts";

/** At once, even on a loaded machine; a peer that lost its WebSocket stays ten times as long. */
const AT_ONCE_MS = 3_000;
const JOINS = 50;
/** Of the 50, for speed. */
const AT_ONCE = 5;

/** Ends one peer in some way, with its media under way or not. */
type End = (client: WeriftClient) => Promise<unknown>;

const ENDS: Readonly<Record<string, End>> = {
  "P13: leave": async (client) => {
    const { code, reason } = await client.leave();
    assert.deepEqual({ code, reason }, { code: 1000, reason: "leave" });
  },
  "P13: a WebSocket closed with 1000": (client) => client.signaling.close(1000),
};

for (const [name, end] of Object.entries(ENDS)) {
  Deno.test({
    name: `${name} ends a peer at once, and the others are told so`,
    permissions: { net: ["127.0.0.1"] },
    sanitizeOps: true,
    sanitizeResources: true,
    async fn() {
      await using server = new LoopbackServer();
      await using alice = await WeriftClient.join(server.signalingUrl, "room");
      await using bob = await WeriftClient.join(server.signalingUrl, "room");
      const source = new MediaSource(alice, alice.publish("video"));
      await alice.connect();
      const { track } = await bob.signaling.receive("trackPublished");
      const subscription = bob.subscribe("video", track.id);
      await bob.connect();
      await source.flow(bob.streamOf(subscription), 20);

      const beganMs = performance.now();
      await end(alice);
      const { peerId } = await bob.signaling.receive("peerLeft");
      assert.equal(peerId, alice.id);
      assert(performance.now() - beganMs < AT_ONCE_MS);
      assert.deepEqual(bob.signaling.received("trackUnpublished"), [], "P12: peerLeft says it all");
      const { peers, producers, consumers, ssrcs, sockets } = server.switchboard.stats();
      const left = { peers, producers, consumers, ssrcs, sockets };
      assert.deepEqual(left, { peers: 1, producers: 0, consumers: 0, ssrcs: 0, sockets: 1 });
      await bob.leave();
      await server.empty();
    },
  });
}

Deno.test({
  name: "P14: a peer whose WebSocket broke off stays, and what it sends goes on",
  permissions: { net: ["127.0.0.1"] },
  sanitizeOps: true,
  sanitizeResources: true,
  async fn() {
    await using server = new LoopbackServer();
    await using proxy = new TcpProxy(server.port);
    await using bob = await WeriftClient.join(server.signalingUrl, "room");
    await using alice = await WeriftClient.join(`ws://127.0.0.1:${proxy.port}/ws`, "room");
    const source = new MediaSource(alice, alice.publish("video"));
    await alice.connect();
    const { track } = await bob.signaling.receive("trackPublished");
    const subscription = bob.subscribe("video", track.id);
    await bob.connect();
    await source.flow(bob.streamOf(subscription), 20);

    await proxy.cut();
    assert.equal((await alice.signaling.closed).wasClean, false);
    await server.until(({ sessions }) => sessions === 1, "the server to notice");
    await source.flow(bob.streamOf(subscription), 200);
    assert.deepEqual(bob.signaling.received("peerLeft"), []);
    assert.equal(server.switchboard.stats().sockets, 2);
  },
});

Deno.test({
  name: "P14: a peer that never connected leaves at once when its WebSocket breaks off",
  permissions: { net: ["127.0.0.1"] },
  sanitizeOps: true,
  sanitizeResources: true,
  async fn() {
    await using server = new LoopbackServer();
    await using proxy = new TcpProxy(server.port);
    await using bob = await WeriftClient.join(server.signalingUrl, "room");
    await using alice = await WeriftClient.join(`ws://127.0.0.1:${proxy.port}/ws`, "room");
    await bob.signaling.receive("peerJoined", ({ peer }) => peer.id === alice.id);
    await proxy.cut();
    await bob.signaling.receive("peerLeft", ({ peerId }) => peerId === alice.id, AT_ONCE_MS);
  },
});

Deno.test({
  // The sanitizers are half of this test: they find what a peer left open, be it a socket, a timer or a cipher.
  name: "B44: after 50 peers have joined, sent and left no socket, timer or map entry is left",
  permissions: { net: ["127.0.0.1"] },
  sanitizeOps: true,
  sanitizeResources: true,
  async fn() {
    await using server = new LoopbackServer();
    await using bob = await WeriftClient.join(server.signalingUrl, "room");
    const subscriptions = Array.from({ length: AT_ONCE }, () => bob.subscribe("video"));
    await bob.connect();
    const alone = server.switchboard.stats();
    const { refusals: _, ...alive } = alone;
    assert.deepEqual(Object.values(alive), [1, 1, 0, 0, 0, 1, 1, 0, 1]);
    const closing: Promise<void>[] = [];
    for (let joined = AT_ONCE; joined <= JOINS; joined += AT_ONCE) {
      const peers = await Promise.all(subscriptions.map(() => joinAndPublish(server)));
      for (const [i, { track }] of peers.entries()) subscriptions[i].trackId = await track(bob);
      await bob.negotiate();
      await Promise.all(peers.map(({ source }, i) => source.flow(bob.streamOf(subscriptions[i]), 5)));
      await Promise.all(peers.map(({ client }, i) => Object.values(ENDS)[i % 2](client)));
      for (const { client } of peers) {
        closing.push(client.closeTransport());
        await bob.signaling.receive("peerLeft", ({ peerId }) => peerId === client.id);
      }
      await server.until((stats) => stats.sessions === 1, "the others to be gone");
      assert.deepEqual(server.switchboard.stats(), alone, `after ${joined} joins`);
    }
    await Promise.all(closing);
    assert.equal(bob.sections.length, AT_ONCE);
    await bob.leave();
    await server.empty();
  },
});

async function joinAndPublish(server: LoopbackServer) {
  const client = await WeriftClient.join(server.signalingUrl, "room");
  const source = new MediaSource(client, client.publish("video"));
  await client.connect();
  /** The id of its track, as another one learns it. */
  const track = async (other: WeriftClient) =>
    (await other.signaling.receive("trackPublished", ({ peerId }) => peerId === client.id)).track.id;
  return { client, source, track };
}
