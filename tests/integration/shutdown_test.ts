import assert from "node:assert/strict";
import { LoopbackServer } from "../harness/loopback_server.ts";
import { MediaSource } from "../harness/media_source.ts";
import { candidateAddress } from "../harness/sdp_sections.ts";
import { SignalingSocket } from "../harness/signaling_socket.ts";
import { WeriftClient } from "../harness/werift_client.ts";

const SHUTDOWN_MS = 5_000;

Deno.test({
  name: "P16: a server that closes with calls under way tells every client, closes with 1001 and frees its ports",
  permissions: { net: ["127.0.0.1"] },
  sanitizeOps: true,
  sanitizeResources: true,
  async fn() {
    await using server = new LoopbackServer();
    await using waiting = await SignalingSocket.open(server.signalingUrl);
    await using alice = await WeriftClient.join(server.signalingUrl, "room");
    const source = new MediaSource(alice, alice.publish("video"));
    await alice.connect();
    await using bob = await WeriftClient.join(server.signalingUrl, "room");
    const subscription = bob.subscribe("video");
    await bob.connect();
    await source.flow(bob.streamOf(subscription), 20);

    const beganMs = performance.now();
    const closed = server.switchboard.close();
    await source.send(20);
    await closed;
    const sockets = [waiting, alice.signaling, bob.signaling];
    const ends = await Promise.all(sockets.map((socket) => socket.closed));
    assert(performance.now() - beganMs < SHUTDOWN_MS);
    for (const { code, reason, wasClean } of ends) {
      assert.deepEqual({ code, reason, wasClean }, { code: 1001, reason: "server-closing", wasClean: true });
    }
    for (const socket of sockets) {
      assert.deepEqual(socket.received("error").map(({ code }) => code), ["server-closing"]);
    }
    const { refusals: _, ...alive } = server.switchboard.stats();
    assert.deepEqual(new Set(Object.values(alive)), new Set([0]));

    for (const { answer } of [alice, bob]) {
      const { hostname, port } = candidateAddress(answer);
      Deno.listenDatagram({ transport: "udp", hostname, port }).close();
    }

    const late = await SignalingSocket.open(server.signalingUrl);
    assert.equal((await late.receive("error")).code, "server-closing");
    assert.equal((await late.closed).code, 1001);
  },
});
