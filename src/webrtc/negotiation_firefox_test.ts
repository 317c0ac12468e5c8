import assert from "node:assert/strict";
import { type Answered, directions, NegotiationFixture } from "../../tests/harness/negotiation.ts";
import { readOffer, RECORDED_OFFERS } from "../../tests/harness/recorded_offers.ts";
import { MID_URI, REPAIRED_RID_URI, RID_URI } from "../sfu/header_extensions.ts";
import type { Codec } from "../sfu/types.ts";
import type { TrackRequest } from "./negotiation.ts";

// Offers of a real Firefox, see the README beside them. Each sequence is answered from its first step on.

const ALL = ["opus", "pcmu", "pcma"].map((name) => `audio/${name}`)
  .concat(["vp8", "vp9", "h264", "av1"].map((name) => `video/${name}`));

function answer(fixture: NegotiationFixture, name: string, requests: readonly TrackRequest[] = []): Answered {
  const answered = fixture.offer(readOffer(`firefox/${name}.sdp`), requests);
  assert.deepEqual(answered.result.problems, []);
  return answered;
}

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: { read: [RECORDED_OFFERS] }, fn });
}

test("Firefox publishes microphone and camera under its own payload types, ids and SSRCs, and RTX is told apart", () => {
  const fixture = new NegotiationFixture(ALL);
  const { producers } = fixture.peer;
  assert.equal(directions(answer(fixture, "receive-1-publish")), "0:recvonly 1:recvonly");
  assert.deepEqual([...producers.values()].map(({ codec }) => [codec.payloadType, codec.rtxPayloadType]), [
    [109, undefined],
    [120, 124],
  ]);
  for (const { ssrcs, headerExtensions } of producers.values()) {
    assert.equal(ssrcs.length, 1);
    assert.equal(headerExtensions.find(({ uri }) => uri === MID_URI)?.id, 3);
  }
});

test("P40: Firefox, whose candidates have mDNS names, parks the m-lines that it receives on and uses them again", () => {
  const fixture = new NegotiationFixture();
  const { peer, negotiation } = fixture;
  answer(fixture, "receive-1-publish");
  peer.addTrack("b1", "audio");
  peer.addTrack("b2", "video");
  const named = [{ mid: "2", trackId: "b1" }, { mid: "3", trackId: "b2" }];
  assert.match(readOffer("firefox/receive-2-added.sdp"), /^a=candidate:.*\.local /m);
  assert.equal(directions(answer(fixture, "receive-2-added", named)), "0:recvonly 1:recvonly 2:sendonly 3:sendonly");

  for (const id of ["b1", "b2"]) {
    peer.removeTrack(id);
    negotiation.trackEnded(id);
  }
  assert.equal(directions(answer(fixture, "receive-3-parked")), "0:recvonly 1:recvonly 2:inactive 3:inactive");

  peer.addTrack("c1", "audio", "carol");
  peer.addTrack("c2", "video", "carol");
  const { media } = answer(fixture, "receive-4-reused");
  assert.deepEqual(media.slice(2).map((line) => line.msid), [
    [{ id: "carol", appdata: "c1" }],
    [{ id: "carol", appdata: "c2" }],
  ]);
  assert.ok(peer.consumers.get("3")?.headerExtensions.some(({ uri }) => uri === MID_URI), "parking lost no extension");
  assert.deepEqual(peer.takeCalls().filter((call) => call.startsWith("un")), []);
});

test("Firefox's sendrecv m-lines publish and receive, and go on one way only", () => {
  const fixture = new NegotiationFixture();
  fixture.peer.addTrack("b1", "audio");
  fixture.peer.addTrack("b2", "video");
  assert.equal(directions(answer(fixture, "sendrecv-1-first")), "0:sendrecv 1:sendrecv");
  fixture.peer.takeCalls();
  assert.equal(directions(answer(fixture, "sendrecv-2-mute")), "0:sendrecv 1:sendonly");
  assert.deepEqual(fixture.peer.takeCalls(), ["unpublish 1"]);
});

test("P26: Firefox's data channel is rejected, alone and beside microphone and camera", () => {
  const fixture = new NegotiationFixture();
  assert.equal(directions(answer(fixture, "data-channel-1-first")), "0:recvonly 1:recvonly 2:rejected");
  assert.equal(directions(answer(fixture, "data-channel-2-again")), "0:recvonly 1:recvonly 2:rejected 3:inactive");
  assert.equal(directions(answer(new NegotiationFixture(), "data-only-1-first")), "0:rejected");
});

test("B300, P86, P88: Firefox's simulcast is taken, with the RID extensions that it would only send", () => {
  const fixture = new NegotiationFixture();
  const [video] = answer(fixture, "simulcast-1-first").media;
  assert.equal(video.simulcast?.list1, "q;h;f");
  for (const wanted of [RID_URI, REPAIRED_RID_URI]) {
    assert.equal(video.ext?.find(({ uri }) => uri === wanted)?.direction, "recvonly");
  }
  assert.deepEqual(fixture.peer.takeCalls(), ["publish 0 alice-1"]);
  const { encodings } = fixture.peer.producers.get("0") ?? {};
  assert.deepEqual(encodings, ["q", "h", "f"].map((rid) => ({ rid, ssrcs: [] })));
  // Recorded after an answer that took no simulcast: Firefox has given it up, and its packets have no RID any more.
  const [again] = answer(fixture, "simulcast-2-again").media;
  assert.equal(again.simulcast, undefined);
  assert.deepEqual(fixture.peer.takeCalls(), ["unpublish 0", "publish 0 alice-2"]);
  assert.equal(fixture.peer.producers.get("0")?.encodings, undefined);
});

test("P27: Firefox stops transceivers and recycles their m-lines until none is left", () => {
  const fixture = new NegotiationFixture();
  const steps = ["1-publish", "2-stopped", "3-recycled", "4-first-stopped", "5-all-stopped"];
  assert.deepEqual(steps.map((step) => directions(answer(fixture, `stop-${step}`))), [
    "0:recvonly 1:recvonly",
    "0:recvonly 1:rejected",
    "0:recvonly 2:recvonly",
    "0:rejected 2:recvonly",
    "0:rejected 2:rejected",
  ]);
  fixture.peer.addTrack("b1", "video");
  assert.match(directions(answer(fixture, "stop-6-begun-again")), /3:sendonly/);
});

test("P29: Firefox restarts ICE", () => {
  const fixture = new NegotiationFixture();
  answer(fixture, "restart-1-publish");
  fixture.peer.takeCalls();
  const { result } = fixture.offer(readOffer("firefox/restart-2-restarted.sdp"));
  assert.ok(result.restarted);
  assert.deepEqual(fixture.peer.takeCalls(), []);
});

test("P25: Firefox that prefers VP9 publishes it where the room allows it, and VP8 once it prefers that", () => {
  const fixture = new NegotiationFixture(ALL);
  answer(fixture, "codec-1-vp9-only");
  assert.equal(fixture.peer.producers.get("0")?.codec.mimeType, "video/vp9");
  const refused = new NegotiationFixture();
  assert.equal(directions(refused.offer(readOffer("firefox/codec-1-vp9-only.sdp"))), "0:inactive");
  assert.equal(directions(answer(refused, "codec-2-vp8-again")), "0:recvonly");
});

/** A codec as Chromium publishes it. */
function published(mimeType: string, fmtp = ""): Codec {
  const audio = mimeType.startsWith("audio/");
  return { mimeType, clockRate: audio ? 8_000 : 90_000, payloadType: 96, fmtp, ...(audio && { channels: 1 }) };
}

test("B91: Firefox receives each codec that it has under its own payload type, and is told of H.264", () => {
  for (
    const [codec, payloadType] of [
      [published("video/vp8"), 120],
      [published("video/vp9", "profile-id=0"), 121],
      [published("video/av1", "level-idx=5;profile=0;tier=0"), 99],
      [published("audio/pcmu"), 0],
      [published("audio/pcma"), 8],
      [published("video/h264", "profile-level-id=42e01f;packetization-mode=1"), undefined],
    ] as const
  ) {
    const fixture = new NegotiationFixture(ALL);
    const kind = codec.mimeType.startsWith("audio/") ? "audio" : "video";
    fixture.peer.others.push({ id: "b1", peerId: "bob", kind, source: "screen", codec });
    const { media, result } = fixture.offer(readOffer("firefox/receive-2-added.sdp"));
    const sending = media.find((line) => line.direction === "sendonly");
    const carried = sending?.rtp.find(({ codec }) => codec !== "rtx")?.payload;
    assert.equal(carried, payloadType, codec.mimeType);
    const problems = result.problems.map(({ code }) => code);
    assert.deepEqual(problems, payloadType === undefined ? ["codec-unsupported"] : [], codec.mimeType);
  }
});
