import { resetSync } from "@logtape/logtape";
import assert from "node:assert/strict";
import { configureLogs } from "../../src/server/log.ts";
import { KeySetServer } from "../harness/key_set_server.ts";
import { LoopbackServer } from "../harness/loopback_server.ts";
import { buildOffer, type OfferLine } from "../harness/offer_builder.ts";
import { newSecret } from "../harness/secret_scene.ts";
import { SecretSearch } from "../harness/secret_search.ts";
import { SignalingSocket } from "../harness/signaling_socket.ts";
import { FOR_ROOM, forgedToken, newIssuer, SECRET, secretToken } from "../harness/tokens.ts";

const PERMISSIONS = { net: ["127.0.0.1"] } satisfies Deno.PermissionOptionsObject;
const SDP = "application/sdp";
const CAMERA: OfferLine = { mid: "0", kind: "video", direction: "sendonly", ssrc: 1000, msid: "s v" };

/** How a server ends a WebSocket that it refuses: what it says, and the close code. */
async function refusal(socket: SignalingSocket): Promise<string> {
  const { code, reason } = await socket.closed;
  const [error, ...rest] = socket.messages.entries;
  assert.ok(error?.type === "error", JSON.stringify(error));
  assert.deepEqual(rest, []);
  assert.equal(reason, error.code);
  return `${code} ${error.code}: ${error.message}`;
}

const post = (url: string, token?: string, body = buildOffer([CAMERA])) =>
  fetch(url, {
    method: "POST",
    headers: { "Content-Type": SDP, ...(token !== undefined && { Authorization: `Bearer ${token}` }) },
    body,
  });

/** Status, code and challenge of a problem document. */
async function problemOf(response: Response): Promise<string> {
  assert.equal(response.headers.get("Content-Type"), "application/problem+json");
  const { status, code, title } = await response.json();
  assert.equal(status, response.status);
  assert.equal(typeof title, "string");
  return [status, code, response.headers.get("WWW-Authenticate")].filter((part) => part !== null).join(" ");
}

Deno.test({
  name: "P71: a token in the handshake opens a WebSocket, be it a subprotocol, which is not answered, or a field",
  permissions: PERMISSIONS,
  async fn() {
    await using server = new LoopbackServer({ auth: { secret: SECRET } });
    const token = await secretToken({ ...FOR_ROOM, name: "Ada" });
    await using ada = await SignalingSocket.open(server.signalingUrl, token);
    assert.equal(ada.protocol, "switchboard");
    ada.send({ type: "join", roomId: "room", name: "Not Ada" });
    await ada.receive("welcome");
    await using ben = await SignalingSocket.openWithField(server.signalingUrl, await secretToken(FOR_ROOM));
    assert.equal(ben.protocol, "");
    ben.send({ type: "join", roomId: "room", name: "Ben" });
    const { peers } = await ben.receive("welcome");
    assert.deepEqual(peers.map(({ name }) => name), ["Ada"], "the name in the token is the one that counts");
    assert.equal((await ada.receive("peerJoined")).peer.name, "Ben");
  },
});

Deno.test({
  name: "P71: a server that asks for no tokens takes no notice of one",
  permissions: PERMISSIONS,
  async fn() {
    await using server = new LoopbackServer();
    await using socket = await SignalingSocket.open(server.signalingUrl, "x.y.z");
    assert.equal(socket.protocol, "switchboard");
    socket.send({ type: "join", roomId: "room" });
    await socket.receive("welcome");
  },
});

Deno.test({
  name: "P72, B234, B235, B236: a WebSocket without a valid token is told why and closed with 4401, and leaves nothing",
  permissions: PERMISSIONS,
  async fn() {
    const auth = { secret: SECRET, issuer: "https://a.example", audience: "calls" };
    await using server = new LoopbackServer({ auth });
    const good = { ...FOR_ROOM, iss: auth.issuer, aud: auth.audience };
    const tokens = [
      await secretToken({ ...good, exp: -60 }),
      await secretToken({ ...good, nbf: 60 }),
      await secretToken({ ...good, iss: "https://b.example" }),
      await secretToken({ ...good, aud: "chat" }),
      await secretToken(good, "another secret, of a length that is fine"),
      forgedToken({ alg: "none" }, good),
      await secretToken({ ...good, switchboard: {} }),
      await secretToken({ ...good, padding: "x".repeat(9000) }),
      "x",
    ];
    for (const token of tokens) {
      for (const open of [SignalingSocket.open, SignalingSocket.openWithField]) {
        const socket = await open(server.signalingUrl, token);
        socket.send({ type: "join", roomId: "room" });
        assert.match(await refusal(socket), /^4401 unauthorized: the token /);
      }
      assert.equal(await problemOf(await post(`${server.url}/whip/room`, token)), PROBLEM_401);
    }
    assert.equal(
      await refusal(await SignalingSocket.open(server.signalingUrl)),
      "4401 unauthorized: a token is needed",
    );
    assert.equal(await problemOf(await post(`${server.url}/whep/room`)), "401 unauthorized Bearer");
    await server.empty();
    await using socket = await SignalingSocket.open(server.signalingUrl, await secretToken(good));
    socket.send({ type: "join", roomId: "room" });
    await socket.receive("welcome");
  },
});

const PROBLEM_401 = 'Bearer error="invalid_token"'.replace(/^/, "401 unauthorized ");

Deno.test({
  name: "P72, P74: a token for another room is refused by 4403 and 403; a pattern is for the rooms that it matches",
  permissions: PERMISSIONS,
  async fn() {
    await using server = new LoopbackServer({ auth: { secret: SECRET } });
    const forTeam = await secretToken({ exp: 60, switchboard: { room: "team-*" } });
    const socket = await SignalingSocket.open(server.signalingUrl, forTeam);
    socket.send({ type: "join", roomId: "room" });
    assert.equal(await refusal(socket), "4403 forbidden: the token is not for this room");
    assert.equal(await problemOf(await post(`${server.url}/whip/room`, forTeam)), "403 forbidden");
    await server.empty();

    await using inTeam = await SignalingSocket.open(server.signalingUrl, forTeam);
    inTeam.send({ type: "join", roomId: "team-1" });
    await inTeam.receive("welcome");
    const created = await post(`${server.url}/whip/team-2`, forTeam);
    assert.equal(created.status, 201);
    await created.body?.cancel();
  },
});

Deno.test({
  name:
    "B237, B238: tokens by the keys of a URL, whose server goes down: 4503 and 503, and the WebSocket may come again",
  permissions: PERMISSIONS,
  async fn() {
    await using keys = new KeySetServer();
    const issuer = await newIssuer("one");
    keys.keys = [issuer.publicKey];
    keys.answer = () => new Response("no", { status: 500 });
    const token = await issuer.sign(FOR_ROOM);
    await using down = new LoopbackServer({ auth: { jwks: keys.url } });
    const UNAVAILABLE = "4503 auth-unavailable: tokens cannot be verified at present";
    assert.equal(await refusal(await SignalingSocket.open(down.signalingUrl, token)), UNAVAILABLE);
    const posted = await post(`${down.url}/whip/room`, token);
    assert.equal(posted.headers.get("Retry-After"), "5");
    assert.equal(await problemOf(posted), "503 auth-unavailable");
    await down.empty();

    keys.answer = undefined;
    await using up = new LoopbackServer({ auth: { jwks: keys.url } });
    await using socket = await SignalingSocket.open(up.signalingUrl, token);
    socket.send({ type: "join", roomId: "room" });
    await socket.receive("welcome");
    const forged = await secretToken(FOR_ROOM, JSON.stringify(issuer.publicKey));
    assert.match(await refusal(await SignalingSocket.open(up.signalingUrl, forged)), /algorithm is not allowed$/);
  },
});

Deno.test({
  name: "P72: a client that is gone before its token was verified leaves nothing, and the server can end",
  permissions: PERMISSIONS,
  async fn() {
    await using keys = new KeySetServer();
    const [asked, release] = [Promise.withResolvers<void>(), Promise.withResolvers<Response>()];
    keys.answer = () => {
      asked.resolve();
      return release.promise;
    };
    const issuer = await newIssuer("one");
    await using server = new LoopbackServer({ auth: { jwks: keys.url } });
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
    const handshake = [
      "GET /ws HTTP/1.1",
      "Host: localhost",
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      `Authorization: Bearer ${await issuer.sign(FOR_ROOM)}`,
    ];
    await connection.write(new TextEncoder().encode(`${handshake.join("\r\n")}\r\n\r\n`));
    await asked.promise;
    connection.close();
    await server.until(({ sessions }) => sessions === 0, "no session");
    release.resolve(Response.json({ keys: [issuer.publicKey] }));
    await server.empty();
  },
});

Deno.test({
  name: "B240, P60: authorize is asked behind a valid token, with what it grants, and both must allow",
  permissions: PERMISSIONS,
  async fn() {
    const asked: unknown[] = [];
    await using server = new LoopbackServer({
      auth: { secret: SECRET },
      authorize({ protocol, grants }) {
        asked.push([protocol, grants?.identity]);
        return protocol === "whip" ? "allowed" : "forbidden";
      },
    });
    const token = await secretToken({ ...FOR_ROOM, sub: "ada" });
    assert.equal(await problemOf(await post(`${server.url}/whip/room`, "x")), PROBLEM_401);
    assert.equal(await problemOf(await post(`${server.url}/whip/other`, token)), "403 forbidden");
    assert.deepEqual(asked, []);
    assert.equal(await problemOf(await post(`${server.url}/whep/room`, token)), "403 forbidden");
    const created = await post(`${server.url}/whip/room`, token);
    assert.equal(created.status, 201);
    await created.body?.cancel();
    assert.deepEqual(asked, [["whep", "ada"], ["whip", "ada"]]);
  },
});

Deno.test({
  name: "P78: a WHIP session outlasts its token: it can be restarted and ended by it; a new one it does not begin",
  permissions: PERMISSIONS,
  async fn() {
    await using server = new LoopbackServer({ auth: { secret: SECRET } });
    const created = await post(`${server.url}/whip/room`, await secretToken(FOR_ROOM));
    await created.body?.cancel();
    const session = new URL(created.headers.get("Location") ?? "", created.url);
    const expired = await secretToken({ ...FOR_ROOM, exp: -3600 });
    assert.equal(await problemOf(await post(`${server.url}/whip/room`, expired)), PROBLEM_401);
    assert.equal(await problemOf(await fetch(session, { method: "DELETE" })), "401 unauthorized Bearer");
    const restart = "a=ice-ufrag:clie2\r\na=ice-pwd:client2client2client2client2\r\n";
    const headers = { Authorization: `Bearer ${expired}` };
    const patched = await fetch(session, {
      method: "PATCH",
      headers: { ...headers, "Content-Type": "application/trickle-ice-sdpfrag", "If-Match": "*" },
      body: restart,
    });
    assert.equal(patched.status, 200);
    await patched.body?.cancel();
    const deleted = await fetch(session, { method: "DELETE", headers });
    assert.equal(deleted.status, 200);
    await deleted.body?.cancel();
    await server.empty();
  },
});

Deno.test({
  name: "B212: no token, be it good or bad, is in the most verbose log or in what its bearer is told",
  permissions: PERMISSIONS,
  async fn() {
    const secrets = new SecretSearch();
    const lines: string[] = [];
    const told: string[] = [];
    configureLogs([{ area: [], level: "trace" }], { write: (line) => lines.push(line), colors: false });
    try {
      await using server = new LoopbackServer({ auth: { secret: SECRET } });
      secrets.addText("the secret of tokens", SECRET);
      const claims = { ...FOR_ROOM, jti: newSecret() };
      secrets.addText("a claim", claims.jti);
      const padded = { ...claims, padding: "x".repeat(9000) };
      for (const changed of [claims, { ...claims, exp: -60 }, { ...claims, switchboard: { room: 1 } }, padded]) {
        const token = await secretToken(changed);
        for (const part of token.split(".").slice(1)) secrets.addText("a part of a token", part);
        for (const roomId of ["room", "other"]) {
          const socket = await SignalingSocket.open(server.signalingUrl, token);
          socket.send({ type: "join", roomId });
          await socket.messages.reach(1, "a reply");
          await socket.close();
          told.push(JSON.stringify(socket.messages.entries));
          const response = await post(`${server.url}/whip/${roomId}`, token);
          told.push(JSON.stringify([...response.headers]) + await response.text());
        }
      }
    } finally {
      resetSync();
    }
    const log = lines.join("");
    assert.match(log, /DEBUG switchboard\.signaling a WebSocket is refused, "?unauthorized/);
    assert.deepEqual(secrets.find(log + told.join()), []);
  },
});
