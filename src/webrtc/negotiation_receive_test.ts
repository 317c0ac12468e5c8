import assert from "node:assert/strict";
import { type AnsweredLine, directions, NegotiationFixture } from "../../tests/harness/negotiation.ts";
import { buildOffer, type OfferLine } from "../../tests/harness/offer_builder.ts";
import type { TrackRequest } from "./negotiation.ts";

function receiving(mid: string, kind: "audio" | "video" = "video"): OfferLine {
  return { mid, kind, direction: "recvonly" };
}

function inactive(line: OfferLine): OfferLine {
  return { ...line, direction: "inactive" };
}

function msidOf(line: AnsweredLine): string {
  return line.msid === undefined ? "" : `${line.msid[0].id} ${line.msid[0].appdata}`;
}

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("P22: a recvonly m-line takes the track that the request names", () => {
  const fixture = new NegotiationFixture();
  fixture.peer.addTrack("b1", "video");
  fixture.peer.addTrack("b2", "video");
  const answer = fixture.offer(buildOffer([receiving("0")]), [{ mid: "0", trackId: "b2" }]);
  assert.equal(directions(answer), "0:sendonly");
  assert.equal(fixture.peer.consumers.get("0")?.trackId, "b2");
  assert.equal(
    fixture.peer.consumers.get("0")?.codec.payloadType,
    96,
    "the subscriber's payload type, not the publisher's",
  );
});

test("P22: a recvonly m-line that names nothing takes the oldest free track of its kind", () => {
  const fixture = new NegotiationFixture();
  fixture.peer.addTrack("b-audio", "audio");
  fixture.peer.addTrack("b1", "video");
  fixture.peer.addTrack("b2", "video");
  fixture.peer.addTrack("b3", "video");
  fixture.offer(buildOffer([receiving("0"), receiving("1"), receiving("2", "audio"), receiving("3", "audio")]), [
    { mid: "1", trackId: "b1" },
  ]);
  assert.deepEqual(fixture.peer.takeCalls(), ["subscribe 0 b2", "subscribe 1 b1", "subscribe 2 b-audio"]);
});

test("P22: an m-line keeps its track while both last, whatever else comes and goes", () => {
  const fixture = new NegotiationFixture();
  fixture.peer.addTrack("b1", "video");
  fixture.peer.addTrack("b2", "video");
  fixture.offer(buildOffer([receiving("0"), receiving("1")]), [{ mid: "1", trackId: "b2" }]);
  fixture.peer.removeTrack("b1");
  fixture.negotiation.trackEnded("b1");
  fixture.peer.addTrack("b3", "video");
  fixture.peer.takeCalls();
  const answer = fixture.offer(buildOffer([receiving("0"), receiving("1")]));
  assert.deepEqual(fixture.peer.takeCalls(), ["subscribe 0 b3"]);
  assert.equal(msidOf(answer.media[1]), "bob b2");
});

test("P22: another name on the same m-line switches it to another track", () => {
  const fixture = new NegotiationFixture();
  fixture.peer.addTrack("b1", "video");
  fixture.peer.addTrack("b2", "video");
  const first = fixture.offer(buildOffer([receiving("0")]), [{ mid: "0", trackId: "b1" }]);
  fixture.peer.takeCalls();
  const second = fixture.offer(buildOffer([receiving("0")]), [{ mid: "0", trackId: "b2" }]);
  assert.deepEqual(fixture.peer.takeCalls(), ["unsubscribe 0", "subscribe 0 b2"]);
  assert.notEqual(second.media[0].ssrcs?.[0].id, first.media[0].ssrcs?.[0].id);
});

test("P22: two m-lines exchange their tracks in one offer", () => {
  const fixture = new NegotiationFixture();
  fixture.peer.addTrack("b1", "video");
  fixture.peer.addTrack("b2", "video");
  const lines = [receiving("0"), receiving("1")];
  fixture.offer(buildOffer(lines));
  fixture.peer.takeCalls();
  const swap: TrackRequest[] = [{ mid: "0", trackId: "b2" }, { mid: "1", trackId: "b1" }];
  fixture.offer(buildOffer(lines), swap);
  assert.deepEqual(fixture.peer.takeCalls(), ["unsubscribe 0", "unsubscribe 1", "subscribe 0 b2", "subscribe 1 b1"]);
});

test("P22: a track goes to one m-line of a peer, a second one that names it is inactive", () => {
  const fixture = new NegotiationFixture();
  fixture.peer.addTrack("b1", "video");
  fixture.offer(buildOffer([receiving("0")]));
  const answer = fixture.offer(buildOffer([receiving("0"), receiving("1")]), [{ mid: "1", trackId: "b1" }]);
  assert.equal(directions(answer), "0:sendonly 1:inactive");
  assert.deepEqual(answer.result.problems, []);
});

test("P23, B81: a track that is gone or never was is answered inactive, and the m-line waits for another name", () => {
  const fixture = new NegotiationFixture();
  fixture.peer.addTrack("b1", "video");
  fixture.peer.addTrack("b2", "audio");
  const lines = [receiving("0"), receiving("1"), receiving("2")];
  const names: TrackRequest[] = [{ mid: "0", trackId: "never" }, { mid: "1", trackId: "b1" }, {
    mid: "2",
    trackId: "b2",
  }];
  assert.equal(directions(fixture.offer(buildOffer(lines), names)), "0:inactive 1:sendonly 2:inactive");
  fixture.peer.removeTrack("b1");
  fixture.peer.addTrack("b3", "video");
  fixture.peer.takeCalls();
  const answer = fixture.offer(buildOffer(lines));
  assert.equal(directions(answer), "0:inactive 1:inactive 2:inactive");
  assert.deepEqual(fixture.peer.takeCalls(), ["unsubscribe 1"]);
});

test("P24: a track in a codec that the m-line does not offer is named as a problem", () => {
  const fixture = new NegotiationFixture();
  fixture.peer.addTrack("b1", "video");
  fixture.peer.addTrack("b2", "audio");
  const h264: OfferLine = { ...receiving("0"), codecs: [["H264/90000", 102]] };
  const mono: OfferLine = { ...receiving("1", "audio"), codecs: [["opus/48000", 111]] };
  const answer = fixture.offer(buildOffer([h264, mono]), [{ mid: "0", trackId: "b1" }]);
  assert.equal(directions(answer), "0:inactive 1:inactive");
  const problems = answer.result.problems.map(({ code, trackId }) => `${code} ${trackId}`);
  assert.deepEqual(problems, ["codec-unsupported b1", "codec-unsupported b2"]);
  assert.equal(fixture.peer.consumers.size, 0);
});

test("P27, B80: a parked m-line of a receiver is used again with a new SSRC and msid", () => {
  const fixture = new NegotiationFixture();
  fixture.peer.addTrack("b1", "video");
  const first = fixture.offer(buildOffer([receiving("0")]), [{ mid: "0", trackId: "b1" }]);
  const parked = fixture.offer(buildOffer([inactive(receiving("0"))]));
  assert.equal(directions(parked), "0:inactive");
  assert.deepEqual(parked.media[0].ext, first.media[0].ext, "Chromium never offers again what it is not answered here");
  assert.deepEqual(parked.media[0].rtp, first.media[0].rtp);
  fixture.peer.addTrack("c1", "video", "carol");
  const reused = fixture.offer(buildOffer([receiving("0")]), [{ mid: "0", trackId: "c1" }]);
  assert.equal(msidOf(reused.media[0]), "carol c1");
  assert.notEqual(reused.media[0].ssrcs?.[0].id, first.media[0].ssrcs?.[0].id);
  assert.deepEqual(fixture.peer.takeCalls(), ["subscribe 0 b1", "unsubscribe 0", "subscribe 0 c1"]);
});

test("B81: a name is forgotten when its m-line is parked", () => {
  const fixture = new NegotiationFixture();
  fixture.offer(buildOffer([receiving("0")]), [{ mid: "0", slot: true }]);
  fixture.offer(buildOffer([inactive(receiving("0"))]));
  fixture.peer.addTrack("b1", "video");
  assert.equal(directions(fixture.offer(buildOffer([receiving("0")]))), "0:sendonly");
});

test("P31: a forwarded track has its publisher as stream and CNAME, and its id as track", () => {
  const fixture = new NegotiationFixture();
  fixture.peer.addTrack("b-cam", "video", "bob", "camera");
  fixture.peer.addTrack("b-mic", "audio", "bob", "microphone");
  fixture.peer.addTrack("b-screen", "video", "bob", "screen");
  fixture.peer.addTrack("b-sound", "audio", "bob", "screenAudio");
  const lines = [receiving("0"), receiving("1", "audio"), receiving("2"), receiving("3", "audio")];
  const answer = fixture.offer(buildOffer(lines));
  assert.deepEqual(answer.media.map(msidOf), ["bob b-cam", "bob b-mic", "bob-screen b-screen", "bob-screen b-sound"]);
  for (const line of answer.media) {
    assert.deepEqual(line.ssrcs?.map(({ attribute, value }) => `${attribute}:${value}`), ["cname:bob"]);
  }
});

test("a track that vanishes between the choice and the subscription is answered inactive", () => {
  const fixture = new NegotiationFixture();
  fixture.peer.addTrack("b1", "video");
  fixture.peer.subscribe = () => undefined;
  assert.equal(directions(fixture.offer(buildOffer([receiving("0")]))), "0:inactive");
});

test("a track whose codec is no longer offered under its payload type is subscribed anew", () => {
  const fixture = new NegotiationFixture();
  fixture.peer.addTrack("b1", "video");
  fixture.offer(buildOffer([receiving("0")]));
  fixture.offer(buildOffer([{ ...receiving("0"), codecs: [["VP8/90000", 100]] }]));
  assert.deepEqual(fixture.peer.takeCalls(), ["subscribe 0 b1", "unsubscribe 0", "subscribe 0 b1"]);
  assert.equal(fixture.peer.consumers.get("0")?.codec.payloadType, 100);
});
