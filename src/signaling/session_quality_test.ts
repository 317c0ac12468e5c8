import assert from "node:assert/strict";
import { buildOffer } from "../../tests/harness/offer_builder.ts";
import { codes, connect } from "../../tests/harness/session_steps.ts";
import { credentialsOf, SignalingRoom } from "../../tests/harness/signaling_room.ts";

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

const LAYERED = { mid: "7", kind: "video", direction: "sendonly", msid: "s v", rids: ["q", "h", "f"] } as const;

test("P92: who publishes three encodings is told by its m-line which of them anybody receives; a WHIP client is not", () => {
  const room = new SignalingRoom(1);
  const [speaker, listener] = [room.join(), room.join()];
  connect(speaker, [LAYERED]);
  const encoder = room.post("whip", buildOffer([LAYERED]));
  assert.ok(encoder.result.ok);
  encoder.client.connect(credentialsOf(encoder.result.answer));
  const [track] = room.rooms.find("room")?.tracks.values() ?? [];
  for (const { take } of [speaker, listener]) take();
  const wait = (ms: number) => {
    for (let left = ms; left > 0; left -= 25) {
      room.nowMs += 25;
      room.handleTimeout();
    }
    return speaker.take();
  };
  assert.deepEqual(wait(3_000), [{ type: "layers", trackId: track.id, mid: "7", active: [] }]);
  connect(listener, [{ mid: "0", kind: "video", direction: "recvonly" }]);
  assert.deepEqual(wait(100), [{ type: "layers", trackId: track.id, mid: "7", active: ["q"] }]);
  const peerId = listener.participant?.peer.id ?? "";
  listener.say({ type: "leave" });
  assert.deepEqual(wait(2_000), [{ type: "peerLeft", peerId }, {
    type: "layers",
    trackId: track.id,
    mid: "7",
    active: [],
  }]);
  assert.deepEqual(encoder.told, ["joined", "connected"]);
});

test("P65, P92, P91: who resumes is told again, behind the welcome, which encodings are received and what it gets", () => {
  const room = new SignalingRoom(2);
  const [speaker, listener] = [room.connect(), room.connect()];
  const tokens = [speaker, listener].map((client) => {
    const [welcome] = client.say({ type: "join", roomId: "room" });
    return welcome.type === "welcome" ? welcome.resume : undefined;
  });
  connect(speaker, [LAYERED]);
  connect(listener, [{ mid: "0", kind: "video", direction: "recvonly" }]);
  const wait = () => {
    for (let left = 3_000; left > 0; left -= 25) {
      room.nowMs += 25;
      room.handleTimeout();
    }
  };
  wait();
  const resumed = [speaker, listener].map((client, index) => {
    client.session.handleClose(1006);
    const next = room.connect();
    const told = next.say({ type: "join", roomId: "room", resume: tokens[index] });
    assert.deepEqual(codes(told), ["welcome"]);
    return next;
  });
  wait();
  const [toSpeaker, toListener] = resumed.map((client) => client.take());
  const [layers, ...others] = toSpeaker.filter(({ type }) => type === "layers");
  assert.ok(layers.type === "layers");
  assert.deepEqual([layers.mid, layers.active, others], ["7", ["q"], []]);
  const [quality] = toListener.filter(({ type }) => type === "quality");
  assert.ok(quality.type === "quality");
  assert.deepEqual(quality.tracks.map(({ trackId }) => trackId), [layers.trackId]);
});
