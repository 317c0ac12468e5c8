import assert from "node:assert/strict";
import { type Answered, directions, NegotiationFixture } from "../../tests/harness/negotiation.ts";
import type { TrackRequest } from "./negotiation.ts";
import { REPAIRED_RID_URI, RID_URI, TRANSPORT_WIDE_URI } from "../sfu/header_extensions.ts";
import { ABS_CAPTURE_TIME_URI, HEADER_EXTENSION_URIS } from "./rtp_parameters.ts";

// Offers of a real Chromium, see the README beside them. Each sequence is answered from its first step on.

const OFFERS = new URL("../../tests/fixtures/chromium/", import.meta.url);

function offerOf(name: string): string {
  return Deno.readTextFileSync(new URL(`${name}.sdp`, OFFERS));
}

function answer(fixture: NegotiationFixture, name: string, requests: readonly TrackRequest[] = []): Answered {
  const answered = fixture.offer(offerOf(name), requests);
  assert.deepEqual(answered.result.problems, []);
  return answered;
}

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: { read: [OFFERS] }, fn });
}

test("Chromium publishes microphone and camera, receives, parks the m-lines and uses them again", () => {
  const fixture = new NegotiationFixture();
  const { peer, negotiation } = fixture;
  assert.equal(directions(answer(fixture, "receive-1-publish")), "0:recvonly 1:recvonly");
  assert.equal(peer.producers.get("0")?.codec.fmtp, "minptime=10;useinbandfec=1");
  assert.equal(peer.producers.get("1")?.ssrcs.length, 1, "the SSRC of RTX is left out");

  peer.addTrack("b1", "audio");
  peer.addTrack("b2", "video");
  const named = [{ mid: "2", trackId: "b1" }, { mid: "3", trackId: "b2" }];
  assert.equal(directions(answer(fixture, "receive-2-added", named)), "0:recvonly 1:recvonly 2:sendonly 3:sendonly");

  for (const id of ["b1", "b2"]) {
    peer.removeTrack(id);
    negotiation.trackEnded(id);
  }
  assert.equal(directions(answer(fixture, "receive-3-parked")), "0:recvonly 1:recvonly 2:inactive 3:inactive");

  peer.addTrack("c1", "audio", "carol");
  peer.addTrack("c2", "video", "carol", "screen");
  const reused = answer(fixture, "receive-4-reused");
  assert.equal(directions(reused), "0:recvonly 1:recvonly 2:sendonly 3:sendonly");
  assert.deepEqual(reused.media[3].msid, [{ id: "carol-screen", appdata: "c2" }]);
  assert.ok((peer.consumers.get("3")?.headerExtensions.length ?? 0) > 1, "parking lost no header extension");
  assert.deepEqual(peer.takeCalls().filter((call) => call.startsWith("un")), []);
});

test("the answer is narrowed to one codec with RTX, requests for packets and key frames, and the extensions that are forwarded", () => {
  const fixture = new NegotiationFixture();
  const [audio, video] = answer(fixture, "receive-1-publish").media;
  assert.deepEqual(video.rtp, [{ payload: 96, codec: "VP8", rate: 90_000 }, {
    payload: 97,
    codec: "rtx",
    rate: 90_000,
  }]);
  assert.deepEqual(video.fmtp, [{ payload: 97, config: "apt=96" }]);
  const feedback = video.rtcpFb?.map(({ type, subtype }) => subtype === undefined ? type : `${type} ${subtype}`);
  assert.deepEqual(feedback, ["nack", "nack pli", "ccm fir", "transport-cc"]);
  assert.deepEqual(audio.rtcpFb, [{ payload: 111, type: "transport-cc" }]);
  const uris = [audio, video].flatMap((line) => line.ext?.map(({ uri }) => uri) ?? []);
  const expected = [...HEADER_EXTENSION_URIS, TRANSPORT_WIDE_URI].filter((uri) => uri !== ABS_CAPTURE_TIME_URI);
  assert.deepEqual(new Set(uris), new Set(expected));
});

test("Chromium's sendrecv m-lines publish and receive, and go on one way only", () => {
  const fixture = new NegotiationFixture();
  fixture.peer.addTrack("b1", "audio");
  fixture.peer.addTrack("b2", "video");
  assert.equal(directions(answer(fixture, "sendrecv-1-first")), "0:sendrecv 1:sendrecv");
  fixture.peer.takeCalls();
  assert.equal(directions(answer(fixture, "sendrecv-3-mute")), "0:sendrecv 1:sendonly");
  assert.deepEqual(fixture.peer.takeCalls(), ["unpublish 1"]);
});

test("P26: Chromium's data channel is rejected before and after other m-lines are added", () => {
  const fixture = new NegotiationFixture();
  const first = answer(fixture, "data-channel-1-first");
  assert.equal(first.media.filter((line) => line.port === 0).length, 1);
  assert.equal(fixture.peer.producers.size, 2);
  const again = answer(fixture, "data-channel-2-again");
  assert.equal(again.media.filter((line) => line.port === 0).length, 1);
  assert.equal(again.media.length, 4);
});

test("P26: a data channel alone is answered, and all of it rejected", () => {
  const answered = answer(new NegotiationFixture(), "data-only-1-first");
  assert.deepEqual(answered.media.map(({ type, port }) => `${type} ${port}`), ["application 0"]);
  assert.equal(answered.groups, undefined);
});

test("B82, B300, P86: Chromium's simulcast is taken, and the RID extensions that it wants in its next offer", () => {
  const fixture = new NegotiationFixture();
  for (const name of ["simulcast-1-first", "simulcast-2-again"]) {
    const [video] = answer(fixture, name).media;
    assert.ok(video.ext?.some(({ uri }) => uri === RID_URI));
    // That answer had no repaired RIDs, and Chromium never offers again what was left out.
    assert.equal(video.ext?.some(({ uri }) => uri === REPAIRED_RID_URI), name === "simulcast-1-first");
    assert.deepEqual(video.rids?.map(({ id, direction }) => `${id} ${direction}`), ["q recv", "h recv", "f recv"]);
    assert.equal(video.simulcast?.dir1, "recv");
    // The second was recorded after an answer that took no simulcast: Chromium has paused what it was not to send.
    assert.equal(video.simulcast?.list1, name === "simulcast-1-first" ? "q;h;f" : "q;~h;~f");
  }
  assert.deepEqual(fixture.peer.takeCalls(), ["publish 0 alice-1"], "the track goes on");
  const { encodings } = fixture.peer.producers.get("0") ?? {};
  assert.deepEqual(encodings, ["q", "h", "f"].map((rid) => ({ rid, ssrcs: [] })));
  assert.deepEqual(fixture.peer.producers.get("0")?.ssrcs, []);
});

test("P27: Chromium stops transceivers and recycles their m-lines until none is left", () => {
  const fixture = new NegotiationFixture();
  const steps = ["1-publish", "2-stopped", "3-recycled", "4-first-stopped", "5-all-stopped"];
  assert.deepEqual(steps.map((step) => directions(answer(fixture, `stop-${step}`))), [
    "0:recvonly 1:recvonly",
    "0:recvonly 1:rejected",
    "0:recvonly 2:recvonly",
    "0:rejected 2:recvonly",
    "0:rejected 2:rejected",
  ]);
  assert.deepEqual(fixture.peer.takeCalls(), [
    "publish 0 alice-1",
    "publish 1 alice-2",
    "unpublish 1",
    "publish 2 alice-3",
    "unpublish 0",
    "unpublish 2",
  ]);
  fixture.peer.addTrack("b1", "video");
  assert.match(directions(answer(fixture, "stop-6-begun-again")), /3:sendonly/);
});

test("P41: when Chromium stops the first m-line the candidates move to the next one", () => {
  const fixture = new NegotiationFixture();
  for (const step of ["1-publish", "2-stopped", "3-recycled"]) answer(fixture, `stop-${step}`);
  const answered = answer(fixture, "stop-4-first-stopped");
  assert.deepEqual(answered.media.map((line) => line.candidates?.length ?? 0), [0, 2]);
  assert.deepEqual(answered.groups, [{ type: "BUNDLE", mids: 2 }]);
});

test("P29: Chromium restarts ICE", () => {
  const fixture = new NegotiationFixture();
  answer(fixture, "restart-1-publish");
  fixture.peer.takeCalls();
  const result = fixture.negotiation.handleOffer(offerOf("restart-2-restarted"), []);
  assert.ok(result.ok && result.restarted);
  assert.match(result.answer, /a=ice-ufrag:server2\r\n/);
  assert.deepEqual(fixture.peer.takeCalls(), []);
});

test("Chromium with max-bundle adds an m-line", () => {
  const fixture = new NegotiationFixture();
  fixture.peer.addTrack("b1", "video");
  answer(fixture, "max-bundle-1-first");
  assert.equal(directions(answer(fixture, "max-bundle-2-added")), "0:recvonly 1:recvonly 2:sendonly");
});

test("Chromium's m-lines that are narrowed by setCodecPreferences receive", () => {
  const fixture = new NegotiationFixture();
  fixture.peer.addTrack("b1", "audio");
  fixture.peer.addTrack("b2", "video");
  assert.equal(directions(answer(fixture, "narrowed-1-first")), "0:sendonly 1:sendonly");
});

test("P25: a camera in a codec that the room does not allow publishes once it offers another one", () => {
  const fixture = new NegotiationFixture();
  const refused = fixture.offer(offerOf("codec-1-vp9-only"));
  assert.equal(directions(refused), "0:inactive");
  assert.equal(refused.result.problems.length, 1);
  assert.equal(directions(answer(fixture, "codec-2-vp8-again")), "0:recvonly");
});

test("100 audio and video pairs are answered, each with a track of its own", () => {
  const fixture = new NegotiationFixture();
  const lines = Array.from({ length: 200 }, (_, mid) => ({ mid: String(mid), trackId: `b${mid}` }));
  for (const { mid, trackId } of lines) fixture.peer.addTrack(trackId, Number(mid) % 2 === 0 ? "audio" : "video");
  const answered = fixture.offer(manyPairs(100), lines);
  assert.equal(directions(answered), lines.map(({ mid }) => `${mid}:sendonly`).join(" "));
  assert.equal(new Set(answered.media.map((line) => line.ssrcs?.[0].id)).size, 200);
  assert.ok(answered.result.answer.length < 200 * 700, "an answered m-line takes 600 bytes");
});

test("P30: an offer that ends after any line of it is answered or refused, and a refusal changes nothing", () => {
  const lines = offerOf("receive-2-added").split("\r\n");
  for (let count = 0; count < lines.length; count++) {
    const fixture = new NegotiationFixture();
    answer(fixture, "receive-1-publish");
    fixture.peer.takeCalls();
    const result = fixture.negotiation.handleOffer(lines.slice(0, count).join("\r\n"), []);
    if (result.ok) continue;
    assert.deepEqual(fixture.peer.takeCalls(), [], `after ${count} lines`);
    assert.equal(directions(answer(fixture, "receive-1-publish")), "0:recvonly 1:recvonly");
  }
});

/** The two recvonly m-lines of a real offer, over and over. */
function manyPairs(pairs: number): string {
  const offer = offerOf("receive-2-added");
  const [session, ...media] = offer.split(/(?=^m=)/m);
  const mids = Array.from({ length: pairs * 2 }, (_, index) => index);
  const lines = mids.map((mid) => media[2 + mid % 2].replace(/^a=mid:.*$/m, `a=mid:${mid}`));
  return session.replace(/^a=group:.*$/m, `a=group:BUNDLE ${mids.join(" ")}`) + lines.join("");
}
