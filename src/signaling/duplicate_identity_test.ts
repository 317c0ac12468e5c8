import assert from "node:assert/strict";
import { buildOffer, type OfferLine } from "../../tests/harness/offer_builder.ts";
import { CAMERA, codes, connect } from "../../tests/harness/session_steps.ts";
import { type SignalingClient, SignalingRoom } from "../../tests/harness/signaling_room.ts";
import { DuplicateIdentityError } from "./duplicate_identity.ts";
import { type Grants, grantsOf } from "./grants.ts";
import type { Limits } from "./limits.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

const WATCH: OfferLine = { mid: "0", kind: "video", direction: "recvonly" };

function grants(sub?: string): Grants {
  const result = grantsOf({ switchboard: { room: "*" }, ...(sub !== undefined && { sub }) });
  assert.ok(result.ok);
  return result.grants;
}

function roomWith(
  duplicateIdentity: SignalingRoom["duplicateIdentity"],
  seed: number,
  limits: Partial<Limits> = {},
): SignalingRoom {
  const room = new SignalingRoom(seed, undefined, undefined, limits);
  room.duplicateIdentity = duplicateIdentity;
  return room;
}

function names(room: SignalingRoom): (string | undefined)[] {
  return [...room.rooms.enter("room").peers.values()].map(({ name }) => name);
}

function resumeToken(client: SignalingClient): string {
  const [welcome] = client.take();
  assert.ok(welcome.type === "welcome" && welcome.resume !== undefined);
  return welcome.resume;
}

/** Joins, and leaves its messages to be read. */
function enter(room: SignalingRoom, name: string, allowed: Grants, roomId = "room"): SignalingClient {
  const client = room.connect(allowed);
  client.session.handleMessage(JSON.stringify({ type: "join", roomId, name }), room.nowMs);
  return client;
}

test("P79: allow: who comes twice is there twice", () => {
  const room = roomWith("allow", 1);
  for (const name of ["one", "two"]) assert.deepEqual(codes(enter(room, name, grants("ada")).take()), ["welcome"]);
  assert.deepEqual(names(room), ["one", "two"]);
});

test("P79: refuse: the second one is told so and closed with 4409, and the first one notices nothing", () => {
  const room = roomWith("refuse", 2);
  const first = room.join("one", grants("ada"));
  first.take();
  const second = enter(room, "two", grants("ada"));
  assert.deepEqual(codes(second.take()), ["duplicate-identity"]);
  assert.deepEqual([second.closed, first.take(), names(room), room.openMedia], [[4409], [], ["one"], 1]);
  const { result, told } = room.post("whip", buildOffer([CAMERA]), { grants: grants("ada") });
  assert.deepEqual([result.ok, result.ok || result.code, told], [false, "duplicate-identity", []]);
  first.say({ type: "leave" });
  assert.deepEqual(codes(enter(room, "three", grants("ada")).take()), ["welcome"]);
});

test("P79: replace: the first one is told so, closed with 4002 and gone before the second one comes", () => {
  const room = roomWith("replace", 3);
  const neighbour = room.join("neighbour", grants("ben"));
  const first = room.connect(grants("ada"));
  first.session.handleMessage(JSON.stringify({ type: "join", roomId: "room", name: "one" }), 0);
  const resume = resumeToken(first);
  connect(first);
  neighbour.take();
  first.take();
  const second = enter(room, "two", grants("ada"));
  assert.deepEqual([codes(first.take()), first.closed], [["replaced"], [4002]]);
  const [welcome, ...rest] = second.take();
  assert.ok(welcome.type === "welcome");
  assert.deepEqual([welcome.peers.map(({ name }) => name), rest], [["neighbour"], []]);
  assert.deepEqual(codes(neighbour.take()), ["peerLeft", "peerJoined"]);
  assert.deepEqual([names(room), room.openMedia, room.resumption.size], [["neighbour", "two"], 2, 2]);
  assert.deepEqual(codes(room.connect(grants("ada")).say({ type: "join", roomId: "room", resume })), ["resume-failed"]);
});

test("P79: replace: one that is alone in its room, or whose WebSocket is lost, leaves no ghost", () => {
  const room = roomWith("replace", 4);
  const first = room.join("one", grants("ada"));
  connect(first);
  first.session.handleClose(1006);
  enter(room, "two", grants("ada"));
  assert.deepEqual([names(room), room.rooms.size, room.openMedia], [["two"], 1, 1]);
  const third = enter(room, "three", grants("ada"));
  third.say({ type: "leave" });
  assert.deepEqual([room.rooms.size, room.openMedia, room.resumption.size], [0, 0, 0]);
});

test("P79: replace: a WHIP or WHEP session is replaced too, and replaces", () => {
  const room = roomWith("replace", 5);
  const encoder = room.post("whip", buildOffer([CAMERA]), { grants: grants("ada") });
  const player = room.post("whep", buildOffer([WATCH]), { grants: grants("ada") });
  assert.deepEqual(encoder.told, ["joined", "left: replaced"]);
  enter(room, "browser", grants("ada"));
  assert.deepEqual([player.told, names(room)], [["joined", "left: replaced"], ["browser"]]);
});

test("P61, P79: replace: where there is no place for the second one the first one stays and notices nothing", () => {
  const room = roomWith("replace", 7);
  room.capacity = 1;
  const first = room.join("one", grants("ada"));
  first.take();
  const second = enter(room, "two", grants("ada"));
  assert.deepEqual([codes(second.take()), second.closed], [["no-capacity"], [1013]]);
  const { result } = room.post("whip", buildOffer([CAMERA]), { grants: grants("ada") });
  assert.equal(result.ok || result.code, "no-capacity");
  assert.deepEqual([first.take(), first.closed, names(room), room.openMedia], [[], [], ["one"], 1]);
});

test("P79: another room, another identity, none, and a resume are no duplicates", () => {
  for (const setting of ["refuse", "replace"] as const) {
    const room = roomWith(setting, 6);
    const first = room.connect(grants("ada"));
    first.session.handleMessage(JSON.stringify({ type: "join", roomId: "room", name: "one" }), 0);
    const resume = resumeToken(first);
    enter(room, "elsewhere", grants("ada"), "other");
    for (const name of ["two", "three"]) enter(room, name, grants());
    enter(room, "four", grants("Ada"));
    assert.deepEqual(names(room), ["one", "two", "three", "four"]);
    const again = room.connect(grants("ada"));
    assert.deepEqual(codes(again.say({ type: "join", roomId: "room", resume })), ["welcome"]);
    assert.deepEqual(first.closed, [4001]);
  }
});

test("P79: what is thrown says so in words", () => {
  assert.match(new DuplicateIdentityError().message, /identity is in the room already$/);
});

test("P79, P81: replace: a room that is full has place for whoever takes somebody's place, and for nobody else", () => {
  const room = roomWith("replace", 9, { maxPeers: 2 });
  for (const name of ["ada", "ben"]) enter(room, name, grants(name)).take();
  assert.deepEqual(codes(enter(room, "cleo", grants("cleo")).take()), ["room-full"]);
  assert.deepEqual(codes(enter(room, "nobody", grants()).take()), ["room-full"]);
  assert.deepEqual(codes(enter(room, "ada again", grants("ada")).take()), ["welcome"]);
  assert.equal(room.post("whip", buildOffer([CAMERA]), { name: "ben again", grants: grants("ben") }).result.ok, true);
  assert.deepEqual(names(room), ["ada again", "ben again"]);
});
