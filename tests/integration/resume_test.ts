import assert from "node:assert/strict";
import type { RtpPacket } from "werift";
import type { ErrorCode, ServerMessage } from "../../src/signaling/messages.ts";
import type { Journal } from "../harness/journal.ts";
import { LoopbackServer } from "../harness/loopback_server.ts";
import { assertForwarded, MediaSource } from "../harness/media_source.ts";
import { SignalingSocket } from "../harness/signaling_socket.ts";
import { TcpProxy } from "../harness/tcp_proxy.ts";
import { WeriftClient } from "../harness/werift_client.ts";

/** A publisher that comes through a proxy, and a subscriber that gets its picture. */
interface Call {
  readonly server: LoopbackServer;
  readonly proxy: TcpProxy;
  readonly alice: WeriftClient;
  readonly bob: WeriftClient;
  readonly source: MediaSource;
  readonly stream: Journal<RtpPacket>;
}

async function withCall(test: (call: Call) => Promise<void>): Promise<void> {
  await using server = new LoopbackServer();
  await using proxy = new TcpProxy(server.port);
  await using alice = await WeriftClient.join(`ws://127.0.0.1:${proxy.port}/ws`, "room", { name: "Alice" });
  await using bob = await WeriftClient.join(server.signalingUrl, "room");
  const source = new MediaSource(alice, alice.publish("video"));
  await alice.connect();
  const { track } = await bob.signaling.receive("trackPublished");
  const subscription = bob.subscribe("video", track.id);
  await bob.connect();
  const stream = bob.streamOf(subscription);
  await source.flow(stream, 20);
  await test({ server, proxy, alice, bob, source, stream });
  const { ssrc = 0 } = bob.sectionOf(subscription);
  assertForwarded(stream.entries, source.sent, { ssrc, payloadType: 96, kind: "video" });
}

/** Breaks the WebSocket of `alice` off, and waits until the server has noticed. */
async function cut({ server, proxy, alice }: Call): Promise<void> {
  const before = server.switchboard.stats().sessions;
  await proxy.cut();
  assert.equal((await alice.signaling.closed).wasClean, false);
  await server.until(({ sessions }) => sessions < before, "the server to notice");
}

/** What a WebSocket of its own is answered that joins by a token. */
async function resume(url: string, token: string, roomId = "room") {
  const socket = await SignalingSocket.open(url);
  socket.send({ type: "join", roomId, resume: token });
  const isReply = ({ type }: ServerMessage) => type === "welcome" || type === "error";
  const reply = await socket.messages.find(isReply, "the reply to a resume");
  return { socket, peerId: reply.type === "welcome" ? reply.peerId : undefined, code: codeOf(reply) };
}

function codeOf(reply: ServerMessage): ErrorCode | undefined {
  return reply.type === "error" ? reply.code : undefined;
}

Deno.test({
  name: "P65: a WebSocket that broke off is resumed: media never stops, nobody notices, and signaling goes on",
  permissions: { net: ["127.0.0.1"] },
  sanitizeOps: true,
  sanitizeResources: true,
  fn: () =>
    withCall(async (call) => {
      const { server, alice, bob, source, stream } = call;
      const { id } = alice;
      await cut(call);
      await source.flow(stream, 100);
      await alice.resume(server.signalingUrl);
      assert.equal(alice.id, id);
      assert.deepEqual(alice.welcome.peers.map((peer) => peer.id), [bob.id]);
      await source.flow(stream, 100);
      assert.deepEqual([...bob.signaling.received("peerJoined"), ...bob.signaling.received("peerLeft")], []);
      const { peers, producers, consumers, sockets, sessions } = server.switchboard.stats();
      assert.deepEqual({ peers, producers, consumers, sockets, sessions }, {
        peers: 2,
        producers: 1,
        consumers: 1,
        sockets: 2,
        sessions: 2,
      });

      alice.publish("video", "screen");
      await alice.negotiate();
      await bob.signaling.receive("trackPublished", ({ track }) => track.source === "screen");
      bob.publish("audio");
      await bob.negotiate();
      await alice.signaling.receive("trackPublished", ({ track }) => track.kind === "audio");
      await alice.leave();
      await bob.signaling.receive("peerLeft", ({ peerId }) => peerId === id);
    }),
});

Deno.test({
  name: "P65: the welcome of a resume tells of peers and tracks that came and went while the WebSocket was away",
  permissions: { net: ["127.0.0.1"] },
  sanitizeOps: true,
  sanitizeResources: true,
  fn: () =>
    withCall(async (call) => {
      const { server, alice, bob } = call;
      await using cleo = await WeriftClient.join(server.signalingUrl, "room");
      await alice.signaling.receive("peerJoined", ({ peer }) => peer.id === cleo.id);
      await cut(call);
      const camera = bob.publish("video", "camera");
      const microphone = bob.publish("audio", "microphone");
      await bob.negotiate();
      microphone.transceiver.direction = "inactive";
      await bob.negotiate();
      await cleo.leave();
      await using dan = await WeriftClient.join(server.signalingUrl, "room", { name: "Dan" });
      await alice.resume(server.signalingUrl);
      const { peers } = alice.welcome;
      assert.deepEqual(peers.map(({ id, name }) => [id, name]), [[bob.id, undefined], [dan.id, "Dan"]]);
      assert.deepEqual(peers.map(({ tracks }) => tracks.map(({ source }) => source)), [[camera.source], []]);
    }),
});

Deno.test({
  name: "P67: a resume takes over a WebSocket that the server holds for open, and closes it with 4001",
  permissions: { net: ["127.0.0.1"] },
  sanitizeOps: true,
  sanitizeResources: true,
  fn: () =>
    withCall(async ({ server, alice, bob, source, stream }) => {
      const { signaling: old, id } = alice;
      await alice.resume(server.signalingUrl);
      const { code, reason, wasClean } = await old.closed;
      assert.deepEqual({ code, reason, wasClean }, { code: 4001, reason: "superseded", wasClean: true });
      await server.until(({ sessions }) => sessions === 2, "the old WebSocket to be gone");
      await source.flow(stream, 50);
      assert.equal(alice.id, id);
      bob.publish("audio");
      await bob.negotiate();
      await alice.signaling.receive("trackPublished");
      assert.deepEqual(old.received("trackPublished"), []);
      assert.deepEqual(bob.signaling.received("peerLeft"), []);
    }),
});

Deno.test({
  name: "P66: tokens that are wrong, used up, of another room or of a peer that left are refused; the call goes on",
  permissions: { net: ["127.0.0.1"] },
  sanitizeOps: true,
  sanitizeResources: true,
  fn: () =>
    withCall(async (call) => {
      const { server, alice, bob, source, stream } = call;
      const first = alice.resumeToken;
      await cut(call);
      await alice.resume(server.signalingUrl);
      const second = alice.resumeToken;
      await alice.resume(server.signalingUrl);
      const attempts = [
        ["", "room"],
        [`${alice.id}.guessed`, "room"],
        [first, "room"],
        [`${alice.resumeToken}A`, "room"],
        [alice.resumeToken.toLowerCase(), "room"],
        [alice.resumeToken, "other"],
      ] as const;
      for (const [token, roomId] of attempts) {
        const { socket, code } = await resume(server.signalingUrl, token, roomId);
        assert.equal(code, "resume-failed", token);
        socket.send({ type: "join", roomId: "other" });
        await socket.receive("welcome");
        await socket.close();
      }
      await source.flow(stream, 20);
      const last = alice.resumeToken;
      await alice.leave();
      await bob.signaling.receive("peerLeft");
      for (const token of [second, last]) {
        const { socket, code } = await resume(server.signalingUrl, token);
        assert.equal(code, "resume-failed");
        await socket.close();
      }
    }),
});

Deno.test({
  name: "P67: of two clients that race with one token one has the peer in the end, and nobody else notices",
  permissions: { net: ["127.0.0.1"] },
  sanitizeOps: true,
  sanitizeResources: true,
  fn: () =>
    withCall(async (call) => {
      const { server, alice, bob, source, stream } = call;
      const { resumeToken: token, id } = alice;
      await cut(call);
      const racers = await Promise.all([1, 2].map(() => resume(server.signalingUrl, token)));
      assert.deepEqual(racers.map(({ peerId }) => peerId), [id, id], "the later one takes the earlier one over");
      const { code } = await Promise.race(racers.map(({ socket }) => socket.closed));
      assert.equal(code, 4001);
      await server.until(({ sessions }) => sessions === 2, "one WebSocket for each peer");
      await source.flow(stream, 50);
      assert.deepEqual(bob.signaling.received("peerLeft"), []);
      await Promise.all(racers.map(({ socket }) => socket.close()));
      await bob.signaling.receive("peerLeft", ({ peerId }) => peerId === id);
    }),
});

Deno.test({
  name: "P68: an offer whose answer was lost with the WebSocket is repeated after the resume, and answered as it was",
  permissions: { net: ["127.0.0.1"] },
  sanitizeOps: true,
  sanitizeResources: true,
  fn: () =>
    withCall(async (call) => {
      const { server, alice, bob, source, stream } = call;
      const screen = new MediaSource(alice, alice.publish("video", "screen"));
      let repeated = "";
      await alice.negotiate(async (lost) => {
        await cut(call);
        await alice.resume(server.signalingUrl);
        const sdp = alice.connection.localDescription?.sdp ?? "";
        const tracks = [{ mid: screen.publication.transceiver.mid ?? "", source: "screen" as const }];
        alice.signaling.send({ type: "offer", id: "again", sdp, tracks });
        repeated = (await alice.signaling.receive("answer", ({ id }) => id === "again")).sdp;
        assert.notEqual(repeated, lost, "it has a version of its own");
        assert.equal(repeated.replace(/^o=.*$/m, ""), lost.replace(/^o=.*$/m, ""));
      });
      const told = () => bob.signaling.received("trackPublished").map(({ track }) => track.source);
      await bob.signaling.receive("trackPublished", ({ track }) => track.source === "screen");
      const { track } = bob.signaling.received("trackPublished")[1];
      const subscription = bob.subscribe("video", track.id);
      await bob.negotiate();
      await screen.sendKeyFrame();
      await bob.streamOf(subscription).reach(1, "key frame of the screen");
      await source.flow(stream, 20);
      assert.deepEqual(told(), ["camera", "screen"], "published once");
    }),
});
