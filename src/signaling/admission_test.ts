import assert from "node:assert/strict";
import { buildOffer } from "../../tests/harness/offer_builder.ts";
import { CAMERA, codes } from "../../tests/harness/session_steps.ts";
import { type SignalingClient, SignalingRoom } from "../../tests/harness/signaling_room.ts";
import type { Limits } from "./limits.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

const roomWith = (limits: Partial<Limits>) => new SignalingRoom(1, undefined, undefined, limits);
const join = (client: SignalingClient, roomId = "room") => client.say({ type: "join", roomId });

/** What a WHIP client is refused with. */
function refusal(room: SignalingRoom): { readonly code: string; readonly retryAfterSeconds?: number | undefined } {
  const { result } = room.post("whip", buildOffer([CAMERA]));
  assert.equal(result.ok, false);
  const { code, retryAfterSeconds } = result;
  return { code, retryAfterSeconds };
}

test("P80: beyond the rooms that there may be none begins, those that there are take peers, and one that ends makes room", () => {
  const room = roomWith({ maxRooms: 1 });
  const inside = room.join();
  const refused = room.connect();
  const [error] = join(refused, "other");
  assert.equal(error.type === "error" && error.code, "too-many-rooms");
  assert.deepEqual(refused.closed, [1013]);
  assert.deepEqual(inside.take(), []);
  assert.deepEqual([room.openMedia, room.rooms.size], [1, 1], "nothing was made for it");
  const second = room.connect();
  assert.deepEqual(codes(join(second)), ["welcome"]);
  for (const client of [inside, second]) client.say({ type: "leave" });
  assert.deepEqual(codes(join(room.connect(), "other")), ["welcome"]);
  assert.deepEqual(refusal(room), { code: "too-many-rooms", retryAfterSeconds: undefined });
});

test("P81: a room that is full takes no more peers until one leaves, and other rooms do", () => {
  const room = roomWith({ maxPeers: 2 });
  const [first, second] = [room.join(), room.join()];
  first.take();
  const refused = room.connect();
  assert.deepEqual(codes(join(refused)), ["room-full"]);
  assert.deepEqual(refused.closed, [1013]);
  assert.deepEqual(refusal(room), { code: "room-full", retryAfterSeconds: undefined });
  assert.deepEqual([first.take(), second.take()], [[], []], "those inside hear nothing of it");
  assert.deepEqual(codes(join(room.connect(), "other")), ["welcome"]);
  second.say({ type: "leave" });
  assert.deepEqual(codes(join(room.connect())), ["welcome"]);
});

test("P81: a peer that is resumed is no other peer", () => {
  const room = roomWith({ maxPeers: 1, joinsPerMinute: 1 });
  const [welcome] = join(room.connect());
  const resume = welcome.type === "welcome" ? welcome.resume : undefined;
  for (let n = 0; n < 3; n++) {
    const [reply] = room.connect().say({ type: "join", roomId: "room", resume });
    assert.equal(reply.type, "welcome");
  }
});

test("P82: joins of one network beyond a minute's are refused, by WebSocket and HTTP alike, and others' are not", () => {
  const room = roomWith({ joinsPerMinute: 2 });
  assert.deepEqual(codes(join(room.connect())), ["welcome"]);
  assert.ok(room.post("whip", buildOffer([CAMERA])).result.ok);
  const refused = room.connect();
  const [error] = join(refused);
  assert.equal(error.type === "error" && error.code, "too-many-joins");
  assert.equal(
    error.type === "error" && error.message,
    "more than 2 joins a minute from this network; again in 30 s",
  );
  assert.deepEqual(refused.closed, [1013]);
  assert.deepEqual(refusal(room), { code: "too-many-joins", retryAfterSeconds: 30 });
  assert.deepEqual(codes(join(room.connect(undefined, "192.0.2.9"))), ["welcome"]);
  room.nowMs = 30_000;
  assert.deepEqual(codes(join(room.connect())), ["welcome"]);
});

test("P82: what is refused for another reason counts for its network too, before its offer is looked at", () => {
  const room = roomWith({ maxPeers: 1, joinsPerMinute: 3 });
  room.join();
  assert.deepEqual(codes(join(room.connect())), ["room-full"]);
  const bad = () => room.post("whip", "no offer").result;
  const codeOf = (result: ReturnType<typeof bad>) => result.ok ? "ok" : result.code;
  assert.equal(codeOf(bad()), "room-full");
  assert.equal(codeOf(bad()), "too-many-joins");
});
