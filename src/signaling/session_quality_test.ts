import assert from "node:assert/strict";
import { codes, connect } from "../../tests/harness/session_steps.ts";
import { SignalingRoom } from "../../tests/harness/signaling_room.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

/** One who publishes a camera, and one who may receive it. */
function meet() {
  const room = new SignalingRoom(1);
  const [speaker, listener] = [room.join(), room.join()];
  connect(speaker);
  const [track] = room.rooms.find("room")?.tracks.values() ?? [];
  for (const { take } of [speaker, listener]) take();
  return { room, speaker, listener, trackId: track.id };
}

test("P90: what is wanted of a track is taken without a word, before it is received and after", () => {
  const { listener, speaker, trackId } = meet();
  const wanted = { width: 320, height: 180, fps: 15, priority: 2, pinned: true, off: false };
  assert.deepEqual(listener.say({ type: "setQuality", trackId, ...wanted }), []);
  assert.deepEqual(listener.media?.peer.wantedOf(trackId), wanted);
  connect(listener, [{ mid: "0", kind: "video", direction: "recvonly" }]);
  listener.take();
  assert.deepEqual(listener.say({ type: "setQuality", trackId, off: true }), []);
  assert.deepEqual(listener.media?.peer.wantedOf(trackId), { off: true }, "what is left out is at its default");
  assert.deepEqual(speaker.take(), []);
});

test("P90: a track that there is not, that is the client's own, or that it may not receive, is unknown", () => {
  const { room, listener, speaker, trackId } = meet();
  const refusal = (id: string) => ({
    type: "error",
    code: "unknown-track",
    message: `no track ${id} of another peer is in the room`,
    trackId: id,
  });
  assert.deepEqual(listener.say({ type: "setQuality", trackId: "none" }), [refusal("none")]);
  assert.deepEqual(speaker.say({ type: "setQuality", trackId, off: true }), [refusal(trackId)]);
  const talker = room.join(undefined, {
    room: "room",
    identity: "talker",
    name: undefined,
    publish: ["audio"],
    subscribe: false,
    admin: false,
    maxBitrate: undefined,
  });
  assert.deepEqual(talker.say({ type: "setQuality", trackId }), [refusal(trackId)]);
  speaker.say({ type: "leave" });
  listener.take();
  assert.deepEqual(listener.say({ type: "setQuality", trackId }), [refusal(trackId)]);
});

test("P90: values that are none are bad messages, which name the field, and change nothing", () => {
  const { listener, trackId } = meet();
  listener.say({ type: "setQuality", trackId, width: 640 });
  const bad: [string, unknown][] = [
    ["width", 0],
    ["width", 16385],
    ["height", 1.5],
    ["height", "180"],
    ["fps", 0],
    ["fps", 1000],
    ["priority", -1],
    ["priority", 256],
    ["pinned", 1],
    ["off", null],
  ];
  for (const [field, value] of bad) {
    const told = listener.say({ type: "setQuality", trackId, [field]: value });
    assert.deepEqual(codes(told), ["bad-message"], `${field}: ${value}`);
    assert.match(told[0].type === "error" ? told[0].message : "", new RegExp(`^${field}: `));
  }
  assert.deepEqual(listener.media?.peer.wantedOf(trackId), { width: 640 });
  assert.deepEqual(codes(listener.say({ type: "setQuality" })), ["bad-message"]);
});

test("P93: what is wanted counts as any message: too many of them end the peer", () => {
  const { listener, trackId } = meet();
  let told: string[] = [];
  for (let n = 0; n < 250; n++) {
    told = told.concat(codes(listener.say({ type: "setQuality", trackId, width: 100 + n })));
  }
  assert.deepEqual(told, ["too-many"]);
  assert.deepEqual(listener.closed, [1008]);
});
