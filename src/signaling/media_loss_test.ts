import assert from "node:assert/strict";
import { buildOffer, type OfferLine } from "../../tests/harness/offer_builder.ts";
import { buildRtp, VP8_KEY_FRAME } from "../../tests/harness/rtp_builder.ts";
import { answerOf, CAMERA, codes, connect } from "../../tests/harness/session_steps.ts";
import { credentialsOf, type SignalingClient, SignalingRoom } from "../../tests/harness/signaling_room.ts";
import type { ServerMessage } from "./messages.ts";

type Welcome = Extract<ServerMessage, { type: "welcome" }>;

const RECEIVE: OfferLine = { mid: "0", kind: "video", direction: "recvonly" };
const MICROPHONE: OfferLine = { mid: "1", kind: "audio", direction: "sendonly", ssrc: 2000, msid: "s a" };

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

function welcomeOf([welcome]: readonly ServerMessage[]): Welcome & { readonly resume: string } {
  assert.ok(welcome?.type === "welcome" && welcome.resume !== undefined, `no welcome: ${JSON.stringify(welcome)}`);
  return { ...welcome, resume: welcome.resume };
}

function join(room: SignalingRoom): { client: SignalingClient; welcome: Welcome & { readonly resume: string } } {
  const client = room.connect();
  return { client, welcome: welcomeOf(client.say({ type: "join", roomId: "room" })) };
}

function resume(room: SignalingRoom, token: string) {
  const client = room.connect();
  return { client, replies: client.say({ type: "join", roomId: "room", resume: token }) };
}

/** A neighbour who watches the room, and a client that publishes; both are connected. */
function setUp(seed: number) {
  const room = new SignalingRoom(seed);
  const { client: neighbour } = join(room);
  const credentials = credentialsOf(answerOf(neighbour.say({ type: "offer", sdp: buildOffer([RECEIVE]) })));
  neighbour.client.connect(credentials);
  /** Time goes on, and the neighbour with it. */
  const advance = (ms: number) => {
    for (const endMs = room.nowMs + ms; room.nowMs < endMs;) {
      room.nowMs = Math.min(endMs, room.nowMs + 5000);
      neighbour.client.check(credentials);
      room.handleTimeout();
    }
  };
  const { client, welcome } = join(room);
  connect(client, [CAMERA, MICROPHONE]);
  neighbour.say({ type: "offer", sdp: buildOffer([RECEIVE]) });
  client.take();
  return { room, neighbour, client, welcome, advance };
}

/** Takes the client of `first` through ICE and the handshake again, by the WebSocket of `next`. */
function reconnect(first: SignalingClient, next: SignalingClient, lines: readonly OfferLine[]): void {
  const answer = answerOf(next.say({ type: "offer", sdp: buildOffer(lines, { ufrag: "anew" }) }));
  first.client.connect(credentialsOf(answer));
  assert.equal(next.participant?.connection.connected, true);
}

/** How many packets of a picture that `from` sends come to `to`. */
function pictures(from: SignalingClient, to: SignalingClient, sequenceNumber: number): number {
  to.datagrams.take();
  from.client.sendRtp(buildRtp({ ssrc: 1000, sequenceNumber, payload: VP8_KEY_FRAME }));
  return to.datagrams.take().filter(({ bytes }) => to.client.open(bytes)?.kind === "rtp").length;
}

test("P110: a peer whose media is lost stays, told by 4003; for the others its tracks end, and nothing else", () => {
  const { room, neighbour, client } = setUp(1);
  const { participant } = client;
  const tracks = [...participant?.peer.producers.values() ?? []].map(({ id }) => id);
  client.loseMedia();
  assert.deepEqual([client.closed, client.take()], [[4003], []]);
  const told = neighbour.take();
  assert.deepEqual(codes(told), ["trackUnpublished", "trackUnpublished"]);
  assert.deepEqual(told.map((message) => message.type === "trackUnpublished" && message.trackId), tracks);
  assert.equal(neighbour.participant?.peer.consumers.size, 0);
  assert.equal(participant?.closed, false);
  assert.deepEqual([room.openMedia, room.rooms.find("room")?.peers.size, room.resumption.size], [1, 2, 2]);
  const late = join(room);
  assert.deepEqual(late.welcome.peers.map(({ tracks }) => tracks), [[], []]);
});

test("P111: it is resumed as the same peer, with nothing left of what was negotiated, and publishes and receives anew", () => {
  const { room, neighbour, client, welcome } = setUp(2);
  const before = [...client.participant?.peer.producers.values() ?? []].map(({ id }) => id);
  assert.equal(pictures(client, neighbour, 1), 1);
  client.loseMedia();
  neighbour.take();
  const { client: next, replies } = resume(room, welcome.resume);
  const again = welcomeOf(replies);
  assert.deepEqual([again.peerId, again.media, replies.length], [welcome.peerId, "new", 1]);
  assert.notEqual(again.resume, welcome.resume);
  assert.deepEqual(neighbour.take(), [], "for the others it was there all the time");
  reconnect(client, next, [CAMERA]);
  const [published, ...more] = neighbour.take();
  assert.ok(published.type === "trackPublished" && more.length === 0);
  assert.equal(published.peerId, welcome.peerId);
  assert.ok(!before.includes(published.track.id));
  neighbour.say({ type: "offer", sdp: buildOffer([RECEIVE]) });
  assert.equal(pictures(client, neighbour, 2), 1);
  assert.equal(room.openMedia, 2);
  next.say({ type: "leave" });
  assert.deepEqual([codes(neighbour.take()), next.closed], [["peerLeft"], [1000]]);
});

test("P111: who receives is sent what there is by an offer with other m-lines than before, in no order of before", () => {
  const { room, neighbour, client } = setUp(3);
  const { client: watcher, welcome } = join(room);
  connect(watcher, [{ ...RECEIVE, mid: "0", kind: "audio" }, { ...RECEIVE, mid: "1" }]);
  assert.equal(pictures(client, watcher, 1), 1);
  watcher.loseMedia();
  assert.equal(pictures(client, neighbour, 2), 1, "nobody else's picture stops");
  const { client: next } = resume(room, welcome.resume);
  reconnect(watcher, next, [RECEIVE]);
  assert.equal(pictures(client, watcher, 3), 1);
});

test("P111: slots are lost as well, and what was pinned; others see theirs become free", () => {
  const { room, neighbour, client } = setUp(4);
  const slots = { sdp: buildOffer([RECEIVE]), tracks: [{ mid: "0", slot: true }] };
  const { client: watcher, welcome } = join(room);
  watcher.say({ type: "offer", ...slots });
  const [pinned] = client.participant?.peer.producers.values() ?? [];
  watcher.say({ type: "setQuality", trackId: pinned.id, pinned: true });
  watcher.loseMedia();
  const { client: next, replies } = resume(room, welcome.resume);
  assert.deepEqual(codes(replies), ["welcome"], "there are none to be told of");
  const told = next.say({ type: "offer", ...slots });
  assert.deepEqual(told.find(({ type }) => type === "slots"), {
    type: "slots",
    slots: [{ mid: "0", trackId: pinned.id }],
  });
  neighbour.take();
  client.loseMedia();
  room.handleTimeout();
  const freed = next.take().find(({ type }) => type === "slots");
  assert.deepEqual(freed, { type: "slots", slots: [{ mid: "0" }] });
});

test("P111: `welcome` says so until an offer is taken: one may be lost, or its client come back in between", () => {
  const { room, client, welcome } = setUp(5);
  client.loseMedia();
  const lost = resume(room, welcome.resume);
  assert.equal(welcomeOf(lost.replies).media, "new");
  const { client: second, replies } = resume(room, welcome.resume);
  assert.deepEqual([welcomeOf(replies).media, lost.client.closed], ["new", [4001]]);
  assert.deepEqual(codes(second.say({ type: "offer", id: 1, sdp: "v=0" })), ["bad-sdp"]);
  second.session.handleClose(4001);
  const third = resume(room, welcomeOf(replies).resume);
  assert.equal(welcomeOf(third.replies).media, "new");
  third.client.say({ type: "offer", sdp: buildOffer([CAMERA]) });
  third.client.session.handleClose(1006);
  const fourth = resume(room, welcomeOf(third.replies).resume);
  assert.deepEqual(welcomeOf(fourth.replies).media, undefined);
  assert.equal(room.openMedia, 2);
});

test("P110: who is not resumed within 30 s leaves, and its token is worth nothing", () => {
  const { room, neighbour, client, welcome, advance } = setUp(6);
  advance(5000);
  client.loseMedia();
  client.session.handleClose(4003);
  neighbour.take();
  advance(29_999);
  assert.deepEqual(neighbour.take(), []);
  advance(1);
  assert.deepEqual(codes(neighbour.take()), ["peerLeft"]);
  assert.deepEqual(codes(resume(room, welcome.resume).replies), ["resume-failed"]);
  assert.deepEqual([client.closed, room.resumption.size], [[4003], 1]);
});

test("P112: where there is no media for it at present the resume is refused, and the peer stays: it may try again", () => {
  const { room, neighbour, client, welcome } = setUp(7);
  client.loseMedia();
  neighbour.take();
  room.capacity = 1;
  const { client: next, replies } = resume(room, welcome.resume);
  assert.deepEqual([codes(replies), next.closed], [["no-capacity"], [1013]]);
  assert.deepEqual(neighbour.take(), []);
  room.capacity = 2;
  const again = welcomeOf(resume(room, welcome.resume).replies);
  assert.deepEqual([again.peerId, again.media], [welcome.peerId, "new"]);
  assert.deepEqual(neighbour.take(), []);
});

test("P110: what was under way on the WebSocket is not heard: an offer for the old connection says nothing of the new one", () => {
  const { room, neighbour, client, welcome } = setUp(8);
  client.loseMedia();
  neighbour.take();
  const screen = { ...CAMERA, mid: "2", ssrc: 3000, msid: "w w" };
  assert.deepEqual(client.say({ type: "offer", id: 1, sdp: buildOffer([CAMERA, MICROPHONE, screen]) }), []);
  assert.deepEqual(client.say({ type: "leave" }), []);
  const { replies } = resume(room, welcome.resume);
  assert.equal(welcomeOf(replies).media, "new");
  assert.deepEqual(neighbour.take(), []);
});

test("P110, P13: a client that closes with 1000 meanwhile leaves", () => {
  const { room, neighbour, client, welcome } = setUp(9);
  client.loseMedia();
  neighbour.take();
  client.session.handleClose(1000);
  assert.deepEqual(codes(neighbour.take()), ["peerLeft"]);
  assert.deepEqual(codes(resume(room, welcome.resume).replies), ["resume-failed"]);
});

test("P110, P14: a WebSocket that was lost before, or is lost at the same moment, changes nothing", () => {
  for (const [seed, isBefore] of [[10, true], [11, false]] as const) {
    const { room, neighbour, client, welcome, advance } = setUp(seed);
    advance(1000);
    if (isBefore) client.session.handleClose(1006);
    client.loseMedia();
    if (!isBefore) client.session.handleClose(1006);
    assert.deepEqual(client.closed, isBefore ? [] : [4003]);
    assert.deepEqual(codes(neighbour.take()), ["trackUnpublished", "trackUnpublished"]);
    advance(29_999);
    const { client: next, replies } = resume(room, welcome.resume);
    assert.equal(welcomeOf(replies).media, "new");
    reconnect(client, next, [CAMERA]);
    assert.deepEqual(codes(neighbour.take()), ["trackPublished"]);
  }
});

test("P110, P67: media that is lost just as another WebSocket has taken over is told to that one", () => {
  const { room, client, welcome } = setUp(12);
  const { client: next, replies } = resume(room, welcome.resume);
  client.loseMedia();
  assert.deepEqual([client.closed, next.closed], [[4001], [4003]]);
  assert.equal(welcomeOf(resume(room, welcomeOf(replies).resume).replies).media, "new");
});

test("P110: media may be lost again, before the client has offered, before it has connected, and after that", () => {
  for (const [seed, stage] of [[13, "resumed"], [14, "offered"], [15, "connected"]] as const) {
    const { room, neighbour, client, welcome, advance } = setUp(seed);
    let { resume: token } = welcome;
    for (let round = 1; round <= 3; round++) {
      advance(20_000);
      client.loseMedia();
      const { client: next, replies } = resume(room, token);
      const again = welcomeOf(replies);
      assert.deepEqual([again.peerId, again.media], [welcome.peerId, "new"], `${stage}, round ${round}`);
      token = again.resume;
      if (stage === "offered") next.say({ type: "offer", sdp: buildOffer([CAMERA]) });
      if (stage === "connected") reconnect(client, next, [CAMERA]);
      neighbour.take();
      if (round < 3) continue;
      client.loseMedia();
      assert.deepEqual(next.closed, [4003]);
      assert.deepEqual(codes(neighbour.take()), stage === "resumed" ? [] : ["trackUnpublished"]);
    }
    advance(29_999);
    assert.equal(room.resumption.size, 2, "the last loss has 30 s as the first one had");
    advance(1);
    assert.equal(room.resumption.size, 1);
  }
});

test("P110, P14: who connected before its media was lost keeps its place where the WebSocket is lost on the way back", () => {
  const { room, neighbour, client, welcome } = setUp(16);
  client.loseMedia();
  const { client: next, replies } = resume(room, welcome.resume);
  next.say({ type: "offer", sdp: buildOffer([CAMERA]) });
  next.session.handleClose(1006);
  assert.equal(codes(neighbour.take()).includes("peerLeft"), false);
  const { client: last, replies: again } = resume(room, welcomeOf(replies).resume);
  assert.equal(welcomeOf(again).media, undefined, "its offer was taken, and is repeated by P68");
  reconnect(client, last, [CAMERA]);
});

test("P110: a peer that was still connecting comes back as well", () => {
  const room = new SignalingRoom(17);
  const { client, welcome } = join(room);
  client.loseMedia();
  client.session.handleClose(4003);
  const { client: next, replies } = resume(room, welcome.resume);
  assert.deepEqual([welcomeOf(replies).peerId, welcomeOf(replies).media], [welcome.peerId, "new"]);
  reconnect(client, next, [CAMERA]);
});

test("P113: a WHIP or WHEP session ends with its media, as by any fault of the server", () => {
  const room = new SignalingRoom(18);
  const { client: watching } = join(room);
  const publisher = room.post("whip", buildOffer([CAMERA]));
  watching.take();
  publisher.loseMedia();
  assert.deepEqual(publisher.told, ["joined", "failed", "left: fault"]);
  assert.deepEqual([codes(watching.take()), room.openMedia], [["peerLeft"], 1]);
});

test("P79, P16, P110: a peer without media leaves like any other one, and nothing is left of it", () => {
  const ends = [
    (client: SignalingClient) => client.session.shutDown(),
    (client: SignalingClient) => client.session.fail(),
    (client: SignalingClient) => client.participant?.leave("replaced"),
  ];
  for (const [i, end] of ends.entries()) {
    const { room, neighbour, client, welcome } = setUp(20 + i);
    client.loseMedia();
    neighbour.take();
    end(client);
    assert.deepEqual(codes(neighbour.take()), ["peerLeft"]);
    assert.deepEqual([client.take(), client.closed], [[], [4003]], "nobody listens on that WebSocket any more");
    assert.deepEqual(codes(resume(room, welcome.resume).replies), ["resume-failed"]);
    assert.deepEqual([room.openMedia, room.resumption.size], [1, 1]);
    neighbour.say({ type: "leave" });
    assert.deepEqual([room.openMedia, room.rooms.size], [0, 0]);
  }
});

test("P96, P110: who has lost its media speaks no more, and is still who spoke last", () => {
  const { room, neighbour, client, welcome } = setUp(30);
  room.speak(welcome.peerId);
  neighbour.take();
  client.loseMedia();
  const speakers = neighbour.take().filter(({ type }) => type === "speakers");
  assert.deepEqual(speakers, [{ type: "speakers", dominant: welcome.peerId, active: [] }]);
});

test("B44: what a lost connection still tells changes nothing", () => {
  const { client, welcome, room } = setUp(31);
  const { participant } = client;
  const old = participant?.connection;
  client.loseMedia();
  client.loseMedia();
  assert.deepEqual(client.closed, [4003]);
  const { client: next } = resume(room, welcome.resume);
  assert.notEqual(participant?.connection, old);
  old?.handleDtls(new Uint8Array(20), "192.0.2.1", room.nowMs);
  assert.deepEqual([next.closed, participant?.closed], [[], false]);
});
