import { resetSync } from "@logtape/logtape";
import assert from "node:assert/strict";
import { administer, adminToken } from "../../../tests/harness/admin_setup.ts";
import { buildOffer } from "../../../tests/harness/offer_builder.ts";
import { joinConnected, setUp } from "../../../tests/harness/switchboard_setup.ts";
import { secretToken } from "../../../tests/harness/tokens.ts";
import { configureLogs } from "../log.ts";
import { type Operation, OPERATIONS } from "./operations.ts";

const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

/** A body that each operation with one takes. */
const BODIES: Readonly<Record<string, unknown>> = {
  capturePeer: {},
  revokeTokens: { identity: "ada" },
  drain: { seconds: 10 },
  setLogFilter: { filter: "debug" },
  sendMessage: { message: "hello" },
  sendRoomMessage: { message: "hello" },
  movePeer: { roomId: "office" },
  setTrackMuted: { muted: true },
};

/** Each operation of the table, as a request about nobody. */
const REQUESTS = Object.entries<Operation>(OPERATIONS).map(([id, { method, path, scope }]) => ({
  id,
  method: method.toUpperCase(),
  path: path.replace("{room}", "room").replace("{peer}", "nobody").replace("{track}", "none"),
  scope,
  body: BODIES[id],
}));

const codeOf = ({ status, body }: { status: number; body: { code?: string } }) => `${status} ${body?.code}`;

test("B490: without tokens there is no admin API, and each operation says how to get it", async () => {
  const { ask } = administer(setUp(), { hasAuth: false });
  for (const { method, path, body } of REQUESTS) {
    const answer = await ask(method, path, { body, token: await adminToken() });
    assert.equal(codeOf(answer), "403 admin-needs-auth");
    assert.match(answer.body.detail, /AUTH_SECRET.*--admin=yes/);
  }
});

test("B490: no operation does anything without a token with the grant, and what is refused is counted", async () => {
  const setup = setUp();
  const { ask, refused } = administer(setup);
  const { peerId } = joinConnected(setup);
  const lesser = await secretToken({ exp: 60, switchboard: { room: "*" } });
  for (const { method, path, body } of REQUESTS) {
    const about = path.replace("nobody", peerId);
    const without = await ask(method, about, { body });
    assert.equal(codeOf(without), "401 unauthorized");
    assert.equal(without.headers.get("WWW-Authenticate"), "Bearer");
    assert.equal(codeOf(await ask(method, about, { body, token: "no.token.atall" })), "401 unauthorized");
    assert.equal(codeOf(await ask(method, about, { body, token: lesser })), "403 forbidden");
    const foreign = await ask(method, about, {
      body,
      token: await adminToken(),
      headers: { Origin: "https://evil.example" },
    });
    assert.equal(codeOf(foreign), "403 origin-not-allowed");
  }
  assert.equal(refused.length, 4 * REQUESTS.length);
  const { peers } = setup.switchboard.stats;
  assert.deepEqual([peers, setup.switchboard.isDraining], [1, false]);
});

test("B490: with the grant each operation answers as its document says", async () => {
  const { ask, fetch, close } = administer(setUp());
  for (const { id, method, path, body } of REQUESTS.filter(({ id }) => id !== "listenToEvents")) {
    const { status } = await ask(method, path, { body, token: await adminToken() });
    const expected = OPERATIONS[id as keyof typeof OPERATIONS];
    // Nobody is there.
    if (path.includes("/rooms/room") && id !== "sendRoomMessage") assert.equal(status, 404);
    else assert.ok(status in expected.answers, `${id} answers ${status}`);
  }
  const events = await fetch("GET", "/api/events", { token: await adminToken() });
  assert.equal(events.headers.get("Content-Type"), "text/event-stream");
  await events.body?.cancel();
  close();
});

test("B491: a grant for some rooms is one for them alone, and none for the whole server", async () => {
  const setup = setUp();
  const { ask } = administer(setup);
  for (const roomId of ["team-1", "team-2", "other"]) setup.connect().say({ type: "join", roomId });
  const token = await adminToken("team-*");
  const { body } = await ask("GET", "/api/rooms", { token });
  assert.deepEqual(body.rooms.map(({ id }: { id: string }) => id), ["team-1", "team-2"]);
  assert.equal((await ask("GET", "/api/rooms/team-1", { token })).status, 200);
  assert.equal(codeOf(await ask("GET", "/api/rooms/other", { token })), "403 forbidden");
  for (const { method, path, body } of REQUESTS.filter(({ scope }) => scope === "server")) {
    assert.equal(codeOf(await ask(method, path, { token, body })), "403 forbidden");
  }
  for (const body of [{ identity: "ada" }, { identity: "ada", roomId: "other" }]) {
    assert.equal(codeOf(await ask("POST", "/api/revocations", { token, body })), "403 forbidden");
  }
  const own = { identity: "ada", roomId: "team-1" };
  assert.equal((await ask("POST", "/api/revocations", { token, body: own })).status, 204);
});

test("B493: what is no request of the API is refused by a problem that names what is wrong", async () => {
  const { ask } = administer(setUp());
  const token = await adminToken();
  const post = (body: unknown, headers = {}) => ask("POST", "/api/drain", { token, body, headers });
  assert.equal(codeOf(await ask("GET", "/api/nothing", { token })), "404 unknown-operation");
  const wrong = await ask("PUT", "/api/rooms", { token });
  assert.deepEqual([codeOf(wrong), wrong.headers.get("Allow")], ["405 wrong-method", "OPTIONS, GET"]);
  assert.match((await post({ seconds: 0 })).body.detail, /^body\.seconds: /);
  assert.equal(codeOf(await post({ seconds: 1 }, { "Content-Type": "text/plain" })), "415 wrong-type");
  assert.equal(codeOf(await post({ seconds: 1, more: "x".repeat(70_000) })), "413 too-large");
  for (const limit of ["0", "-1", "x", "1001", "1.5"]) {
    assert.match((await ask("GET", `/api/rooms?limit=${limit}`, { token })).body.detail, /^limit: /);
  }
  assert.match((await ask("GET", `/api/rooms/${"x".repeat(129)}`, { token })).body.detail, /^room: /);
  const preflight = await ask("OPTIONS", "/api/log", { headers: { Origin: "http://localhost" } });
  assert.deepEqual([preflight.status, preflight.headers.get("Allow")], [204, "OPTIONS, GET, PUT"]);
  assert.match(preflight.headers.get("Access-Control-Allow-Methods") ?? "", /DELETE/);
});

test("B492: a peer is told with what it publishes and receives, and why, and what its way carries", async () => {
  const setup = setUp();
  const { ask } = administer(setup);
  const token = await adminToken();
  const { peerId: publisher } = joinConnected(setup);
  const subscriber = joinConnected(setup);
  const { body: room } = await ask("GET", "/api/rooms/room", { token });
  assert.deepEqual({ ...room, members: room.members.length }, {
    id: "room",
    peers: 2,
    remotePeers: 0,
    tracks: 2,
    members: 2,
  });
  const [track] = room.members.find(({ id }: { id: string }) => id === publisher).tracks;
  assert.deepEqual(track, { id: track.id, kind: "video", source: "camera", codec: "video/vp8" });
  const receiving = { mid: "1", kind: "video", direction: "recvonly" } as const;
  const sending = { mid: "0", kind: "video", direction: "sendonly", ssrc: 1000 } as const;
  subscriber.say({
    type: "offer",
    sdp: buildOffer([sending, receiving]),
    tracks: [{ mid: "1", trackId: track.id }],
  });
  setup.clock.advance(2000);
  const { body } = await ask("GET", `/api/rooms/room/peers/${subscriber.peerId}`, { token });
  assert.deepEqual([body.protocol, body.state, body.subscriptions], ["websocket", "connected", 1]);
  assert.equal(body.address.transport, "udp");
  assert.equal(body.publishes[0].mid, "0");
  const [received] = body.receives;
  assert.deepEqual([received.mid, received.trackId, received.peerId], ["1", track.id, publisher]);
  assert.equal(received.quality.state, "waiting");
  assert.match(received.quality.reason, /the best that there is/);
  assert.equal(typeof body.estimate.bitrate, "number");
});

test("B492: of a track in several encodings they are told, and which of them anybody receives", async () => {
  const setup = setUp();
  const { ask } = administer(setup);
  const client = setup.connect();
  const [welcome] = client.say({ type: "join", roomId: "a/b c" });
  assert.equal(welcome.type, "welcome");
  const line = { mid: "0", kind: "video", direction: "sendonly", rids: ["q", "h", "f"] } as const;
  client.say({ type: "offer", sdp: buildOffer([line]) });
  setup.clock.advance(3000);
  const path = `/api/rooms/${encodeURIComponent("a/b c")}/peers/${welcome.peerId}`;
  const { body } = await ask("GET", path, { token: await adminToken() });
  assert.deepEqual([body.publishes[0].rids, body.publishes[0].activeRids], [["q", "h", "f"], []]);
});

test("B492: lists come in pages, by ids, and each page says where the next one begins", async () => {
  const setup = setUp();
  const { ask } = administer(setup);
  const token = await adminToken();
  for (let i = 0; i < 5; i++) setup.connect().say({ type: "join", roomId: `room-${i}` });
  for (let i = 0; i < 3; i++) setup.connect().say({ type: "join", roomId: "room-0" });
  const first = (await ask("GET", "/api/rooms?limit=3", { token })).body;
  assert.deepEqual(first.rooms.map(({ id }: { id: string }) => id), ["room-0", "room-1", "room-2"]);
  const second = (await ask("GET", `/api/rooms?limit=3&after=${first.next}`, { token })).body;
  assert.deepEqual([second.rooms.length, second.next], [2, undefined]);
  const members = (await ask("GET", "/api/rooms/room-0?limit=3", { token })).body;
  const rest = (await ask("GET", `/api/rooms/room-0?after=${members.next}`, { token })).body;
  const ids = [...members.members, ...rest.members].map(({ id }) => id);
  assert.deepEqual([ids.length, ids], [4, ids.toSorted()]);
});

test("B494: a peer is kicked, tokens are revoked, and a drain begins once, as by the methods of embedders", async () => {
  const setup = setUp();
  const { ask } = administer(setup);
  const token = await adminToken();
  const { peerId, closed } = joinConnected(setup);
  const path = `/api/rooms/room/peers/${peerId}`;
  assert.deepEqual((await ask("DELETE", path, { token })).body, { result: "ended" });
  assert.deepEqual(closed, [4004]);
  assert.equal(codeOf(await ask("DELETE", path, { token })), "404 unknown-peer");
  await ask("POST", "/api/revocations", { token, body: { identity: "ada" } });
  assert.deepEqual(setup.switchboard.expulsions.list.map(({ identity }) => identity), ["ada"]);
  joinConnected(setup);
  const drain = await ask("POST", "/api/drain", { token, body: { seconds: 60 } });
  assert.deepEqual([drain.status, drain.body], [202, { seconds: 60 }]);
  setup.clock.advance(10_000);
  assert.deepEqual((await ask("POST", "/api/drain", { token, body: { seconds: 60 } })).body, { seconds: 50 });
  const { body } = await ask("GET", "/api/status", { token });
  assert.deepEqual([body.ready, body.draining], [false, { seconds: 50 }]);
  assert.deepEqual((await ask("POST", "/api/drain", { token, body: { seconds: 5 } })).body, { seconds: 5 });
});

test("B497: a room is ended for all of its peers and for no others, and they may come back", async () => {
  const setup = setUp();
  const { ask } = administer(setup);
  const token = await adminToken();
  const [one, two, other] = ["room", "room", "other"].map((roomId) => {
    const client = setup.connect();
    client.say({ type: "join", roomId });
    return client;
  });
  const ended = await ask("DELETE", "/api/rooms/room", { token });
  assert.deepEqual([ended.status, ended.body], [200, { reached: 2, told: false }]);
  assert.deepEqual([one.closed, two.closed, other.closed], [[4005], [4005], []]);
  assert.deepEqual(two.received.map(({ type }) => type), ["error"], "nobody is told of the others");
  assert.equal(codeOf(await ask("DELETE", "/api/rooms/room", { token })), "404 unknown-room");
  assert.equal(setup.connect().say({ type: "join", roomId: "room" })[0].type, "welcome");
});

test("B498: a message goes to the clients of a room or to all, and one that is too long to nobody", async () => {
  const setup = setUp();
  const { ask } = administer(setup);
  const token = await adminToken();
  const [one, other] = ["room", "other"].map((roomId) => {
    const client = setup.connect();
    client.say({ type: "join", roomId });
    return client;
  });
  const say = (path: string, message: unknown) => ask("POST", path, { token, body: { message } });
  const heard = ({ received }: typeof one) =>
    received.splice(0).flatMap((each) => each.type === "message" ? [each.message] : []);
  assert.deepEqual((await say("/api/rooms/room/messages", { n: 1 })).body, { reached: 1, told: false });
  assert.deepEqual((await say("/api/messages", null)).body, { reached: 2, told: false });
  assert.deepEqual([heard(one), heard(other)], [[{ n: 1 }, null], [null]]);
  const longest = "x".repeat(16 * 1024 - 2);
  assert.equal(codeOf(await say("/api/messages", `${longest}x`)), "413 too-large");
  assert.equal(codeOf(await ask("POST", "/api/messages", { token, body: {} })), "400 bad-request");
  assert.deepEqual(heard(one), []);
  assert.equal((await say("/api/rooms/room/messages", longest)).body.reached, 1);
  const deepest = JSON.parse("[".repeat(8 * 1024) + "]".repeat(8 * 1024));
  assert.equal((await say("/api/rooms/room/messages", deepest)).body.reached, 1);
  assert.equal((await say("/api/rooms/nobody/messages", 1)).body.reached, 0);
  assert.throws(() => setup.switchboard.administration.sendMessage(`${longest}x`), RangeError);
});

test("B499, P134: a track is muted and unmuted, and told so wherever it is told", async () => {
  const setup = setUp();
  const { ask } = administer(setup);
  const token = await adminToken();
  const { peerId } = joinConnected(setup);
  const path = `/api/rooms/room/peers/${peerId}`;
  const trackOf = async () => (await ask("GET", path, { token })).body.publishes[0];
  const { id } = await trackOf();
  const mute = (trackId: string, muted: boolean) =>
    ask("PUT", `${path}/tracks/${trackId}/muted`, { token, body: { muted } });
  assert.deepEqual((await mute(id, true)).body, { muted: true });
  assert.equal((await trackOf()).muted, true);
  assert.equal((await ask("GET", "/api/rooms/room", { token })).body.members[0].tracks[0].muted, true);
  await mute(id, false);
  assert.equal((await trackOf()).muted, undefined);
  assert.equal(codeOf(await mute("none", true)), "404 unknown-track");
});

test("B500, P135: a peer is moved where it may go and hears of it, by who administers both rooms", async () => {
  const setup = setUp();
  const { ask } = administer(setup);
  const token = await adminToken();
  const { peerId, closed, received } = joinConnected(setup);
  const joinBy = (room: string, identity?: string): string => {
    const rights = { publish: [], subscribe: true, admin: false, maxBitrate: undefined };
    const said: string[] = [];
    const endpoint = setup.switchboard.connect(
      { send: (text) => said.push(text), close: () => {} },
      "192.0.2.1",
      { room, identity, name: undefined, ...rights },
    );
    endpoint.handleMessage(JSON.stringify({ type: "join", roomId: "room" }));
    return JSON.parse(said[0]).peerId;
  };
  const [boundId, kickedId] = [joinBy("room"), joinBy("*", "ada")];
  setup.switchboard.expulsions.revoke("ada", "office");
  const move = (id: string, roomId: string, by = token) =>
    ask("POST", `/api/rooms/room/peers/${id}/move`, { token: by, body: { roomId } });
  assert.equal(codeOf(await move(boundId, "office")), "409 not-granted");
  assert.equal(codeOf(await move(kickedId, "office")), "409 not-granted");
  assert.equal(codeOf(await move(peerId, "room")), "409 same-room");
  assert.equal(codeOf(await move("nobody", "office")), "404 unknown-peer");
  assert.equal(codeOf(await move(peerId, "office", await adminToken("room"))), "403 forbidden");
  const moved = await move(peerId, "office");
  assert.deepEqual([moved.status, moved.body], [202, { roomId: "office" }]);
  assert.deepEqual([closed, received.at(-1)], [[4006], { type: "moved", roomId: "office" }]);
  const lost = joinConnected(setup);
  lost.endpoint.handleClose(1006, false);
  assert.equal(codeOf(await move(lost.peerId, "office")), "409 not-heard");
});

test("B503: what is done is in the log, with who has done it and what came of it; what is read is not", async () => {
  const lines: string[] = [];
  configureLogs([{ area: ["switchboard", "http"], level: "info" }], {
    write: (line) => lines.push(line),
    colors: false,
  });
  try {
    const { ask } = administer(setUp());
    const token = await adminToken("*", { sub: "root" });
    await ask("GET", "/api/rooms", { token });
    await ask("DELETE", "/api/rooms/blue", { token });
    await ask("POST", "/api/drain", { token, body: { seconds: 5 } });
    assert.deepEqual(lines.map((line) => /switchboard\.http (.*)\n/.exec(line)?.[1]), [
      "root administers: DELETE /api/rooms/blue: unknown-room address=192.0.2.1",
      "root administers: POST /api/drain: 202 address=192.0.2.1",
    ]);
  } finally {
    resetSync();
  }
});

test("B502: a fault of one peer keeps what is done to many from nobody else", async () => {
  const setup = setUp();
  const { ask } = administer(setup);
  let heard = 0;
  const connect = (send: () => void) => {
    const endpoint = setup.switchboard.connect({ send, close: () => {} }, "192.0.2.1");
    endpoint.handleMessage(JSON.stringify({ type: "join", roomId: "room" }));
  };
  let isFaulty = false;
  connect(() => {
    if (isFaulty) throw new Error("a fault");
  });
  connect(() => heard++);
  isFaulty = true;
  heard = 0;
  const { body } = await ask("POST", "/api/messages", { token: await adminToken(), body: { message: 1 } });
  assert.equal(body.reached, 1);
  assert.ok(heard >= 1);
});

test("B496: what is logged is told, and changed while the server runs; a filter that is none changes nothing", async () => {
  const { ask } = administer(setUp());
  const token = await adminToken();
  const filter = "warn,switchboard.ice=debug";
  assert.deepEqual((await ask("PUT", "/api/log", { token, body: { filter } })).body, { filter });
  const wrong = await ask("PUT", "/api/log", { token, body: { filter: "loud" } });
  assert.equal(codeOf(wrong), "400 bad-request");
  assert.match(wrong.body.detail, /switchboard\.dtls/);
  assert.deepEqual((await ask("GET", "/api/log", { token })).body, { filter });
  const embedded = administer(setUp(), { hasLogs: false });
  for (const method of ["GET", "PUT"]) {
    const answer = await embedded.ask(method, "/api/log", { token, ...(method === "PUT" && { body: { filter } }) });
    assert.equal(codeOf(answer), "409 logs-not-here");
  }
});

test("B495: events come while they happen, of the rooms of the grant and of the query alone", async () => {
  const setup = setUp();
  const { fetch, ask, close } = administer(setup);
  const listen = async (room: string, query = "") => {
    const { body } = await fetch("GET", `/api/events${query}`, { token: await adminToken(room) });
    assert.ok(body);
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    assert.match((await reader.read()).value ?? "", /^retry/);
    return async () => /^event: (\w+)$/m.exec((await reader.read()).value ?? "")?.[1];
  };
  const [all, team, one] = [await listen("*"), await listen("team-*"), await listen("*", "?room=blue")];
  setup.connect().say({ type: "join", roomId: "other" });
  setup.connect().say({ type: "join", roomId: "team-1" });
  setup.connect().say({ type: "join", roomId: "blue" });
  for (const read of [all, team, one]) assert.deepEqual([await read(), await read()], ["roomStarted", "peerJoined"]);
  close();
  assert.equal(codeOf(await ask("GET", "/api/events", { token: await adminToken() })), "503 server-closing");
});
