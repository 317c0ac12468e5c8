import assert from "node:assert/strict";
import { HttpMediaClient } from "../harness/http_media_client.ts";
import { LoopbackServer } from "../harness/loopback_server.ts";
import { buildOffer, type OfferLine } from "../harness/offer_builder.ts";
import { credentialsOf } from "../harness/signaling_room.ts";
import { WeriftClient } from "../harness/werift_client.ts";

const PERMISSIONS = { net: ["127.0.0.1"] } satisfies Deno.PermissionOptionsObject;
const SDP = "application/sdp";
const FRAGMENT = "application/trickle-ice-sdpfrag";
const CAMERA: OfferLine = { mid: "0", kind: "video", direction: "sendonly", ssrc: 1000, msid: "s v" };
const RESTART = "a=ice-ufrag:clie2\r\na=ice-pwd:client2client2client2client2\r\n";

const post = (url: string, body: string, headers: Record<string, string> = {}) =>
  fetch(url, { method: "POST", headers: { "Content-Type": SDP, ...headers }, body });

/** The code of a problem. */
async function codeOf(response: Response, status: number): Promise<string> {
  assert.equal(response.status, status);
  assert.equal(response.headers.get("Content-Type"), "application/problem+json");
  return (await response.json()).code;
}

Deno.test({
  name: "P62: each client is told of the TURN server with credentials of its own, over WebSocket and by Link",
  permissions: PERMISSIONS,
  async fn() {
    const turn = { urls: ["turn:turn.example.org"], secret: "north", lifetimeSeconds: 600 };
    await using server = new LoopbackServer({ iceServers: [{ urls: ["stun:stun.example.org"] }], turn });
    await using watching = await WeriftClient.join(server.signalingUrl, "room");
    const { iceServers = [] } = watching.signaling.received("welcome")[0];
    assert.deepEqual(iceServers.map(({ urls }) => urls), [["stun:stun.example.org"], turn.urls]);
    const [, until, peerId] = /^(\d+):(.+)$/.exec(iceServers[1].username ?? "") ?? [];
    assert.equal(peerId, watching.id);
    assert.ok(Math.abs(Number(until) - Date.now() / 1000 - turn.lifetimeSeconds) < 60, until);
    const created = await post(`${server.url}/whip/room`, buildOffer([CAMERA]));
    const { peer } = await watching.signaling.receive("peerJoined");
    assert.ok(created.headers.get("Link")?.includes(`:${peer.id}"; credential="`), "the publisher's own");
    await created.body?.cancel();
  },
});

Deno.test({
  name: "P50, P55, P56, P57: a WHIP session over HTTP from its POST to its DELETE",
  permissions: PERMISSIONS,
  async fn() {
    const turn = { urls: ["turn:turn.example.org?transport=udp"], username: "ada", credential: 'a "quoted" one' };
    const iceServers = [{ urls: ["stun:stun.example.org"] }, turn];
    await using server = new LoopbackServer({ iceServers });
    await using watching = await WeriftClient.join(server.signalingUrl, "blue & green");
    const endpoint = `${server.url}/whip/${encodeURIComponent("blue & green")}`;
    const created = await post(`${endpoint}?name=Encoder`, buildOffer([CAMERA]));
    assert.equal(created.status, 201);
    assert.equal(created.headers.get("Content-Type"), SDP);
    assert.equal(
      created.headers.get("Link"),
      '<stun:stun.example.org>; rel="ice-server", <turn:turn.example.org?transport=udp>; rel="ice-server"; ' +
        'username="ada"; credential="a \\"quoted\\" one"; credential-type="password"',
    );
    const answer = await created.text();
    assert.match(answer, /^a=recvonly\r$/m);
    const etag = created.headers.get("ETag") ?? "";
    assert.match(etag, /^"[^"]+"$/);
    const { peer } = await watching.signaling.receive("peerJoined");
    assert.equal(peer.name, "Encoder");
    await watching.signaling.receive("trackPublished", ({ peerId }) => peerId === peer.id);

    const session = new URL(created.headers.get("Location") ?? "", created.url);
    assert.equal(session.href.startsWith(`${endpoint}/`), true);
    const patch = (body: string, headers: Record<string, string>) =>
      fetch(session, { method: "PATCH", headers: { "Content-Type": FRAGMENT, ...headers }, body });
    const trickled = await patch("a=mid:0\r\na=end-of-candidates\r\n", { "If-Match": etag });
    assert.deepEqual([trickled.status, trickled.headers.get("ETag"), await trickled.text()], [204, null, ""]);
    assert.equal(await codeOf(await patch(RESTART, {}), 428), "etag-required");
    const restarted = await patch(RESTART, { "If-Match": "*" });
    assert.equal(restarted.status, 200);
    assert.equal(restarted.headers.get("Content-Type"), FRAGMENT);
    assert.notEqual(restarted.headers.get("ETag"), etag);
    assert.notDeepEqual(credentialsOf(await restarted.text()), credentialsOf(answer));
    assert.equal(await codeOf(await patch("a=mid:0", { "If-Match": etag }), 412), "etag-mismatch");

    const elsewhere = new URL(session.pathname.replace("/whip/", "/whep/"), session);
    assert.equal(await codeOf(await fetch(elsewhere, { method: "DELETE" }), 404), "no-session");
    const deleted = await fetch(session, { method: "DELETE", headers: { "If-Match": '"whatever"' } });
    assert.deepEqual([deleted.status, await deleted.text()], [200, ""]);
    await watching.signaling.receive("peerLeft", ({ peerId }) => peerId === peer.id);
    assert.equal(await codeOf(await fetch(session, { method: "DELETE" }), 404), "no-session");
    const { peers, sessions } = server.switchboard.stats();
    assert.deepEqual({ peers, sessions }, { peers: 1, sessions: 1 });
  },
});

Deno.test({
  name: "P51, P52, P59: what is refused leaves nothing, and the sessions that are there stay",
  permissions: PERMISSIONS,
  async fn() {
    await using server = new LoopbackServer({ codecs: ["vp8"] });
    const kept = await post(`${server.url}/whep/a`, buildOffer([{ mid: "0", kind: "video", direction: "recvonly" }]));
    assert.equal(kept.status, 201);
    await kept.body?.cancel();
    const opus: OfferLine = { mid: "1", kind: "audio", direction: "sendonly" };
    assert.equal(
      await codeOf(await post(`${server.url}/whip/a`, buildOffer([CAMERA, opus])), 422),
      "codec-unsupported",
    );
    assert.equal(await codeOf(await post(`${server.url}/whep/a`, buildOffer([CAMERA])), 422), "wrong-direction");
    assert.equal(await codeOf(await post(`${server.url}/whip/a`, "hello"), 400), "bad-sdp");
    assert.equal(await codeOf(await post(`${server.url}/whip/a`, "x".repeat(2 * 1024 * 1024)), 413), "too-large");
    const { peers, sessions, sockets } = server.switchboard.stats();
    assert.deepEqual({ peers, sessions, sockets }, { peers: 1, sessions: 1, sockets: 1 });
  },
});

Deno.test({
  name: "P57: closing the server ends its WHIP and WHEP peers, and there are no new ones",
  permissions: PERMISSIONS,
  async fn() {
    await using server = new LoopbackServer();
    const created = await post(`${server.url}/whip/a`, buildOffer([CAMERA]));
    await created.body?.cancel();
    await server.switchboard.close();
    await server.empty();
    assert.equal(await codeOf(await post(`${server.url}/whip/a`, buildOffer([CAMERA])), 503), "server-closing");
    await server.empty();
  },
});

Deno.test({
  name: "P60: the embedder decides by room and token who publishes and who plays",
  permissions: PERMISSIONS,
  async fn() {
    await using server = new LoopbackServer({
      authorize: ({ protocol, roomId, token }) =>
        Promise.resolve(
          token !== "secret" ? "unauthorized" : protocol === "whip" && roomId === "a" ? "allowed" : "forbidden",
        ),
    });
    const token = { Authorization: "Bearer secret" };
    assert.equal(await codeOf(await post(`${server.url}/whip/a`, buildOffer([CAMERA])), 401), "unauthorized");
    assert.equal(await codeOf(await post(`${server.url}/whip/b`, buildOffer([CAMERA]), token), 403), "forbidden");
    const created = await post(`${server.url}/whip/a`, buildOffer([CAMERA]), token);
    assert.equal(created.status, 201);
    await created.body?.cancel();
    const session = new URL(created.headers.get("Location") ?? "", created.url);
    assert.equal(await codeOf(await fetch(session, { method: "DELETE" }), 401), "unauthorized");
    assert.equal(server.switchboard.stats().peers, 1);
    const deleted = await fetch(session, { method: "DELETE", headers: token });
    assert.equal(deleted.status, 200);
    await deleted.body?.cancel();
  },
});

Deno.test({
  name:
    "P58, P83, P103: a WHIP client that asks for JSON is told of a limit that it exceeds, and one that does not is not",
  permissions: PERMISSIONS,
  async fn() {
    await using server = new LoopbackServer({ limits: { maxBitrateIn: 10_000 } });
    await using encoder = await HttpMediaClient.connect(`${server.url}/whip/room`, "whip");
    const ask = (Accept: string) => fetch(encoder.session, { headers: { Accept } });
    const status = async () => await (await ask("text/html;q=0.1, application/json")).json();
    assert.deepEqual(await status(), { connected: true, notices: [] });
    encoder.sendPictures(1100);
    await server.until(({ refusals }) => refusals["bitrate-exceeded"] > 0, "too much is sent");
    const detail = "more than 10000 bit/s come from this peer, and packets are dropped";
    assert.deepEqual(await status(), {
      connected: true,
      notices: [{ code: "bitrate-exceeded", detail, count: server.switchboard.stats().refusals["bitrate-exceeded"] }],
    });
    for (const accept of ["*/*", "application/sdp", "application/jsonp"]) {
      const response = await ask(accept);
      assert.deepEqual([response.status, await response.text()], [204, ""], accept);
      assert.match(response.headers.get("Vary") ?? "", /Accept/);
    }
    const deleted = await fetch(encoder.session, { method: "DELETE" });
    assert.deepEqual([deleted.status, await deleted.text()], [200, ""]);
    assert.equal(await codeOf(await ask("application/json"), 404), "no-session");
  },
});
