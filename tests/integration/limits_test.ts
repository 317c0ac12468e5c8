import assert from "node:assert/strict";
import type { CreateOptions } from "../../src/mod.ts";
import { LoopbackServer } from "../harness/loopback_server.ts";
import { MediaSource } from "../harness/media_source.ts";
import { Neighbours } from "../harness/neighbours.ts";
import { buildOffer, type OfferLine } from "../harness/offer_builder.ts";
import { SignalingSocket } from "../harness/signaling_socket.ts";
import { WeriftClient } from "../harness/werift_client.ts";

const CAMERA: OfferLine = { mid: "0", kind: "video", direction: "sendonly", ssrc: 1000, msid: "s v" };

function test(name: string, options: CreateOptions, fn: (server: LoopbackServer) => Promise<void>): void {
  Deno.test({
    name,
    permissions: { net: ["127.0.0.1"] },
    sanitizeOps: true,
    sanitizeResources: true,
    async fn() {
      await using server = new LoopbackServer(options);
      await fn(server);
    },
  });
}

/** What a client on the network tells of itself. */
interface Caller {
  /** Its own address. Left out: 127.0.0.1. */
  readonly localAddress?: string;
  readonly forwardedFor?: string;
}

/** What a WebSocket client's join comes to, and how its connection ends where it is refused. */
async function join(server: LoopbackServer, roomId: string, caller: Caller = {}): Promise<string> {
  using client = Deno.createHttpClient(caller.localAddress === undefined ? {} : { localAddress: caller.localAddress });
  const headers: Record<string, string> = caller.forwardedFor ? { "X-Forwarded-For": caller.forwardedFor } : {};
  await using signaling = await SignalingSocket.openWith(server.signalingUrl, { client, headers });
  signaling.send({ type: "join", roomId });
  const reply = await signaling.messages.find(() => true, "a reply to the join");
  if (reply.type !== "error") return reply.type;
  const { code } = await signaling.closed;
  return `${reply.code} ${code}`;
}

/** What a WHIP or WHEP client's POST comes to. */
async function post(server: LoopbackServer, path: string, lines: readonly OfferLine[] = [CAMERA], caller: Caller = {}) {
  using client = Deno.createHttpClient(caller.localAddress === undefined ? {} : { localAddress: caller.localAddress });
  const response = await fetch(`${server.url}${path}`, {
    client,
    method: "POST",
    headers: { "Content-Type": "application/sdp" },
    body: buildOffer(lines),
  });
  const retryAfter = response.headers.get("Retry-After");
  if (response.status === 201) return { session: response.headers.get("Location"), answer: await response.text() };
  assert.equal(response.headers.get("Content-Type"), "application/problem+json");
  const { code, status } = await response.json();
  assert.equal(status, response.status);
  return { refused: `${status} ${code}`, retryAfter };
}

test(
  "P80, P81, B243: a full room and a full server refuse others, are counted, and those inside notice nothing",
  { limits: { maxRooms: 1, maxPeers: 2 } },
  async (server) => {
    await using call = await Neighbours.meet(server.signalingUrl);
    assert.equal(await join(server, "room"), "room-full 1013");
    assert.deepEqual(await post(server, "/whip/room"), { refused: "503 room-full", retryAfter: "5" });
    assert.equal(await join(server, "other"), "too-many-rooms 1013");
    assert.deepEqual(await post(server, "/whip/other"), { refused: "503 too-many-rooms", retryAfter: "5" });
    await call.assertUndisturbed();
    const { rooms, peers, sockets, refusals } = server.switchboard.stats();
    assert.deepEqual({ rooms, peers, sockets }, { rooms: 1, peers: 2, sockets: 2 });
    assert.deepEqual([refusals["room-full"], refusals["too-many-rooms"]], [2, 2]);
    const health = await (await fetch(`${server.url}/healthz`)).json();
    assert.deepEqual(health.refusals, refusals);
    await call.bob.leave();
    assert.equal(await join(server, "room"), "welcome");
  },
);

test(
  "P82, B242: one address joins so often, whatever it says in X-Forwarded-For, and others join as ever",
  { limits: { joinsPerMinute: 2 } },
  async (server) => {
    await using call = await Neighbours.meet(server.signalingUrl, "call");
    const localAddress = "127.0.0.2";
    assert.equal(await join(server, "room", { localAddress, forwardedFor: "192.0.2.1" }), "welcome");
    assert.equal(await join(server, "room", { localAddress, forwardedFor: "192.0.2.2" }), "welcome");
    assert.equal(await join(server, "room", { localAddress, forwardedFor: "192.0.2.3" }), "too-many-joins 1013");
    const { refused, retryAfter } = await post(server, "/whip/room", [CAMERA], { localAddress });
    assert.equal(refused, "429 too-many-joins");
    assert.ok(Number(retryAfter) >= 1 && Number(retryAfter) <= 30, `${retryAfter} s`);
    assert.equal(await join(server, "room", { localAddress: "127.0.0.3" }), "welcome");
    for (let n = 0; n < 4; n++) assert.equal(await join(server, "room"), "welcome", "B244: this machine");
    await call.assertUndisturbed();
    assert.equal(server.switchboard.stats().refusals["too-many-joins"], 2);
  },
);

test(
  "P82, B242: behind a trusted proxy a client is whom X-Forwarded-For names last; what is malformed there harms nobody",
  { limits: { joinsPerMinute: 2 }, trustProxy: ["127.0.0.1"] },
  async (server) => {
    const from = (forwardedFor: string) => join(server, "room", { forwardedFor });
    assert.equal(await from("203.0.113.7, 192.0.2.1"), "welcome");
    assert.equal(await from("203.0.113.8, 192.0.2.1"), "welcome");
    assert.equal(await from("203.0.113.9, 192.0.2.1"), "too-many-joins 1013");
    assert.equal(await from("192.0.2.1, 203.0.113.9"), "welcome");
    for (const text of ["unknown", "192.0.2.1, ]", ",", "%00", "[::", "192.0.2.1, 1e9.0.0.1", "x".repeat(5_000)]) {
      assert.equal(await from(text), "welcome", text);
    }
    const stranger = { localAddress: "127.0.0.2" };
    for (
      const [forwardedFor, outcome] of [["192.0.2.1", "welcome"], ["1.1.1.1", "welcome"], [
        "1.1.1.2",
        "too-many-joins 1013",
      ]]
    ) {
      assert.equal(await join(server, "room", { ...stranger, forwardedFor }), outcome, "who is no proxy names nobody");
    }
  },
);

test(
  "P32, B243: the tracks beyond what a peer may publish are refused, and the others of the same offer go on",
  { limits: { maxTracks: 1 } },
  async (server) => {
    await using call = await Neighbours.meet(server.signalingUrl, "call");
    await using alice = await WeriftClient.join(server.signalingUrl, "room");
    const [first, second] = [alice.publish("audio"), alice.publish("video")];
    await alice.connect();
    const { message } = await alice.signaling.receive("error", ({ code }) => code === "too-many-tracks");
    assert.match(message, /a peer publishes 1 tracks at most$/);
    assert.equal(alice.sectionOf(second).direction, "inactive");
    await using bob = await WeriftClient.join(server.signalingUrl, "room");
    assert.equal(bob.welcome.peers[0].tracks.length, 1);
    const subscription = bob.subscribe("audio");
    await bob.connect();
    await new MediaSource(alice, first).flow(bob.streamOf(subscription), 20);

    const microphone: OfferLine = { mid: "1", kind: "audio", direction: "sendonly" };
    const { refused } = await post(server, "/whip/room", [CAMERA, microphone]);
    assert.equal(refused, "422 too-many-tracks");
    const players: OfferLine[] = [{ ...CAMERA, direction: "recvonly" }, { ...microphone, direction: "recvonly" }];
    assert.ok((await post(server, "/whep/room", players)).session, "who only plays has as many m-lines as ever");
    await call.assertUndisturbed();
    assert.equal(server.switchboard.stats().refusals["too-many-tracks"], 2);
  },
);

test(
  "P3, P4, P59, B243: what is too large or too often is refused, counted, and costs others nothing",
  {},
  async (server) => {
    await using call = await Neighbours.meet(server.signalingUrl, "call");
    const tooLarge = "x".repeat(1024 * 1024 + 1);
    const response = await fetch(`${server.url}/whip/room`, {
      method: "POST",
      headers: { "Content-Type": "application/sdp" },
      body: tooLarge,
    });
    assert.deepEqual([response.status, (await response.json()).code], [413, "too-large"]);
    await using mallory = await SignalingSocket.open(server.signalingUrl);
    mallory.sendRaw(tooLarge);
    await mallory.receive("error", ({ code }) => code === "too-large");
    for (let n = 0; n < 200; n++) mallory.sendRaw("{}");
    await mallory.receive("error", ({ code }) => code === "too-many");
    assert.equal((await mallory.closed).code, 1008);
    await call.assertUndisturbed();
    const { refusals } = server.switchboard.stats();
    assert.deepEqual([refusals["too-large"], refusals["too-many"]], [2, 1]);
  },
);
