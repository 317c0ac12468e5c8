import assert from "node:assert/strict";
import { MemoryBrokerNetwork } from "../../src/bus/memory_broker.ts";
import { LoopbackServer } from "../harness/loopback_server.ts";
import { MediaSource } from "../harness/media_source.ts";
import { buildOffer, type OfferLine } from "../harness/offer_builder.ts";
import { SERVER_PERMISSIONS, ServerProcess } from "../harness/server.ts";
import { SignalingSocket } from "../harness/signaling_socket.ts";
import { WeriftClient } from "../harness/werift_client.ts";

const PERMISSIONS = { net: ["127.0.0.1"] } satisfies Deno.PermissionOptionsObject;
const CAMERA: OfferLine = { mid: "0", kind: "video", direction: "sendonly", ssrc: 1000, msid: "s v" };
const SECONDS = 600;

/** Whether it resolves by itself, without a reason to wait for. */
function isPending(promise: Promise<unknown>): Promise<boolean> {
  return Promise.race([promise.then(() => false), Promise.resolve(true)]);
}

Deno.test({
  name: "P115, P116, B450: a server that drains tells its clients, refuses others, and is done when nobody is left",
  permissions: PERMISSIONS,
  async fn() {
    await using server = new LoopbackServer();
    const alice = await WeriftClient.join(server.signalingUrl, "room");
    const bob = await WeriftClient.join(server.signalingUrl, "room");
    const source = new MediaSource(alice, alice.publish("audio"));
    await alice.connect();
    const subscription = bob.subscribe("audio");
    await bob.connect();
    const stream = bob.streamOf(subscription);
    await source.flow(stream, 20);
    const waiting = await SignalingSocket.open(server.signalingUrl);
    const over = server.switchboard.drain(SECONDS);
    for (const { signaling } of [alice, bob]) {
      assert.deepEqual(await signaling.receive("draining"), { type: "draining", seconds: SECONDS });
    }
    waiting.send({ type: "join", roomId: "room" });
    const { code } = await waiting.receive("error");
    assert.deepEqual([code, (await waiting.closed).code], ["server-draining", 1012]);
    const refused = await fetch(`${server.url}/whip/room`, {
      method: "POST",
      headers: { "Content-Type": "application/sdp" },
      body: buildOffer([CAMERA]),
    });
    assert.deepEqual([refused.status, (await refused.json()).code], [503, "server-draining"]);
    assert.ok(Number(refused.headers.get("Retry-After")) > 0);
    const ready = await fetch(`${server.url}/readyz`);
    assert.deepEqual([ready.status, (await ready.json()).status], [503, "not-ready"]);
    assert.equal((await (await fetch(`${server.url}/healthz`)).json()).status, "ok");

    // Those that are here go on, and come back by another WebSocket as ever.
    await source.flow(stream, 20);
    await bob.resume(server.signalingUrl);
    const again = await bob.signaling.receive("draining");
    assert.ok(again.seconds <= SECONDS && again.seconds > SECONDS - 60, `${again.seconds}`);
    await source.flow(stream, 20);
    assert.ok(await isPending(over));
    await alice.leave();
    await bob.signaling.receive("peerLeft");
    assert.ok(await isPending(over));
    await bob.leave();
    await over;
    assert.equal(server.switchboard.stats().refusals["too-many-joins"], 0);
  },
});

Deno.test({
  name: "B450: other servers know of one that drains at once, and it drains without its broker as well",
  permissions: PERMISSIONS,
  async fn() {
    const network = new MemoryBrokerNetwork();
    await using first = new LoopbackServer({ bus: { broker: network.open() } });
    await using second = new LoopbackServer({ bus: { broker: network.open() } });
    await using alice = await WeriftClient.join(first.signalingUrl, "room");
    await using _bob = await WeriftClient.join(second.signalingUrl, "room");
    await alice.signaling.receive("peerJoined");
    const drained = first.switchboard.drain(SECONDS);
    await alice.signaling.receive("draining");
    const { bus } = await (await fetch(`${second.url}/healthz`)).json();
    assert.deepEqual([bus.others, bus.draining], [1, 1]);
    network.takeAway();
    await alice.leave();
    await drained;
  },
});

Deno.test({
  name: "B451: SIGTERM with --drain has clients go elsewhere until the time is over, and ends with exit code 0",
  permissions: { ...SERVER_PERMISSIONS, net: ["localhost", "127.0.0.1"] },
  async fn() {
    const server = await ServerProcess.start({ flags: ["--host=127.0.0.1", "--drain=1s"] });
    const url = new URL("/ws", server.url.replace("http", "ws")).href;
    const alice = await SignalingSocket.open(url);
    alice.send({ type: "join", roomId: "room" });
    await alice.receive("welcome");
    const stopped = server.stop();
    assert.deepEqual(await alice.receive("draining"), { type: "draining", seconds: 1 });
    const ready = await fetch(new URL("/readyz", server.url));
    await ready.body?.cancel();
    assert.equal(ready.status, 503);
    assert.equal((await alice.receive("error")).code, "server-closing");
    assert.equal((await alice.closed).code, 1001);
    assert.equal(await stopped, 0, server.log);
  },
});
