import assert from "node:assert/strict";
import { buildOffer } from "../../tests/harness/offer_builder.ts";
import { answerOf, CAMERA, codes, connect } from "../../tests/harness/session_steps.ts";
import { credentialsOf, SignalingRoom } from "../../tests/harness/signaling_room.ts";

Deno.test({
  name: "P1: binary frames, text that is no JSON and JSON that is no object are bad-json",
  permissions: "none",
  fn() {
    const client = new SignalingRoom(1).join();
    for (const text of [undefined, "", "{", "null", "[]", "1", '"join"', "{'a':1}"]) {
      assert.deepEqual(codes(client.sayText(text)), ["bad-json"], `for ${text}`);
    }
    assert.deepEqual(client.closed, []);
  },
});

Deno.test({
  name: "P2: an unknown type, and a field that is missing or wrong, are named",
  permissions: "none",
  fn() {
    const client = new SignalingRoom(2).connect();
    const said = (message: unknown) => {
      const [reply] = client.say(message);
      assert.equal(reply.type, "error");
      return `${reply.code} ${reply.message}`;
    };
    assert.match(said({ type: "dance" }), /^unknown-type .*"dance"/);
    assert.match(said({}), /^unknown-type/);
    assert.match(said({ type: 7 }), /^unknown-type/);
    assert.match(said({ type: "join" }), /^bad-message roomId: /);
    assert.match(said({ type: "join", roomId: "" }), /^bad-message roomId: /);
    assert.match(said({ type: "join", roomId: "a\u0000b" }), /^bad-message roomId: /);
    assert.match(said({ type: "join", roomId: "a", name: 3 }), /^bad-message name: /);
    assert.match(said({ type: "offer", sdp: 1 }), /^bad-message sdp: /);
    assert.match(said({ type: "offer", sdp: "v=0", tracks: [{ mid: "0" }] }), /^bad-message tracks\.0: /);
    assert.match(said({ type: "iceCandidate" }), /^bad-message candidate: /);
    assert.deepEqual(codes(client.say({ type: "join", roomId: "a", future: { field: 1 } })), ["welcome"]);
  },
});

Deno.test({
  name: "P3: a message over 1 MiB is too-large, counted in bytes",
  permissions: "none",
  fn() {
    const room = new SignalingRoom(3);
    const client = room.join();
    const padded = (text: string) => JSON.stringify({ type: "leave", padding: text });
    assert.deepEqual(codes(client.sayText(padded("x".repeat(1024 * 1024)))), ["too-large"]);
    room.nowMs += 10_000;
    assert.deepEqual(codes(client.sayText(padded("é".repeat(600_000)))), ["too-large"]);
    assert.deepEqual(client.closed, []);
    room.nowMs += 10_000;
    client.sayText(padded("x".repeat(1024 * 1024 - 100)));
    assert.deepEqual(client.closed, [1000], "one that just fits is obeyed");
  },
});

Deno.test({
  name: "P4: 200 messages at once are taken, the next one ends the connection with 1008",
  permissions: "none",
  fn() {
    const room = new SignalingRoom(4);
    const [neighbour, client] = [room.join(), room.connect()];
    for (let i = 0; i < 200; i++) assert.deepEqual(codes(client.say({ type: "dance" })), ["unknown-type"]);
    room.nowMs += 1000;
    for (let i = 0; i < 50; i++) assert.deepEqual(codes(client.say({ type: "dance" })), ["unknown-type"]);
    assert.deepEqual(codes(client.say({ type: "dance" })), ["too-many"]);
    assert.deepEqual(client.closed, [1008]);
    assert.deepEqual(client.say({ type: "join", roomId: "room" }), [], "nothing is heard afterwards");
    assert.deepEqual(neighbour.take(), []);
  },
});

Deno.test({
  name: "P4: a long message counts once for each 32 KiB",
  permissions: "none",
  fn() {
    const room = new SignalingRoom(23);
    const client = room.join();
    const long = JSON.stringify({ type: "dance", padding: "x".repeat(640 * 1024 - 100) });
    for (let i = 0; i < 9; i++) assert.deepEqual(codes(client.sayText(long)), ["unknown-type"]);
    assert.deepEqual(codes(client.sayText(long)), ["too-many"], "the join and nine of 20 leave 19 of 200");
  },
});

Deno.test({
  name: "P4: a peer that sends too many messages leaves its room",
  permissions: "none",
  fn() {
    const room = new SignalingRoom(5);
    const [client, neighbour] = [room.join(), room.join()];
    client.take();
    for (let i = 0; i < 300; i++) client.say({ type: "dance" });
    assert.deepEqual(codes(neighbour.take()), ["peerLeft"]);
    assert.deepEqual(client.closed, [1008]);
  },
});

Deno.test({
  name: "P5: join comes first and once",
  permissions: "none",
  fn() {
    const client = new SignalingRoom(6).connect();
    assert.deepEqual(codes(client.say({ type: "offer", sdp: "v=0" })), ["wrong-state"]);
    assert.deepEqual(codes(client.say({ type: "iceCandidate", candidate: { candidate: "" } })), ["wrong-state"]);
    assert.deepEqual(codes(client.say({ type: "leave" })), ["wrong-state"]);
    assert.deepEqual(codes(client.say({ type: "join", roomId: "a" })), ["welcome"]);
    assert.deepEqual(codes(client.say({ type: "join", roomId: "b" })), ["wrong-state"]);
  },
});

Deno.test({
  name: "P6: an error repeats the id of the message that it answers",
  permissions: "none",
  fn() {
    const client = new SignalingRoom(7).connect();
    const replyText = (text: string) => {
      const [error] = client.sayText(text);
      assert.equal(error.type, "error");
      return error.replyTo;
    };
    const reply = (message: unknown) => replyText(JSON.stringify(message));
    assert.equal(reply({ type: "offer", sdp: "v=0", id: "one" }), "one");
    assert.equal(reply({ type: "offer", sdp: 3, id: 2 }), 2);
    assert.equal(reply({ type: "dance", id: "three" }), "three");
    assert.equal(reply({ type: "dance", id: { deep: 1 } }), undefined);
    assert.equal(replyText('{"type":"dance","id":1e999}'), undefined, "JSON has no word for infinity");
    client.say({ type: "join", roomId: "a" });
    assert.equal(reply({ type: "offer", sdp: "nonsense", id: "four" }), "four");
  },
});

Deno.test({
  name: "P7: whatever one client gets wrong, its connection stays and no other peer notices",
  permissions: "none",
  fn() {
    const room = new SignalingRoom(8);
    const [client, neighbour] = [room.join(), room.join()];
    client.take();
    for (
      const text of [undefined, "{", '{"type":"dance"}', '{"type":"offer","sdp":"v=0"}', '{"type":"join","roomId":"x"}']
    ) {
      assert.equal(client.sayText(text)[0].type, "error");
    }
    assert.deepEqual(neighbour.take(), []);
    assert.deepEqual(client.closed, []);
    connect(client);
  },
});

Deno.test({
  name: "P7: a fault of the server closes the peer that met it, and no other",
  permissions: "none",
  fn() {
    const room = new SignalingRoom(9);
    const [client, neighbour] = [room.join(), room.join()];
    client.take();
    client.session.fail();
    assert.deepEqual(codes(client.take()), ["internal"]);
    assert.deepEqual(client.closed, [1011]);
    assert.deepEqual(codes(neighbour.take()), ["peerLeft"]);
    assert.equal(room.openMedia, 1);
  },
});

Deno.test({
  name: "P62: welcome names the ICE servers that are for this peer, where there are any",
  permissions: "none",
  fn() {
    const room = new SignalingRoom(1);
    const [before] = room.connect().say({ type: "join", roomId: "room" });
    assert.ok(before.type === "welcome" && !("iceServers" in before));
    room.iceServers = (peerId) => [{ urls: ["turn:turn.example.org"], username: `1:${peerId}`, credential: "c" }];
    const [welcome] = room.connect().say({ type: "join", roomId: "room" });
    assert.ok(welcome.type === "welcome");
    const expected = { urls: ["turn:turn.example.org"], username: `1:${welcome.peerId}`, credential: "c" };
    assert.deepEqual(welcome.iceServers, [expected]);
  },
});

Deno.test({
  name: "P10, P11: welcome tells who is there with their tracks, and those there are told of the new one",
  permissions: "none",
  fn() {
    const room = new SignalingRoom(10);
    const [one, two] = [room.join("One"), room.connect()];
    one.say({ type: "offer", sdp: buildOffer([CAMERA]) });
    const [welcome] = two.say({ type: "join", roomId: "room", name: "Two" });
    assert.equal(welcome.type, "welcome");
    assert.equal(welcome.peers.length, 1);
    assert.equal(welcome.peers[0].name, "One");
    assert.equal(welcome.peers[0].id, one.participant?.peer.id);
    assert.deepEqual(welcome.peers[0].tracks.map(({ kind, source }) => [kind, source]), [["video", "camera"]]);
    assert.deepEqual(one.take(), [{ type: "peerJoined", peer: { id: welcome.peerId, name: "Two" } }]);
    two.say({ type: "leave" });
    one.say({ type: "leave" });
    assert.equal(room.rooms.size, 0);
  },
});

Deno.test({
  name: "P12: trackPublished goes to everyone but the publisher, trackUnpublished too",
  permissions: "none",
  fn() {
    const room = new SignalingRoom(11);
    const [one, two] = [room.join(), room.join()];
    one.take();
    assert.deepEqual(codes(one.say({ type: "offer", sdp: buildOffer([CAMERA]) })), ["answer", "iceCandidate"]);
    const [published] = two.take();
    assert.equal(published.type, "trackPublished");
    one.say({ type: "offer", sdp: buildOffer([{ ...CAMERA, direction: "inactive" }]) });
    const peerId = one.participant?.peer.id;
    assert.deepEqual(two.take(), [{ type: "trackUnpublished", peerId, trackId: published.track.id }]);
  },
});

Deno.test({
  name: "P13: leave, and a WebSocket that was closed on purpose, end the peer at once",
  permissions: "none",
  fn() {
    for (const end of ["leave", 1000, 1001, 1005] as const) {
      const room = new SignalingRoom(12);
      const [neighbour, client] = [room.join(), room.join()];
      connect(client);
      neighbour.take();
      if (end === "leave") client.say({ type: "leave" });
      else client.session.handleClose(end);
      assert.deepEqual(codes(neighbour.take()), ["peerLeft"], `after ${end}`);
      assert.equal(room.openMedia, 1);
      assert.deepEqual(client.closed, end === "leave" ? [1000] : [], "a closed WebSocket is not closed again");
    }
  },
});

Deno.test({
  name: "P14: a peer whose WebSocket is lost stays 30 s at most, and nobody notices until then",
  permissions: "none",
  fn() {
    const room = new SignalingRoom(14);
    const [neighbour, client] = [room.join(), room.join()];
    const credentials = credentialsOf(answerOf(client.say({ type: "offer", sdp: buildOffer([CAMERA]) })));
    client.client.connect(credentials);
    const { media } = client;
    neighbour.take();
    client.session.handleClose(1006);
    for (room.nowMs = 1000; room.nowMs < 30_000; room.nowMs += 1000) {
      client.client.check(credentials);
      media?.handleTimeout(room.nowMs);
    }
    assert.deepEqual(neighbour.take(), []);
    media?.handleTimeout(30_000);
    assert.deepEqual(codes(neighbour.take()), ["peerLeft"]);
    assert.equal(room.openMedia, 1);
  },
});

Deno.test({
  name: "P14: a peer that never connected leaves with its WebSocket",
  permissions: "none",
  fn() {
    const room = new SignalingRoom(15);
    const [neighbour, client] = [room.join(), room.join()];
    neighbour.take();
    client.session.handleClose(1006);
    assert.deepEqual(codes(neighbour.take()), ["peerLeft"]);
    assert.equal(room.openMedia, 1);
  },
});

Deno.test({
  name: "P15: a silent transport ends the peer, and its client is told",
  permissions: "none",
  fn() {
    const room = new SignalingRoom(16);
    const [neighbour, client] = [room.join(), room.join()];
    connect(client);
    client.take();
    neighbour.take();
    client.media?.handleTimeout(30_000);
    assert.deepEqual(codes(client.take()), ["transport-failed"]);
    assert.deepEqual(client.closed, [4000]);
    assert.deepEqual(codes(neighbour.take()), ["peerLeft"]);
  },
});

Deno.test({
  name: "P16: a shutdown is told to each client, joined or not, and closes with 1001",
  permissions: "none",
  fn() {
    const room = new SignalingRoom(17);
    const clients = [room.join(), room.connect()];
    for (const client of clients) client.session.shutDown();
    for (const client of clients) {
      assert.deepEqual(codes(client.take()), ["server-closing"], "and nothing else");
      assert.deepEqual(client.closed, [1001]);
    }
    assert.equal(room.rooms.size, 0);
    assert.equal(room.openMedia, 0);
  },
});
