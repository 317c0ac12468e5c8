import assert from "node:assert/strict";
import { buildOffer, type OfferLine } from "../../tests/harness/offer_builder.ts";
import { codes, connect } from "../../tests/harness/session_steps.ts";
import { type SignalingClient, SignalingRoom } from "../../tests/harness/signaling_room.ts";
import type { Grants } from "./grants.ts";
import type { ServerMessage } from "./messages.ts";

/** What a viewer offers: a slot for sound, and two for pictures. */
const SLOTS: readonly OfferLine[] = [
  { mid: "0", kind: "audio", direction: "recvonly" },
  { mid: "1", kind: "video", direction: "recvonly" },
  { mid: "2", kind: "video", direction: "recvonly" },
];
const NAMED = SLOTS.map(({ mid }) => ({ mid, slot: true }));

/** A peer of a room, and the ids of its tracks by their source. */
interface Publisher {
  readonly client: SignalingClient;
  readonly peerId: string;
  readonly camera: string;
  readonly microphone: string;
}

function publish(room: SignalingRoom, witness: SignalingClient): Publisher {
  const client = room.join();
  const lines: OfferLine[] = [
    { mid: "0", kind: "audio", direction: "sendonly", ssrc: 100, msid: "s a" },
    { mid: "1", kind: "video", direction: "sendonly", ssrc: 101, msid: "s v" },
  ];
  connect(client, lines);
  const published = witness.take().filter((message) => message.type === "trackPublished");
  const find = (source: string) => published.find(({ track }) => track.source === source)?.track.id ?? "";
  return { client, peerId: published[0].peerId, camera: find("camera"), microphone: find("microphone") };
}

/** A viewer with slots in a room of so many publishers. */
function setUp(seed: number, count: number) {
  const room = new SignalingRoom(seed);
  const viewer = room.join("Viewer");
  const publishers = Array.from({ length: count }, () => publish(room, viewer));
  const replies = viewer.say({ type: "offer", id: 1, sdp: buildOffer(SLOTS), tracks: NAMED });
  /** Lets time pass as the server's timer does. */
  const advance = (ms: number) => {
    for (const endMs = room.nowMs + ms; room.nowMs < endMs;) {
      room.nowMs += 25;
      room.handleTimeout();
    }
  };
  return { room, viewer, publishers, replies, advance };
}

/** All `slots` messages, as in `1=track 2=`. */
function slotsIn(messages: readonly ServerMessage[]): string[] {
  return messages.flatMap((message) =>
    message.type === "slots" ? message.slots.map(({ mid, trackId }) => `${mid}=${trackId ?? ""}`).join(" ") : []
  );
}

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("P99, P106: all slots are told behind the answer, filled in the order of publication", () => {
  const { publishers: [one, two], replies, viewer } = setUp(1, 3);
  assert.deepEqual(codes(replies).filter((type) => type !== "quality"), ["answer", "slots", "iceCandidate"]);
  assert.deepEqual(slotsIn(replies), [`0=${one.microphone} 1=${one.camera} 2=${two.camera}`]);
  const again = viewer.say({ type: "offer", id: 2, sdp: buildOffer(SLOTS) });
  assert.deepEqual(slotsIn(again), slotsIn(replies));
});

test("P99: who offers no slots is told of none", () => {
  const { publishers: [one] } = setUp(2, 1);
  assert.deepEqual(codes(one.client.say({ type: "offer", sdp: "v=0" })), ["bad-sdp"]);
  assert.deepEqual(slotsIn(one.client.take()), []);
});

test("P106, P107: who speaks takes the place of the least relevant, sound and picture, and stays afterwards", () => {
  const { room, viewer, publishers: [one, two, three], advance } = setUp(3, 3);
  advance(100);
  viewer.take();
  room.speak(three.peerId);
  advance(25);
  assert.deepEqual(slotsIn(viewer.take()), [`0=${three.microphone} 2=${three.camera}`]);
  room.speak();
  advance(5000);
  assert.deepEqual(slotsIn(viewer.take()), []);
  room.speak(two.peerId);
  advance(25);
  assert.deepEqual(slotsIn(viewer.take()), [`0=${two.microphone} 1=${two.camera}`]);
  room.speak(one.peerId);
  advance(1000);
  assert.deepEqual(slotsIn(viewer.take()), [`0=${one.microphone} 2=${one.camera}`], "who spoke longest ago goes");
});

test("P107: of people who speak by turns the picture changes once in two seconds", () => {
  const { room, viewer, publishers, advance } = setUp(4, 6);
  advance(100);
  viewer.take();
  for (let turn = 0; turn < 100; turn++) {
    room.speak(publishers[turn % 6].peerId);
    advance(100);
  }
  const swaps = slotsIn(viewer.take()).flatMap((text) => text.split(" ").filter((slot) => !slot.startsWith("0=")));
  // Two slots, ten seconds.
  assert.ok(swaps.length >= 4 && swaps.length <= 12, `${swaps.length} changes`);
});

test("P106: what is pinned comes at once and stays, the last pinned one first", () => {
  const { room, viewer, publishers: [one, two, three, four], advance } = setUp(5, 4);
  advance(100);
  viewer.take();
  viewer.say({ type: "setQuality", trackId: four.camera, pinned: true });
  advance(25);
  assert.deepEqual(slotsIn(viewer.take()), [`2=${four.camera}`]);
  room.speak(two.peerId);
  advance(500);
  room.speak(three.peerId);
  advance(5000);
  viewer.take();
  const held = () => slotsIn(viewer.say({ type: "offer", sdp: buildOffer(SLOTS) })).at(-1)?.split(" ") ?? [];
  assert.deepEqual(held(), [`0=${three.microphone}`, `1=${three.camera}`, `2=${four.camera}`]);
  for (const { camera } of [one, two]) viewer.say({ type: "setQuality", trackId: camera, pinned: true });
  advance(25);
  assert.deepEqual(new Set(held().slice(1).map((slot) => slot.slice(2))), new Set([one.camera, two.camera]));
  room.speak();
  for (const { camera } of [one, two, four]) viewer.say({ type: "setQuality", trackId: camera, pinned: false });
  const unpinned = held();
  advance(5000);
  assert.deepEqual(held(), unpinned, "who is no longer pinned stays until a place is claimed");
});

test("P106: a screen takes a place at once, and gives it back when it is over", () => {
  const { room, viewer, publishers: [one, two], advance } = setUp(6, 3);
  advance(100);
  viewer.take();
  const sharer = room.join();
  const screen: OfferLine = { mid: "0", kind: "video", direction: "sendonly", ssrc: 7, msid: "x y" };
  sharer.say({ type: "offer", sdp: buildOffer([screen]), tracks: [{ mid: "0", source: "screen" }] });
  advance(25);
  const told = viewer.take();
  const id = told.flatMap((message) => message.type === "trackPublished" ? message.track.id : [])[0];
  assert.deepEqual(codes(told), ["peerJoined", "trackPublished", "slots"]);
  assert.deepEqual(slotsIn(told), [`2=${id}`]);
  sharer.say({ type: "leave" });
  advance(250);
  assert.deepEqual(slotsIn(viewer.take()), [`2=${two.camera}`]);
  assert.notEqual(one.camera, two.camera);
});

test("P108: the own tracks come into no slot", () => {
  const { viewer, publishers: [one], advance } = setUp(7, 1);
  const lines: OfferLine[] = [...SLOTS, { mid: "3", kind: "video", direction: "sendonly", ssrc: 9, msid: "s v" }];
  const replies = viewer.say({ type: "offer", sdp: buildOffer(lines) });
  advance(100);
  assert.deepEqual(slotsIn(replies), [`0=${one.microphone} 1=${one.camera} 2=`]);
});

test("P65, P99: who resumes is told all slots behind the welcome", () => {
  const { room, viewer: { session }, advance } = setUp(8, 0);
  const before = room.connect();
  const [welcome] = before.say({ type: "join", roomId: "room" });
  assert.ok(welcome.type === "welcome");
  connect(before, SLOTS);
  before.say({ type: "offer", sdp: buildOffer(SLOTS), tracks: NAMED });
  session.handleClose(1000);
  before.session.handleClose(1006);
  const witness = room.join();
  const one = publish(room, witness);
  advance(1000);
  const after = room.connect();
  const replies = after.say({ type: "join", roomId: "room", resume: welcome.resume });
  assert.deepEqual(codes(replies).filter((type) => type !== "speakers"), ["welcome", "slots"]);
  assert.deepEqual(slotsIn(replies), [`0=${one.microphone} 1=${one.camera} 2=`]);
});

test("P98: an m-line is a slot or has a track: both are refused, and nothing changes", () => {
  const { viewer, publishers: [one], replies } = setUp(9, 1);
  const tracks = [{ mid: "1", slot: true }, { mid: "1", trackId: one.camera }];
  const refused = viewer.say({ type: "offer", id: 5, sdp: buildOffer(SLOTS), tracks });
  assert.deepEqual(codes(refused), ["bad-message"]);
  assert.ok(refused[0].type === "error" && refused[0].replyTo === 5 && refused[0].message.startsWith("tracks:"));
  assert.deepEqual(slotsIn(viewer.say({ type: "offer", sdp: buildOffer(SLOTS) })), slotsIn(replies));
});

test("P76, P98: who may not receive has no slots, and is told so", () => {
  const { room } = setUp(10, 1);
  const grants: Grants = {
    room: "*",
    identity: undefined,
    name: undefined,
    publish: ["audio", "video"],
    subscribe: false,
    admin: false,
    maxBitrate: undefined,
  };
  const client = room.join("Mute", grants);
  const replies = client.say({ type: "offer", sdp: buildOffer(SLOTS), tracks: NAMED });
  assert.deepEqual(codes(replies), ["forbidden", "forbidden", "forbidden", "answer", "iceCandidate"]);
  room.nowMs += 1000;
  room.handleTimeout();
  assert.deepEqual(slotsIn(client.take()), []);
});

test("P99: who leaves has no time of its own any more", () => {
  const { room, viewer, publishers: [one] } = setUp(11, 1);
  const { participant } = viewer;
  room.speak(one.peerId);
  assert.ok((participant?.nextTimeout() ?? Infinity) <= room.nowMs);
  viewer.say({ type: "leave" });
  assert.equal(participant?.nextTimeout(), Infinity);
});
