import assert from "node:assert/strict";
import { buildOffer, type OfferLine } from "../../tests/harness/offer_builder.ts";
import { buildRtp, VP8_KEY_FRAME } from "../../tests/harness/rtp_builder.ts";
import { answerOf, CAMERA, codes, connect } from "../../tests/harness/session_steps.ts";
import { credentialsOf, type SignalingClient, SignalingRoom } from "../../tests/harness/signaling_room.ts";
import type { ServerMessage } from "./messages.ts";

type Welcome = Extract<ServerMessage, { type: "welcome" }>;

const RECEIVE: OfferLine = { mid: "0", kind: "video", direction: "recvonly" };

function welcomeOf(messages: readonly ServerMessage[]): Welcome & { readonly resume: string } {
  const [welcome] = messages;
  assert.ok(welcome?.type === "welcome", `no welcome in ${JSON.stringify(messages)}`);
  const { resume } = welcome;
  assert.ok(resume !== undefined);
  return { ...welcome, resume };
}

/** A client that has joined `room`, and what it was told. */
function join(room: SignalingRoom, name?: string): { client: SignalingClient; welcome: Welcome & { resume: string } } {
  const client = room.connect();
  const welcome = welcomeOf(client.say({ type: "join", roomId: "room", ...(name !== undefined && { name }) }));
  return { client, welcome };
}

/** What a new connection is told that joins by a token. */
function resume(room: SignalingRoom, token: string, roomId = "room") {
  const client = room.connect();
  return { client, replies: client.say({ type: "join", roomId, resume: token }) };
}

/** Two peers: one that is connected and publishes, and one that watches the room. */
function setUp(seed: number) {
  const room = new SignalingRoom(seed);
  const { client: neighbour } = join(room, "Neighbour");
  const { client, welcome } = join(room, "Client");
  connect(client);
  neighbour.take();
  client.take();
  return { room, neighbour, client, welcome };
}

Deno.test({
  name: "P65: a peer whose WebSocket was lost is picked up: same id, same tracks, and nobody else notices",
  permissions: "none",
  fn() {
    const { room, neighbour, client, welcome } = setUp(1);
    const { participant } = client;
    const tracks = [...participant?.peer.producers.values() ?? []];
    client.session.handleClose(1006);
    room.nowMs = 29_999;
    const { client: next, replies } = resume(room, welcome.resume);
    const again = welcomeOf(replies);
    assert.equal(again.peerId, welcome.peerId);
    assert.equal(next.participant, participant);
    assert.deepEqual([...participant?.peer.producers.values() ?? []], tracks);
    assert.deepEqual(neighbour.take(), []);
    assert.deepEqual([next.closed, room.openMedia, room.resumption.size], [[], 2, 2]);
    next.say({ type: "leave" });
    assert.deepEqual(codes(neighbour.take()), ["peerLeft"]);
    assert.deepEqual(next.closed, [1000]);
  },
});

Deno.test({
  name: "P65: media goes on while the WebSocket is away and after the resume, without another offer",
  permissions: "none",
  fn() {
    const { room, neighbour, client, welcome } = setUp(2);
    connect(neighbour, [RECEIVE]);
    const frame = (sequenceNumber: number) => {
      neighbour.datagrams.take();
      client.client.sendRtp(buildRtp({ ssrc: 1000, sequenceNumber, payload: VP8_KEY_FRAME }));
      return neighbour.datagrams.take().filter(({ bytes }) => neighbour.client.open(bytes)?.kind === "rtp").length;
    };
    assert.equal(frame(1), 1);
    client.session.handleClose(1006);
    assert.equal(frame(2), 1);
    resume(room, welcome.resume);
    assert.equal(frame(3), 1);
  },
});

Deno.test({
  name: "P65: the welcome tells who is there and with which tracks by now; what was missed is not sent again",
  permissions: "none",
  fn() {
    const { room, neighbour, client, welcome } = setUp(3);
    neighbour.say({ type: "offer", sdp: buildOffer([CAMERA]) });
    client.take();
    client.session.handleClose(1006);
    const { client: late } = join(room, "Late");
    late.say({ type: "offer", sdp: buildOffer([CAMERA]) });
    neighbour.say({ type: "leave" });
    const { client: next, replies } = resume(room, welcome.resume);
    assert.equal(replies.length, 1);
    const { peers } = welcomeOf(replies);
    assert.deepEqual(peers.map(({ name, tracks }) => [name, tracks.length]), [["Late", 1]]);
    late.say({ type: "leave" });
    assert.deepEqual(codes(next.take()), ["peerLeft"], "and what happens now is told to it alone");
    assert.deepEqual(client.take(), []);
  },
});

Deno.test({
  name: "P65, P14: the 30 s end with the resume, and begin anew where the WebSocket is lost again",
  permissions: "none",
  fn() {
    const room = new SignalingRoom(4);
    const { client, welcome } = join(room);
    const credentials = credentialsOf(answerOf(client.say({ type: "offer", sdp: buildOffer([CAMERA]) })));
    client.client.connect(credentials);
    const advance = (toMs: number) => {
      for (; room.nowMs < toMs; room.nowMs += 1000) {
        client.client.check(credentials);
        room.handleTimeout();
      }
      room.handleTimeout();
      return room.openMedia;
    };
    client.session.handleClose(1006);
    assert.equal(advance(20_000), 1);
    const { client: next, replies } = resume(room, welcome.resume);
    assert.equal(advance(100_000), 1);
    next.session.handleClose(1006);
    assert.equal(advance(129_000), 1);
    assert.equal(advance(130_000), 0);
    assert.deepEqual(codes(resume(room, welcomeOf(replies).resume).replies), ["resume-failed"]);
  },
});

Deno.test({
  name: "P66: each welcome has another token; the one before counts until the new one is used, and not after that",
  permissions: "none",
  fn() {
    const { room, welcome } = setUp(5);
    const tokens = [welcome.resume];
    // The welcome is lost on its way, twice.
    for (let i = 0; i < 2; i++) tokens.push(welcomeOf(resume(room, tokens[0]).replies).resume);
    assert.deepEqual(codes(resume(room, tokens[1]).replies), ["resume-failed"], "of a welcome that another followed");
    tokens.push(welcomeOf(resume(room, tokens[2]).replies).resume);
    assert.deepEqual(codes(resume(room, tokens[0]).replies), ["resume-failed"], "used up");
    assert.equal(welcomeOf(resume(room, tokens[2]).replies).peerId, welcome.peerId, "the last one that was used");
    assert.equal(new Set(tokens).size, 4);
  },
});

Deno.test({
  name: "P66: a token that is wrong, of another room or of a peer that has left is refused, and changes nothing",
  permissions: "none",
  fn() {
    const { room, neighbour, client, welcome } = setUp(6);
    const { client: stranger } = join(room);
    neighbour.take();
    client.take();
    const [, secret] = welcome.resume.split(".");
    const wrong = [
      "",
      ".",
      secret,
      `.${secret}`,
      welcome.peerId,
      `${welcome.peerId}.`,
      `${welcome.peerId}.${secret.slice(1)}`,
      `${welcome.resume}x`,
      `${welcome.resume} `,
      `${welcome.peerId}.${"A".repeat(secret.length)}`,
      `${stranger.participant?.peer.id}.${secret}`,
      "x".repeat(256),
    ];
    for (const token of wrong) assert.deepEqual(codes(resume(room, token).replies), ["resume-failed"], token);
    assert.deepEqual(codes(resume(room, welcome.resume, "other").replies), ["resume-failed"]);
    assert.deepEqual(codes(resume(room, "x".repeat(257)).replies), ["bad-message"]);
    assert.deepEqual([client.closed, client.take(), neighbour.take()], [[], [], []]);
    assert.equal(room.rooms.size, 1, "a room is not made by asking for it");
    welcomeOf(resume(room, welcome.resume).replies);
  },
});

Deno.test({
  name: "P66: who could not resume may join anew on the same connection",
  permissions: "none",
  fn() {
    const { room, neighbour } = setUp(7);
    const { client, replies } = resume(room, "nobody.nothing");
    assert.deepEqual(codes(replies), ["resume-failed"]);
    assert.deepEqual(codes(client.say({ type: "offer", sdp: "v=0" })), ["wrong-state"]);
    welcomeOf(client.say({ type: "join", roomId: "room" }));
    assert.deepEqual(codes(neighbour.take()), ["peerJoined"]);
    assert.deepEqual(codes(client.say({ type: "join", roomId: "room", resume: "nobody.nothing" })), ["wrong-state"]);
  },
});

Deno.test({
  name: "P13, P66: who left by leave, 1000, 1001 or without a code, or never connected, cannot be resumed",
  permissions: "none",
  fn() {
    for (const end of ["leave", 1000, 1001, 1005, "never connected"] as const) {
      const room = new SignalingRoom(8);
      const { client, welcome } = join(room);
      if (end !== "never connected") connect(client);
      if (end === "leave") client.say({ type: "leave" });
      else client.session.handleClose(end === "never connected" ? 1006 : end);
      assert.deepEqual(codes(resume(room, welcome.resume).replies), ["resume-failed"], `${end}`);
      assert.equal(room.resumption.size, 0);
    }
  },
});

Deno.test({
  name: "P67: a resume takes an open WebSocket over: that is closed with 4001, and its end does not end the peer",
  permissions: "none",
  fn() {
    const { room, neighbour, client, welcome } = setUp(9);
    const { client: next, replies } = resume(room, welcome.resume);
    assert.equal(welcomeOf(replies).peerId, welcome.peerId);
    assert.deepEqual(client.closed, [4001]);
    assert.deepEqual(client.say({ type: "leave" }), [], "what still comes on it is not heard");
    client.session.handleClose(1000);
    assert.deepEqual(neighbour.take(), []);
    neighbour.say({ type: "offer", sdp: buildOffer([CAMERA]) });
    assert.deepEqual(codes(next.take()), ["trackPublished"]);
    assert.deepEqual([client.take(), next.closed], [[], []]);
  },
});

Deno.test({
  name: "P67: a WebSocket that its client closes with 4001, before it resumes on another one, does not end the peer",
  permissions: "none",
  fn() {
    const { room, neighbour, client, welcome } = setUp(10);
    client.session.handleClose(4001);
    welcomeOf(resume(room, welcome.resume).replies);
    assert.deepEqual(neighbour.take(), []);
    assert.deepEqual(client.closed, [], "a closed WebSocket is not closed again");
  },
});

Deno.test({
  name: "P67: of two connections that race with one token the later one has the peer, and the earlier one is closed",
  permissions: "none",
  fn() {
    const { room, neighbour, client, welcome } = setUp(11);
    client.session.handleClose(1006);
    const { client: first, replies } = resume(room, welcome.resume);
    const { client: second } = resume(room, welcome.resume);
    assert.deepEqual([first.closed, second.closed], [[4001], []]);
    assert.deepEqual(codes(resume(room, welcomeOf(replies).resume).replies), ["resume-failed"]);
    assert.deepEqual(neighbour.take(), []);
    second.say({ type: "leave" });
    assert.deepEqual(codes(neighbour.take()), ["peerLeft"]);
  },
});

Deno.test({
  name: "P68: an offer whose answer was lost is repeated: nothing is published twice, and it is answered as before",
  permissions: "none",
  fn() {
    const { room, neighbour, client, welcome } = setUp(12);
    neighbour.say({ type: "offer", sdp: buildOffer([{ ...CAMERA, msid: "n n" }]) });
    const trackId = neighbour.participant?.peer.producers.get("0")?.id;
    const lines = [CAMERA, { ...CAMERA, mid: "1", ssrc: 2000, msid: "s w" }, { ...RECEIVE, mid: "2" }];
    const offer = {
      type: "offer",
      id: 7,
      sdp: buildOffer(lines, { ufrag: "restarted" }),
      tracks: [{ mid: "2", trackId }],
    };
    const lost = answerOf(client.say(offer));
    client.session.handleClose(1006);
    neighbour.take();
    const { client: next } = resume(room, welcome.resume);
    const replies = next.say(offer);
    assert.deepEqual(codes(replies), ["answer", "iceCandidate"]);
    assert.ok(replies[0].type === "answer" && replies[0].id === 7);
    const withoutVersion = (sdp: string) => sdp.replace(/^o=.*$/m, "");
    assert.equal(withoutVersion(answerOf(replies)), withoutVersion(lost));
    assert.deepEqual(neighbour.take(), [], "its tracks were told already");
    client.client.check(credentialsOf(answerOf(replies)));
    assert.deepEqual(codes(next.say(offer)), ["answer"], "ICE has begun: its candidates have ended long ago");
  },
});

Deno.test({
  name: "P68: a repeated offer for a track that ended meanwhile is answered inactive, and the rest as before",
  permissions: "none",
  fn() {
    const { room, neighbour, client, welcome } = setUp(13);
    neighbour.say({ type: "offer", sdp: buildOffer([{ ...CAMERA, msid: "n n" }]) });
    const trackId = neighbour.participant?.peer.producers.get("0")?.id;
    const sdp = buildOffer([CAMERA, { ...RECEIVE, mid: "1" }]);
    const offer = { type: "offer", id: 1, sdp, tracks: [{ mid: "1", trackId }] };
    const directions = (sdp: string) => sdp.match(/^a=(?:sendonly|recvonly|sendrecv|inactive)/gm);
    assert.deepEqual(directions(answerOf(client.say(offer))), ["a=recvonly", "a=sendonly"]);
    client.session.handleClose(1006);
    neighbour.say({ type: "leave" });
    const { client: next } = resume(room, welcome.resume);
    assert.deepEqual(directions(answerOf(next.say(offer))), ["a=recvonly", "a=inactive"]);
  },
});

Deno.test({
  name: "P68: an offer that was lost on its way is answered when it is repeated",
  permissions: "none",
  fn() {
    const { room, neighbour, client, welcome } = setUp(14);
    client.session.handleClose(1006);
    const { client: next } = resume(room, welcome.resume);
    next.say({ type: "offer", sdp: buildOffer([CAMERA, { ...CAMERA, mid: "1", ssrc: 2000, msid: "s w" }]) });
    assert.deepEqual(codes(neighbour.take()), ["trackPublished"]);
  },
});

Deno.test({
  name: "P65: a peer that ends just as it is resumed is told so, and closed with 4000",
  permissions: "none",
  fn() {
    const { room, neighbour, client, welcome } = setUp(15);
    client.session.handleClose(1006);
    const { client: next } = resume(room, welcome.resume);
    next.participant?.leave("signaling-lost");
    assert.deepEqual(codes(next.take()), ["resume-failed"]);
    assert.deepEqual(next.closed, [4000]);
    assert.deepEqual(codes(neighbour.take()), ["peerLeft"]);
  },
});

Deno.test({
  name: "B44, B201: nothing is kept of the tokens of peers that have left, whichever way and however often resumed",
  permissions: "none",
  fn() {
    const room = new SignalingRoom(16);
    const ends = [
      (client: SignalingClient) => client.say({ type: "leave" }),
      (client: SignalingClient) => client.session.handleClose(1000),
      (client: SignalingClient) => client.session.fail(),
      (client: SignalingClient) => client.session.shutDown(),
      (client: SignalingClient) => client.participant?.leave("transport-failed"),
    ];
    for (let i = 0; i < 50; i++) {
      const { client, welcome } = join(room);
      connect(client);
      let [current, token] = [client, welcome.resume];
      for (let times = 0; times < i % 4; times++) {
        if (i % 2 === 0) current.session.handleClose(1006);
        const resumed = resume(room, token);
        [current, token] = [resumed.client, welcomeOf(resumed.replies).resume];
      }
      assert.equal(room.resumption.size, 1);
      ends[i % ends.length](current);
      assert.deepEqual([room.resumption.size, room.openMedia, room.rooms.size], [0, 0, 0], `${i}`);
    }
  },
});

Deno.test({
  name: "P4, P66: guesses count as messages, and a client that guesses on is closed",
  permissions: "none",
  fn() {
    const { room, client, welcome } = setUp(17);
    const guesser = room.connect();
    for (let i = 0; i < 200; i++) {
      const guess = `${welcome.peerId}.${String(i).padStart(32, "A")}`;
      assert.deepEqual(codes(guesser.say({ type: "join", roomId: "room", resume: guess })), ["resume-failed"]);
    }
    assert.deepEqual(codes(guesser.say({ type: "join", roomId: "room", resume: welcome.resume })), ["too-many"]);
    assert.deepEqual([guesser.closed, client.closed], [[1008], []]);
  },
});

Deno.test({
  name: "B201: a token has 192 random bits, and no message but welcome says it",
  permissions: "none",
  fn() {
    const { room, welcome } = setUp(18);
    const [peerId, secret, ...more] = welcome.resume.split(".");
    assert.deepEqual([peerId, more], [welcome.peerId, []]);
    assert.match(secret, /^[0-9A-Za-z+/]{32}$/);
    const [refusal] = resume(room, `${welcome.resume}x`).replies;
    assert.ok(refusal.type === "error" && !refusal.message.includes(secret));
  },
});
