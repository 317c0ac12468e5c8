import assert from "node:assert/strict";
import { directions, NegotiationFixture } from "../../tests/harness/negotiation.ts";
import { buildOffer, type OfferLine } from "../../tests/harness/offer_builder.ts";
import type { TrackRequest } from "./negotiation.ts";
import { MAX_SLOTS } from "./slots.ts";

const CODECS = ["audio/opus", "video/vp8", "video/vp9"];
const BOTH: OfferLine["codecs"] = [["VP8/90000", 96], ["VP9/90000", 98]];

function receiving(mid: string, more: Partial<OfferLine> = {}): OfferLine {
  return { mid, kind: "video", direction: "recvonly", codecs: BOTH, ...more };
}

function slotsOn(...mids: string[]): TrackRequest[] {
  return mids.map((mid) => ({ mid, slot: true }));
}

function held({ negotiation }: NegotiationFixture): string {
  return negotiation.slots.map(({ mid, trackId }) => `${mid}=${trackId ?? ""}`).join(" ");
}

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("P98: a slot is sendonly with all codecs that the room allows, and has one SSRC whatever it carries", () => {
  const fixture = new NegotiationFixture(CODECS);
  const codecs: OfferLine["codecs"] = [["VP8/90000", 96], ["H264/90000", 102], ["VP9/90000", 98]];
  const offer = buildOffer([receiving("0", { codecs, rtx: [[96, 97], [98, 99]] })]);
  const first = fixture.offer(offer, slotsOn("0"));
  assert.equal(directions(first), "0:sendonly");
  assert.deepEqual(first.media[0].rtp.map(({ codec }) => codec), ["VP8", "rtx", "VP9", "rtx"]);
  fixture.peer.addTrack("b1", "video");
  fixture.negotiation.trackPublished();
  assert.equal(held(fixture), "0=b1");
  const second = fixture.offer(offer);
  assert.deepEqual(second.media[0].ssrcs, first.media[0].ssrcs);
  assert.deepEqual(second.media[0].msid, first.media[0].msid);
  assert.deepEqual(fixture.peer.takeCalls(), ["openSlot 0 video", "subscribe 0 b1"]);
});

test("P98: slots have msid streams of their own: what they carry is nobody's in particular", () => {
  const fixture = new NegotiationFixture(CODECS);
  const lines = [receiving("0"), receiving("1"), receiving("2", { kind: "audio", codecs: [["opus/48000/2", 111]] })];
  const answer = fixture.offer(buildOffer(lines), slotsOn("0", "1", "2"));
  assert.equal(new Set(answer.media.map(({ msid }) => msid?.[0].id)).size, 3);
});

test("P98: a slot without a codec that the room allows is inactive, and told", () => {
  const fixture = new NegotiationFixture(CODECS);
  const answer = fixture.offer(buildOffer([receiving("0", { codecs: [["H264/90000", 102]] })]), slotsOn("0"));
  assert.equal(directions(answer), "0:inactive");
  assert.deepEqual(answer.result.problems.map(({ code }) => code), ["codec-unsupported"]);
});

test("P98: one slot too many is inactive, and told", () => {
  const fixture = new NegotiationFixture(CODECS);
  const mids = Array.from({ length: MAX_SLOTS + 1 }, (_, index) => String(index));
  const answer = fixture.offer(buildOffer(mids.map((mid) => receiving(mid))), slotsOn(...mids));
  assert.deepEqual(answer.result.problems.map(({ code }) => code), ["too-many-tracks"]);
  assert.deepEqual([answer.media[63].direction, answer.media[64].direction], ["sendonly", "inactive"]);
});

test("P98: an m-line that sends as well is no slot, and publishes all the same", () => {
  const fixture = new NegotiationFixture(CODECS);
  fixture.peer.addTrack("b1", "video");
  const answer = fixture.offer(buildOffer([receiving("0", { direction: "sendrecv", ssrc: 1 })]), slotsOn("0"));
  assert.equal(directions(answer), "0:recvonly");
  assert.equal(held(fixture), "");
});

test("P98: an m-line becomes a slot, a named one again, and is parked", () => {
  const fixture = new NegotiationFixture(CODECS);
  fixture.peer.addTrack("b1", "video");
  const offer = buildOffer([receiving("0")]);
  fixture.offer(offer, [{ mid: "0", trackId: "b1" }]);
  fixture.peer.takeCalls();
  fixture.offer(offer, slotsOn("0"));
  assert.deepEqual(fixture.peer.takeCalls(), ["unsubscribe 0", "openSlot 0 video", "subscribe 0 b1"]);
  fixture.offer(offer, [{ mid: "0", trackId: "b1" }]);
  assert.deepEqual(fixture.peer.takeCalls(), ["unsubscribe 0", "closeSlot 0", "subscribe 0 b1"]);
  fixture.offer(offer, slotsOn("0"));
  fixture.peer.takeCalls();
  const parked = fixture.offer(buildOffer([receiving("0", { direction: "inactive" })]));
  assert.equal(directions(parked), "0:inactive");
  assert.deepEqual(fixture.peer.takeCalls(), ["unsubscribe 0", "closeSlot 0"]);
  assert.equal(fixture.negotiation.hasSlots, false);
});

test("P98, P108: a slot offers other codecs from the next offer on", () => {
  const fixture = new NegotiationFixture(CODECS);
  const vp9 = { mimeType: "video/vp9", clockRate: 90_000, payloadType: 98, fmtp: "" };
  fixture.peer.others.push({ id: "b1", kind: "video", peerId: "bob", source: "camera", codec: vp9 });
  fixture.offer(buildOffer([receiving("0", { codecs: [["VP8/90000", 96]] })]), slotsOn("0"));
  assert.equal(held(fixture), "0=");
  fixture.offer(buildOffer([receiving("0")]));
  assert.equal(held(fixture), "0=b1");
  fixture.offer(buildOffer([receiving("0", { codecs: [["VP8/90000", 96]] })]));
  assert.equal(held(fixture), "0=");
});

test("P108: what is received on another m-line is in no slot, and a name takes it out of one", () => {
  const fixture = new NegotiationFixture(CODECS);
  fixture.peer.addTrack("b1", "video");
  fixture.peer.addTrack("b2", "video");
  const offer = buildOffer([receiving("0"), receiving("1"), receiving("2")]);
  fixture.offer(offer, [...slotsOn("0", "1"), { mid: "2", trackId: "b1" }]);
  assert.equal(held(fixture), "0=b2 1=");
  fixture.offer(offer, [{ mid: "2", trackId: "b2" }]);
  assert.equal(held(fixture), "0=b1 1=");
  assert.equal(fixture.peer.consumers.get("2")?.trackId, "b2");
});

test("P22, P108: an m-line that names nothing takes the oldest track that is in no slot", () => {
  const fixture = new NegotiationFixture(CODECS);
  fixture.peer.addTrack("b1", "video");
  fixture.offer(buildOffer([receiving("0")]), slotsOn("0"));
  fixture.peer.addTrack("b2", "video");
  fixture.offer(buildOffer([receiving("0"), receiving("1")]));
  assert.equal(fixture.peer.consumers.get("1")?.trackId, "b2");
  assert.equal(held(fixture), "0=b1");
});

test("P107: a track that ends leaves its slot to the next one", () => {
  const fixture = new NegotiationFixture(CODECS);
  for (const id of ["b1", "b2", "b3"]) fixture.peer.addTrack(id, "video");
  fixture.offer(buildOffer([receiving("0"), receiving("1")]), slotsOn("0", "1"));
  fixture.peer.removeTrack("b1");
  fixture.negotiation.trackEnded("b1");
  assert.equal(held(fixture), "0=b3 1=b2");
});

test("P98: a line that received what its client named, and asks for one slot too many, receives nothing any more", () => {
  const fixture = new NegotiationFixture(CODECS);
  fixture.peer.addTrack("b1", "video");
  const mids = Array.from({ length: 65 }, (_, index) => String(index));
  const offer = buildOffer(mids.map((mid) => receiving(mid)));
  const last = { mid: "64", trackId: "b1" };
  fixture.offer(offer, [...slotsOn(...mids.slice(0, 64)), last]);
  assert.equal(fixture.peer.consumers.get("64")?.trackId, "b1");
  const answer = fixture.offer(offer, slotsOn("64"));
  assert.deepEqual(answer.result.problems.map(({ code }) => code), ["too-many-tracks"]);
  assert.equal(answer.media[64].direction, "inactive");
  assert.equal(fixture.peer.consumers.get("64"), undefined);
  assert.equal(fixture.peer.consumers.get("0")?.trackId, "b1", "it comes into a slot instead");
});
