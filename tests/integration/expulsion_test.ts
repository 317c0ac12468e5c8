import assert from "node:assert/strict";
import { MemoryBrokerNetwork } from "../../src/bus/memory_broker.ts";
import { LoopbackServer } from "../harness/loopback_server.ts";
import { buildOffer } from "../harness/offer_builder.ts";
import { SignalingSocket } from "../harness/signaling_socket.ts";
import { SECRET, secretToken } from "../harness/tokens.ts";

const PERMISSIONS = { net: ["127.0.0.1"] } satisfies Deno.PermissionOptionsObject;
const AUTH = { auth: { secret: SECRET } };
const OFFER = buildOffer([{ mid: "0", kind: "video", direction: "sendonly", ssrc: 1000, msid: "s v" }]);
/** By then each server knows what another one was told while they did not hear each other. */
const KNOWN_MS = 5000;

/** Seconds from now at which a token was made; where it does not say, or before now, a kick of now is later. */
const tokenOf = (sub: string | undefined, iat?: number) =>
  secretToken({
    exp: 60,
    switchboard: { room: "*" },
    ...(sub !== undefined && { sub }),
    ...(iat !== undefined && { iat }),
  });

async function join(server: LoopbackServer, token: string, roomId = "room") {
  const socket = await SignalingSocket.open(server.signalingUrl, token);
  socket.send({ type: "join", roomId });
  return { socket, id: (await socket.receive("welcome")).peerId };
}

/** What comes of a join: the code by which it is refused, or `welcome`. */
async function tryJoin(server: LoopbackServer, token: string, roomId = "room"): Promise<string> {
  const socket = await SignalingSocket.open(server.signalingUrl, token);
  socket.send({ type: "join", roomId });
  const { messages } = socket;
  const first = await messages.find((message) => ["welcome", "error"].includes(message.type), "an answer");
  if (first.type !== "error") await socket.close();
  return first.type === "error" ? `${first.code} ${(await socket.closed).code}` : first.type;
}

async function publish(server: LoopbackServer, token: string): Promise<{ status: number; session: URL }> {
  const response = await fetch(`${server.url}/whip/room`, {
    method: "POST",
    headers: { "Content-Type": "application/sdp", "Authorization": `Bearer ${token}` },
    body: OFFER,
  });
  await response.body?.cancel();
  return { status: response.status, session: new URL(response.headers.get("Location") ?? "", response.url) };
}

async function kickedWords({ socket }: { socket: SignalingSocket }): Promise<string> {
  const { code } = await socket.receive("error");
  return `${code} ${(await socket.closed).code}`;
}

Deno.test({
  name: "P120: who is kicked is told, and comes back neither by its tokens nor as the same peer, but by a later token",
  permissions: PERMISSIONS,
  async fn() {
    await using server = new LoopbackServer(AUTH);
    const { switchboard } = server;
    const old = await tokenOf("ada", -10);
    const [ada, again, ben] = [
      await join(server, old),
      await join(server, await tokenOf("ada")),
      await join(server, await tokenOf("ben", -10)),
    ];
    const { resume = "" } = await ada.socket.receive("welcome");
    const elsewhere = await join(server, old, "office");
    const { session } = await publish(server, old);
    // Before the kick: behind it the next second may have begun, whose tokens are of worth.
    const ofThisSecond = await tokenOf("ada", 0);
    assert.equal(switchboard.kick("room", ada.id), "ended");
    assert.deepEqual(await Promise.all([ada, again].map(kickedWords)), ["kicked 4004", "kicked 4004"]);
    for (const { id } of [ada, again]) await ben.socket.receive("peerLeft", ({ peerId }) => peerId === id);

    for (const token of [old, await tokenOf("ada"), ofThisSecond]) {
      assert.equal(await tryJoin(server, token), "unauthorized 4401");
      assert.equal((await publish(server, token)).status, 401);
    }
    const late = await tokenOf("ada", 2);
    const headers = { Authorization: `Bearer ${late}` };
    const gone = await fetch(session, { method: "DELETE", headers });
    assert.deepEqual([gone.status, (await gone.json()).code], [404, "no-session"]);
    await using resuming = await SignalingSocket.open(server.signalingUrl, late);
    resuming.send({ type: "join", roomId: "room", resume });
    assert.equal((await resuming.receive("error")).code, "resume-failed");
    assert.equal(await tryJoin(server, late), "welcome");
    assert.equal(await tryJoin(server, await tokenOf("ben", -10)), "welcome");
    // It was had leave one room alone.
    elsewhere.socket.send({ type: "offer", sdp: "" });
    assert.equal((await elsewhere.socket.receive("error")).code, "bad-message");
    for (const { socket } of [ben, elsewhere]) await socket.close();
    assert.equal(switchboard.kick("room", ada.id), "unknown");
    assert.equal(switchboard.kick("office", ben.id), "unknown", "nobody of that room");
  },
});

Deno.test({
  name: "P120: who has no identity is kicked alone, with tokens or without",
  permissions: PERMISSIONS,
  async fn() {
    for (const options of [AUTH, {}]) {
      await using server = new LoopbackServer(options);
      const token = await tokenOf(undefined);
      const [first, second] = [await join(server, token), await join(server, token)];
      assert.equal(server.switchboard.kick("room", first.id), "ended");
      assert.equal(await kickedWords(first), "kicked 4004");
      assert.equal((await second.socket.receive("peerLeft")).peerId, first.id);
      assert.equal(await tryJoin(server, token), "welcome");
      await second.socket.close();
    }
  },
});

Deno.test({
  name: "P121: tokens that are revoked bring nobody into a room, or into any; who came by them leaves, and nobody else",
  permissions: PERMISSIONS,
  async fn() {
    await using server = new LoopbackServer(AUTH);
    const { switchboard } = server;
    const [old, late] = [await tokenOf("ada", -10), await tokenOf("ada", 60)];
    const [byOld, byLate, ben] = [
      await join(server, old, "office"),
      await join(server, late, "office"),
      await join(server, await tokenOf("ben"), "office"),
    ];
    switchboard.revokeTokens("ada", "lobby");
    assert.deepEqual(
      [await tryJoin(server, old, "lobby"), await tryJoin(server, old, "office")],
      ["unauthorized 4401", "welcome"],
    );
    switchboard.revokeTokens("ada");
    assert.equal(await kickedWords(byOld), "kicked 4004");
    for (const room of ["lobby", "office", "room"]) assert.equal(await tryJoin(server, old, room), "unauthorized 4401");
    assert.equal(await tryJoin(server, late, "lobby"), "welcome");
    for (const { socket } of [byLate, ben]) {
      assert.deepEqual(socket.received("error"), []);
      await socket.close();
    }
    for (
      const [identity, room] of [["", undefined], ["x".repeat(129), undefined], ["ada", ""], ["ada", "\n"]] as const
    ) {
      assert.throws(() => switchboard.revokeTokens(identity, room), TypeError);
    }
  },
});

/** A server that shares its rooms with the others of a network. */
function openAt(network: MemoryBrokerNetwork): LoopbackServer {
  return new LoopbackServer({ ...AUTH, bus: { broker: network.open(), media: "broker" } });
}

/** Until nobody gets into the room by this token at this server. */
async function untilRefused(server: LoopbackServer, token: string): Promise<void> {
  const deadline = performance.now() + KNOWN_MS;
  while (await tryJoin(server, token) === "welcome") {
    assert(performance.now() < deadline, `somebody who was kicked comes back after ${KNOWN_MS} ms`);
  }
}

Deno.test({
  name:
    "B452, P120: a kick holds at all servers that share rooms, from whichever of them it comes, and at one that comes later",
  permissions: PERMISSIONS,
  async fn() {
    const network = new MemoryBrokerNetwork();
    await using first = openAt(network);
    await using second = openAt(network);
    const old = await tokenOf("ada", -10);
    const ben = await join(second, await tokenOf("ben"));
    const [ada, adaToo] = [await join(first, old), await join(second, old)];
    await ben.socket.receive("peerJoined", ({ peer }) => peer.id === ada.id);
    // Not here: the others are told, and whoever has the peer tells of its tokens.
    assert.equal(second.switchboard.kick("room", ada.id), "told");
    assert.deepEqual(await Promise.all([ada, adaToo].map(kickedWords)), ["kicked 4004", "kicked 4004"]);
    await ben.socket.receive("peerLeft", ({ peerId }) => peerId === ada.id);
    for (const server of [first, second]) await untilRefused(server, old);

    await using third = openAt(network);
    await untilRefused(third, old);
    assert.equal(await tryJoin(third, await tokenOf("ada", 2)), "welcome");
    await ben.socket.close();
  },
});

Deno.test({
  name:
    "B452, P121: a revocation of when the broker was away is known everywhere once it is back, and ends who came meanwhile",
  permissions: PERMISSIONS,
  async fn() {
    const network = new MemoryBrokerNetwork();
    await using first = openAt(network);
    await using second = openAt(network);
    const [ofAda, ofBen] = [await tokenOf("ada", -10), await tokenOf("ben", -10)];
    assert.equal(await tryJoin(second, ofAda), "welcome");
    network.takeAway();
    first.switchboard.revokeTokens("ada");
    second.switchboard.revokeTokens("ben", "room");
    const [ada, ben] = [await join(second, ofAda), await join(first, ofBen)];
    assert.equal(first.switchboard.kick("room", ada.id), "unknown", "nobody can be told");
    network.bringBack();
    assert.deepEqual(await Promise.all([ada, ben].map(kickedWords)), ["kicked 4004", "kicked 4004"]);
    assert.deepEqual([await tryJoin(second, ofAda), await tryJoin(first, ofBen)], Array(2).fill("unauthorized 4401"));
  },
});
