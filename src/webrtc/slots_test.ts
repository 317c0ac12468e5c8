import assert from "node:assert/strict";
import { directions, NegotiationFixture } from "../../tests/harness/negotiation.ts";
import { buildOffer, type OfferLine } from "../../tests/harness/offer_builder.ts";
import type { PublishedTrack } from "../sfu/types.ts";

const CODECS = ["audio/opus", "video/vp8", "video/vp9"];

function receiving(mid: string, kind: "audio" | "video" = "video", codecs?: OfferLine["codecs"]): OfferLine {
  return { mid, kind, direction: "recvonly", codecs };
}

function viewer(accepts: (track: PublishedTrack) => boolean = () => true): NegotiationFixture {
  return new NegotiationFixture(CODECS, accepts);
}

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("P53: the k-th m-line of a kind takes the k-th track of that kind, oldest first", () => {
  const fixture = viewer();
  fixture.peer.addTrack("v1", "video");
  fixture.peer.addTrack("a1", "audio");
  fixture.peer.addTrack("v2", "video");
  fixture.peer.addTrack("v3", "video");
  const answer = fixture.offer(buildOffer([receiving("0", "audio"), receiving("1"), receiving("2")]));
  assert.equal(directions(answer), "0:sendonly 1:sendonly 2:sendonly");
  const taken = [...fixture.peer.consumers].map(([mid, { trackId }]) => `${mid} ${trackId}`);
  assert.deepEqual(taken.sort(), ["0 a1", "1 v1", "2 v2"]);
});

test("P53: only tracks that are accepted are taken", () => {
  const fixture = viewer((track) => track.peerId === "carol");
  fixture.peer.addTrack("b1", "video", "bob");
  fixture.peer.addTrack("c1", "video", "carol");
  fixture.offer(buildOffer([receiving("0"), receiving("1")]));
  assert.deepEqual([...fixture.peer.consumers.values()].map(({ trackId }) => trackId), ["c1"]);
});

test("P54: m-lines without a track are sendonly with SSRC, stream and all common codecs, and are filled later", () => {
  const fixture = viewer();
  const codecs = [["H264/90000", 102], ["VP9/90000", 98], ["VP8/90000", 96]] as const;
  const answer = fixture.offer(buildOffer([receiving("0", "audio"), receiving("1", "video", codecs)]));
  assert.equal(directions(answer), "0:sendonly 1:sendonly");
  const [audio, video] = answer.media;
  assert.deepEqual(video.rtp.map(({ codec }) => codec), ["VP9", "VP8"]);
  assert.equal(video.ssrcs?.length, 1);
  assert.equal(audio.msid?.[0].id, video.msid?.[0].id, "the first of each kind are played in sync");
  assert.deepEqual(fixture.peer.takeCalls(), ["openSlot 0 audio", "openSlot 1 video"]);

  fixture.peer.addTrack("v1", "video");
  fixture.negotiation.trackPublished();
  assert.deepEqual(fixture.peer.takeCalls(), ["subscribe 1 v1"]);
  assert.equal(fixture.peer.consumers.get("1")?.codec.payloadType, 96);
  fixture.peer.addTrack("v2", "video");
  fixture.negotiation.trackPublished();
  assert.deepEqual(fixture.peer.takeCalls(), [], "there is no further m-line");
});

test("P54: when a track ends the next one takes its place", () => {
  const fixture = viewer();
  fixture.peer.addTrack("v1", "video");
  fixture.peer.addTrack("v2", "video");
  fixture.offer(buildOffer([receiving("0")]));
  fixture.peer.takeCalls();
  fixture.peer.removeTrack("v1");
  fixture.negotiation.trackEnded("v1");
  assert.deepEqual(fixture.peer.takeCalls(), ["subscribe 0 v2"]);
});

test("P54: a track that the m-line cannot decode is left out, the next one is not", () => {
  const fixture = viewer();
  fixture.peer.addTrack("v1", "video");
  const vp9 = { mimeType: "video/vp9", clockRate: 90_000, payloadType: 98, fmtp: "" };
  fixture.peer.others.push({ id: "v2", kind: "video", peerId: "bob", source: "screen", codec: vp9 });
  fixture.offer(buildOffer([receiving("0", "video", [["VP9/90000", 98]])]));
  assert.equal(fixture.peer.consumers.get("0")?.trackId, "v2");
});

test("P52: an m-line without a codec that the room allows is a problem", () => {
  const { result } = viewer().offer(buildOffer([receiving("0", "video", [["H264/90000", 102]])]));
  assert.deepEqual(result.problems.map(({ code }) => code), ["codec-unsupported"]);
});
