import assert from "node:assert/strict";
import { buildOffer, type OfferLine } from "../../tests/harness/offer_builder.ts";
import { sdpSections } from "../../tests/harness/sdp_sections.ts";
import { answerOf, CAMERA, codes, connect } from "../../tests/harness/session_steps.ts";
import { SignalingRoom } from "../../tests/harness/signaling_room.ts";
import { type Grants, grantsOf } from "./grants.ts";
import type { ServerMessage } from "./messages.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

const MICROPHONE: OfferLine = { mid: "1", kind: "audio", direction: "sendonly", ssrc: 1001, msid: "s a" };
const SCREEN: OfferLine = { mid: "2", kind: "video", direction: "sendonly", ssrc: 1002, msid: "t v" };
const WATCH: OfferLine = { mid: "0", kind: "video", direction: "recvonly" };

/** What a token with these claims grants for `room`. */
function grants(switchboard: object = {}, sub?: string, name?: string): Grants {
  const claims = { switchboard: { room: "room", ...switchboard }, ...(sub && { sub }), ...(name && { name }) };
  const result = grantsOf(claims);
  assert.ok(result.ok, result.ok ? "" : result.message);
  return result.grants;
}

/** As in `0:inactive 1:recvonly`. */
function directions(messages: readonly ServerMessage[]): string {
  return sdpSections(answerOf(messages)).map(({ mid, direction }) => `${mid}:${direction}`).join(" ");
}

function welcomeOf(messages: readonly ServerMessage[]): Extract<ServerMessage, { type: "welcome" }> {
  const welcome = messages.find((message) => message.type === "welcome");
  assert.ok(welcome, JSON.stringify(messages));
  return welcome;
}

for (
  const [publish, answered, problems] of [
    [[], "0:inactive 1:inactive 2:inactive", 3],
    [["audio"], "0:inactive 1:recvonly 2:inactive", 2],
    [["video"], "0:recvonly 1:inactive 2:inactive", 2],
    [["screen"], "0:inactive 1:inactive 2:recvonly", 2],
    [["audio", "video", "screen"], "0:recvonly 1:recvonly 2:recvonly", 0],
  ] as const
) {
  test(`P75: with publish [${publish}] camera, microphone and screen are answered ${answered}`, () => {
    const room = new SignalingRoom(1);
    const neighbour = room.join();
    const client = room.join(undefined, grants({ publish }));
    neighbour.take();
    const replies = client.say({ type: "offer", sdp: buildOffer([CAMERA, MICROPHONE, SCREEN]) });
    assert.equal(directions(replies), answered);
    assert.deepEqual(codes(replies), [...Array(problems).fill("forbidden"), "answer", "iceCandidate"]);
    assert.deepEqual(codes(neighbour.take()), publish.map(() => "trackPublished"));
    connect(client, [CAMERA, MICROPHONE, SCREEN]);
    assert.equal(client.participant?.peer.producers.size, publish.length);
  });
}

test("P75: a source that is named counts, and none makes a camera of a microphone's token", () => {
  const client = new SignalingRoom(2).join(undefined, grants({ publish: ["audio"] }));
  const tracks = [{ mid: "0", source: "microphone" }, { mid: "1", source: "screenAudio" }];
  const replies = client.say({ type: "offer", sdp: buildOffer([CAMERA, MICROPHONE]), tracks });
  assert.equal(directions(replies), "0:inactive 1:inactive");
});

test("P76: who may not receive is told of peers and not of tracks, and each m-line that receives is refused", () => {
  const room = new SignalingRoom(3);
  const publisher = room.join("Publisher");
  publisher.say({ type: "offer", sdp: buildOffer([CAMERA]) });
  const client = room.connect(grants({ subscribe: false }));
  const welcome = welcomeOf(client.say({ type: "join", roomId: "room" }));
  assert.deepEqual(welcome.peers.map(({ name, tracks }) => [name, tracks]), [["Publisher", []]]);
  const [trackId] = room.rooms.enter("room").tracks.keys();
  const offer = buildOffer([WATCH, { ...WATCH, mid: "1" }, { ...SCREEN, mid: "2" }]);
  const replies = client.say({ type: "offer", sdp: offer, tracks: [{ mid: "0", trackId }] });
  assert.equal(directions(replies), "0:inactive 1:inactive 2:recvonly");
  const errors = replies.filter((message) => message.type === "error");
  assert.deepEqual(errors.map(({ code, trackId }) => [code, trackId]), [["forbidden", trackId], [
    "forbidden",
    undefined,
  ]]);
  publisher.say({ type: "offer", sdp: buildOffer([CAMERA, MICROPHONE]) });
  publisher.say({ type: "offer", sdp: buildOffer([CAMERA, { ...MICROPHONE, direction: "inactive" }]) });
  assert.deepEqual(client.take(), []);
  publisher.say({ type: "leave" });
  assert.deepEqual(codes(client.take()), ["peerLeft"]);
});

test("P77: identity and grants are told in welcome, the identity to everyone; without a token there are none", () => {
  const room = new SignalingRoom(4);
  const open = room.connect();
  const plain = welcomeOf(open.say({ type: "join", roomId: "room", name: "Open" }));
  assert.deepEqual([plain.identity, plain.grants], [undefined, undefined]);
  const client = room.connect(grants({ publish: ["audio"], maxBitrate: 64_000 }, "user-17", "Ada"));
  const welcome = welcomeOf(client.say({ type: "join", roomId: "room", name: "Somebody else" }));
  assert.equal(welcome.identity, "user-17");
  assert.deepEqual(welcome.grants, { publish: ["audio"], subscribe: true, admin: false, maxBitrate: 64_000 });
  assert.notEqual(welcome.peerId, "user-17");
  assert.deepEqual(welcome.peers.map(({ name, identity }) => [name, identity]), [["Open", undefined]]);
  assert.deepEqual(open.take(), [
    { type: "peerJoined", peer: { id: welcome.peerId, name: "Ada", identity: "user-17" } },
  ]);
  const [first, second] = welcomeOf(room.connect(grants()).say({ type: "join", roomId: "room" })).peers;
  assert.deepEqual([first.identity, second.identity], [undefined, "user-17"]);
  assert.equal(client.participant?.grants?.maxBitrate, 64_000, "carried for whoever limits");
});

test("P77: a peer is resumed by a token of its identity alone, and may do what it might when it joined", () => {
  const room = new SignalingRoom(5);
  const client = room.connect(grants({ publish: ["video"] }, "ada"));
  const { resume, peerId } = welcomeOf(client.say({ type: "join", roomId: "room" }));
  connect(client);
  for (const other of [grants({}, "ben"), grants(), undefined]) {
    const stranger = room.connect(other);
    assert.deepEqual(codes(stranger.say({ type: "join", roomId: "room", resume })), ["resume-failed"]);
  }
  const again = room.connect(grants({ publish: [] }, "ada"));
  const welcome = welcomeOf(again.say({ type: "join", roomId: "room", resume }));
  assert.equal(welcome.peerId, peerId);
  assert.deepEqual(welcome.grants?.publish, ["video"]);
});

test("P72: a resume too is for the token's room alone", () => {
  const room = new SignalingRoom(6);
  const client = room.connect(grants());
  assert.deepEqual(codes(client.say({ type: "join", roomId: "other", resume: "a.b" })), ["forbidden"]);
  assert.deepEqual([client.closed, room.rooms.size, room.openMedia], [[4403], 0, 0]);
});

test("P75, P76: WHIP and WHEP are refused as a whole where the token does not allow all, and nobody hears of it", () => {
  const room = new SignalingRoom(7);
  const neighbour = room.join();
  const refusal = (role: "whip" | "whep", lines: readonly OfferLine[], allowed: Grants) => {
    const { result, told } = room.post(role, buildOffer(lines), { grants: allowed });
    assert.deepEqual(told, []);
    return result.ok ? "ok" : `${result.code}: ${result.message}`;
  };
  assert.equal(
    refusal("whip", [CAMERA, MICROPHONE], grants({ publish: ["video"] })),
    "forbidden: the token does not allow to publish microphone",
  );
  assert.equal(
    refusal("whip", [CAMERA, SCREEN], grants({ publish: ["video"] })),
    "forbidden: the token does not allow to publish screen",
  );
  assert.equal(
    refusal("whep", [WATCH], grants({ subscribe: false })),
    "forbidden: the token does not allow to receive",
  );
  assert.deepEqual([neighbour.take(), room.openMedia], [[], 1]);
  assert.ok(
    room.post("whip", buildOffer([CAMERA]), { grants: grants({ publish: ["video"], subscribe: false }) }).result.ok,
  );
  assert.ok(room.post("whep", buildOffer([WATCH]), { grants: grants({ publish: [] }) }).result.ok);
});
