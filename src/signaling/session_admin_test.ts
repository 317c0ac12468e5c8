import assert from "node:assert/strict";
import { buildOffer } from "../../tests/harness/offer_builder.ts";
import { CAMERA, codes, connect } from "../../tests/harness/session_steps.ts";
import { type SignalingClient, SignalingRoom } from "../../tests/harness/signaling_room.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

/** A client that publishes a camera; the id of its track. */
function publish(client: SignalingClient): string {
  client.say({ type: "offer", sdp: buildOffer([CAMERA]) });
  const [trackId] = client.participant?.peer.publishedTracks ?? [];
  return trackId;
}

test("P132: who is in a room that is ended is told, closed with 4005 and cannot be resumed", () => {
  const room = new SignalingRoom(1);
  const client = room.connect();
  const [welcome] = client.say({ type: "join", roomId: "room" });
  const { resume } = welcome.type === "welcome" ? welcome : {};
  client.participant?.leave("room-ended");
  assert.deepEqual(codes(client.take()), ["room-ended"]);
  assert.deepEqual([client.closed, room.rooms.size], [[4005], 0]);
  assert.deepEqual(codes(room.connect().say({ type: "join", roomId: "room", resume })), ["resume-failed"]);
});

test("P133, P135: a message comes as it was said, to who is connected at the moment", () => {
  const client = new SignalingRoom(2).join();
  client.take();
  for (const message of [null, "a text", { a: [1, true] }]) {
    assert.equal(client.participant?.sendMessage(message), true);
    assert.deepEqual(client.take(), [{ type: "message", message }]);
  }
  connect(client);
  client.session.handleClose(1006);
  assert.deepEqual([client.participant?.sendMessage("unheard"), client.participant?.moveTo("office")], [false, false]);
  assert.equal(client.participant?.closed, false, "who does not hear of it is not moved (P135)");
});

test("P134: who publishes is told of its m-line, the others of the track, and who comes or resumes finds it so", () => {
  const room = new SignalingRoom(3);
  const [publisher, other] = [room.join(), room.join()];
  const trackId = publish(publisher);
  const { participant } = publisher;
  const peerId = participant?.peer.id;
  for (const { take } of [publisher, other]) take();
  assert.equal(participant?.peer.muteTrack(trackId, true), true);
  assert.deepEqual(publisher.take(), [{ type: "trackMuted", peerId, trackId, muted: true, mid: CAMERA.mid }]);
  assert.deepEqual(other.take(), [{ type: "trackMuted", peerId, trackId, muted: true }]);
  const [welcome] = room.connect().say({ type: "join", roomId: "room" });
  assert.equal(welcome.type === "welcome" && welcome.peers[0].tracks[0].muted, true);
  assert.equal(participant?.peer.muteTrack(trackId, false), true);
  assert.deepEqual(other.take().filter(({ type }) => type === "trackMuted"), [
    { type: "trackMuted", peerId, trackId, muted: false },
  ]);
});

test("P134: who resumes is told of a track of its own that was muted whether it still is, as both may have changed unheard", () => {
  const room = new SignalingRoom(5);
  let client = room.connect();
  const [welcome] = client.say({ type: "join", roomId: "room" });
  let { resume } = welcome.type === "welcome" ? welcome : {};
  connect(client);
  const { participant } = client;
  const [trackId] = participant?.peer.publishedTracks ?? [];
  const resumed = () => {
    client.session.handleClose(1006);
    client = room.connect();
    const [welcome, ...told] = client.say({ type: "join", roomId: "room", resume });
    resume = welcome.type === "welcome" ? welcome.resume : undefined;
    return told;
  };
  assert.deepEqual(resumed(), []);
  for (const muted of [true, false]) {
    client.session.handleClose(1006);
    participant?.peer.muteTrack(trackId, muted);
    const told = { type: "trackMuted", peerId: participant?.peer.id, trackId, muted, mid: CAMERA.mid };
    assert.deepEqual(resumed(), [told]);
  }
});

test("P135: who is moved is told where to, and closed with 4006; its peer has left", () => {
  const room = new SignalingRoom(4);
  const [client, other] = [room.join(), room.join()];
  for (const { take } of [client, other]) take();
  assert.equal(client.participant?.moveTo("office"), true);
  assert.deepEqual(client.take(), [{ type: "moved", roomId: "office" }]);
  assert.deepEqual(client.closed, [4006]);
  assert.deepEqual(other.take().map(({ type }) => type), ["peerLeft"]);
});
