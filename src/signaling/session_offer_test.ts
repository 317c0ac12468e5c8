import assert from "node:assert/strict";
import { buildOffer, type OfferLine } from "../../tests/harness/offer_builder.ts";
import { answerOf, CAMERA, codes, connect } from "../../tests/harness/session_steps.ts";
import { CANDIDATES, credentialsOf, SignalingRoom } from "../../tests/harness/signaling_room.ts";

const RECEIVE: OfferLine = { mid: "1", kind: "video", direction: "recvonly" };

Deno.test({
  name: "P20: an offer gets one answer with its id",
  permissions: "none",
  fn() {
    const client = new SignalingRoom(18).join();
    const replies = client.say({ type: "offer", id: 17, sdp: buildOffer([CAMERA]) });
    const answers = replies.filter((message) => message.type === "answer");
    assert.equal(answers.length, 1);
    assert.equal(answers[0].id, 17);
    const [refused, ...more] = client.say({ type: "offer", id: 18, sdp: "v=0" });
    assert.deepEqual([refused.type, more.length], ["error", 0]);
  },
});

Deno.test({
  name: "P20, P24: codec-unsupported names the track and the m-line, before the answer",
  permissions: "none",
  fn() {
    const room = new SignalingRoom(19);
    const [one, two] = [room.join(), room.join()];
    one.say({ type: "offer", sdp: buildOffer([CAMERA]) });
    const published = two.take().find((message) => message.type === "trackPublished");
    const line: OfferLine = { ...RECEIVE, mid: "0", codecs: [["H264/90000", 102]] };
    const trackId = published?.track.id;
    const replies = two.say({ type: "offer", id: 1, sdp: buildOffer([line]), tracks: [{ mid: "0", trackId }] });
    assert.deepEqual(codes(replies), ["codec-unsupported", "answer", "iceCandidate"]);
    assert.ok(replies[0].type === "error" && replies[0].trackId === trackId && replies[0].replyTo === undefined);
    assert.equal(replies[0].mid, "0");
  },
});

Deno.test({
  name: "P28, P41: an answer has all candidates, and the end of candidates follows where ICE begins",
  permissions: "none",
  fn() {
    const client = new SignalingRoom(20).join();
    const first = client.say({ type: "offer", sdp: buildOffer([CAMERA]) });
    for (const candidate of CANDIDATES) assert.ok(answerOf(first).includes(`a=${candidate}`));
    assert.deepEqual(first[1].type === "iceCandidate" && first[1].candidate.candidate, "");
    assert.deepEqual(codes(client.say({ type: "offer", sdp: buildOffer([CAMERA]) })), ["answer"]);
    const restart = client.say({ type: "offer", sdp: buildOffer([CAMERA], { ufrag: "other" }) });
    assert.deepEqual(codes(restart), ["answer", "iceCandidate"]);
    assert.notEqual(credentialsOf(answerOf(restart)).ufrag, credentialsOf(answerOf(first)).ufrag);
  },
});

Deno.test({
  name: "P29: a changed fingerprint is bad-sdp, and the call goes on",
  permissions: "none",
  fn() {
    const client = new SignalingRoom(21).join();
    connect(client);
    const fingerprint = Array.from({ length: 32 }, () => "00").join(":");
    assert.deepEqual(codes(client.say({ type: "offer", sdp: buildOffer([CAMERA], { fingerprint }) })), ["bad-sdp"]);
    assert.equal(client.participant?.connection.connected, true);
    assert.equal(client.participant?.peer.producers.size, 1);
  },
});

Deno.test({
  name: "P40: candidates are checked for their form, mDNS names and the end of candidates are fine",
  permissions: "none",
  fn() {
    const client = new SignalingRoom(22).join();
    const say = (candidate: string) =>
      codes(client.say({ type: "iceCandidate", candidate: { candidate, sdpMid: "0" } }));
    assert.deepEqual(say("candidate:1 1 udp 2130706431 192.0.2.1 4000 typ host generation 0"), []);
    assert.deepEqual(say("candidate:1 1 udp 2130706431 5a5a5a5a-1111-2222-3333-444444444444.local 4000 typ host"), []);
    assert.deepEqual(say(""), []);
    assert.deepEqual(say("candidate:nonsense"), ["bad-message"]);
  },
});
