import assert from "node:assert/strict";
import { LoopbackServer } from "../harness/loopback_server.ts";
import { MediaSource } from "../harness/media_source.ts";
import { buildOffer, type OfferLine } from "../harness/offer_builder.ts";
import { SignalingSocket } from "../harness/signaling_socket.ts";
import { FOR_ROOM, SECRET, secretToken } from "../harness/tokens.ts";
import { WeriftClient } from "../harness/werift_client.ts";

const PERMISSIONS = { net: ["127.0.0.1"] } satisfies Deno.PermissionOptionsObject;
const CAMERA: OfferLine = { mid: "0", kind: "video", direction: "sendonly", ssrc: 1000, msid: "s v" };
const MICROPHONE: OfferLine = { mid: "1", kind: "audio", direction: "sendonly", ssrc: 1001, msid: "s a" };

const tokenFor = (switchboard: object, sub?: string) =>
  secretToken({ exp: 60, switchboard: { ...FOR_ROOM.switchboard, ...switchboard }, ...(sub !== undefined && { sub }) });

const post = (url: string, token: string, lines: readonly OfferLine[]) =>
  fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/sdp", "Authorization": `Bearer ${token}` },
    body: buildOffer(lines),
  });

async function codeOf(response: Response): Promise<string> {
  return `${response.status} ${(await response.json()).code}`;
}

async function joinAs(server: LoopbackServer, identity: string, name: string): Promise<SignalingSocket> {
  const socket = await SignalingSocket.open(server.signalingUrl, await tokenFor({}, identity));
  socket.send({ type: "join", roomId: "room", name });
  return socket;
}

Deno.test({
  name: "P75, P76, P77: a token for sound alone publishes sound alone, over real sockets, and hears of no tracks",
  permissions: PERMISSIONS,
  async fn() {
    await using server = new LoopbackServer({ auth: { secret: SECRET } });
    const token = await tokenFor({ publish: ["audio"], subscribe: false }, "speaker");
    await using speaker = await WeriftClient.join(server.signalingUrl, "room", { token });
    assert.equal(speaker.welcome.identity, "speaker");
    assert.deepEqual(speaker.welcome.grants, { publish: ["audio"], subscribe: false, admin: false });
    await using listener = await WeriftClient.join(server.signalingUrl, "room", {
      token: await tokenFor({ publish: [] }),
    });
    const sound = new MediaSource(speaker, speaker.publish("audio"));
    speaker.publish("video");
    await speaker.connect();
    const { code } = await speaker.signaling.receive("error");
    assert.equal(code, "forbidden");
    const subscription = listener.subscribe("audio");
    await listener.connect();
    await sound.flow(listener.streamOf(subscription), 20);
    assert.equal(server.switchboard.stats().producers, 1);
    assert.deepEqual(speaker.signaling.received("trackPublished"), []);
  },
});

Deno.test({
  name: "P75, P76: WHIP and WHEP answer 403 to what the token does not allow, and leave nothing",
  permissions: PERMISSIONS,
  async fn() {
    await using server = new LoopbackServer({ auth: { secret: SECRET } });
    const sound = await tokenFor({ publish: ["audio"], subscribe: false });
    assert.equal(await codeOf(await post(`${server.url}/whip/room`, sound, [CAMERA, MICROPHONE])), "403 forbidden");
    const watch: OfferLine = { mid: "0", kind: "video", direction: "recvonly" };
    assert.equal(await codeOf(await post(`${server.url}/whep/room`, sound, [watch])), "403 forbidden");
    await server.empty();
    const created = await post(`${server.url}/whip/room`, sound, [MICROPHONE]);
    assert.equal(created.status, 201);
    await created.body?.cancel();
  },
});

Deno.test({
  name: "P77: who knows the URL of a session, and has a token for the room, cannot end it under another identity",
  permissions: PERMISSIONS,
  async fn() {
    await using server = new LoopbackServer({ auth: { secret: SECRET } });
    const created = await post(`${server.url}/whip/room`, await tokenFor({}, "ada"), [CAMERA]);
    await created.body?.cancel();
    const session = new URL(created.headers.get("Location") ?? "", created.url);
    const end = async (identity?: string) =>
      await fetch(session, {
        method: "DELETE",
        headers: { Authorization: `Bearer ${await tokenFor({}, identity)}` },
      });
    for (const other of ["ben", undefined]) assert.equal(await codeOf(await end(other)), "404 no-session");
    const ended = await end("ada");
    assert.equal(ended.status, 200);
    await ended.body?.cancel();
    await server.empty();
  },
});

Deno.test({
  name: "P77: a resume takes a token of the same identity, and picks the peer up where it was",
  permissions: PERMISSIONS,
  async fn() {
    await using server = new LoopbackServer({ auth: { secret: SECRET } });
    await using client = await WeriftClient.join(server.signalingUrl, "room", { token: await tokenFor({}, "ada") });
    client.publish("audio");
    await client.connect();
    const { id, resumeToken } = client;
    await assert.rejects(client.resume(server.signalingUrl, resumeToken, await tokenFor({}, "ben")), /resume-failed/);
    await assert.rejects(client.resume(server.signalingUrl, resumeToken), /unauthorized/);
    await client.resume(server.signalingUrl, resumeToken, await tokenFor({}, "ada"));
    assert.equal(client.id, id);
  },
});

Deno.test({
  name: "P79: replace: the first one is told, closed with 4002 and gone; a WHIP session is gone too",
  permissions: PERMISSIONS,
  async fn() {
    await using server = new LoopbackServer({ auth: { secret: SECRET }, duplicateIdentity: "replace" });
    const created = await post(`${server.url}/whip/room`, await tokenFor({}, "ada"), [CAMERA]);
    await created.body?.cancel();
    const session = new URL(created.headers.get("Location") ?? "", created.url);
    await using neighbour = await joinAs(server, "ben", "Ben");
    await neighbour.receive("welcome");
    const first = await joinAs(server, "ada", "Ada one");
    assert.deepEqual((await first.receive("welcome")).peers.map(({ name }) => name), ["Ben"]);
    const headers = { Authorization: `Bearer ${await tokenFor({}, "ada")}` };
    assert.equal(await codeOf(await fetch(session, { method: "DELETE", headers })), "404 no-session");

    await using second = await joinAs(server, "ada", "Ada two");
    await second.receive("welcome");
    assert.equal((await first.receive("error")).code, "replaced");
    const { code, reason } = await first.closed;
    assert.deepEqual([code, reason], [4002, "replaced"]);
    const { peer } = await neighbour.receive("peerJoined", ({ peer }) => peer.name === "Ada two");
    assert.equal(peer.identity, "ada");
    assert.equal(neighbour.received("peerLeft").length, 2);
    await server.until(({ peers, sessions }) => peers === 2 && sessions === 2, "no ghost");
  },
});

Deno.test({
  name: "P79: refuse: the second one gets 4409, by WHIP 409, and nothing is left of it; allow: both are there",
  permissions: PERMISSIONS,
  async fn() {
    for (const duplicateIdentity of ["refuse", "allow"] as const) {
      await using server = new LoopbackServer({ auth: { secret: SECRET }, duplicateIdentity });
      await using first = await joinAs(server, "ada", "one");
      await first.receive("welcome");
      const second = await joinAs(server, "ada", "two");
      const posted = await post(`${server.url}/whip/room`, await tokenFor({}, "ada"), [CAMERA]);
      if (duplicateIdentity === "allow") {
        await second.receive("welcome");
        await second.close();
        assert.equal(posted.status, 201);
        await posted.body?.cancel();
        continue;
      }
      assert.equal((await second.receive("error")).code, "duplicate-identity");
      assert.equal((await second.closed).code, 4409);
      assert.equal(await codeOf(posted), "409 duplicate-identity");
      await server.until(({ peers, sessions, sockets }) => peers + sessions + sockets === 3, "one peer");
    }
  },
});
