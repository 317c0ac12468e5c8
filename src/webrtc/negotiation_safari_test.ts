import assert from "node:assert/strict";
import { directions, NegotiationFixture } from "../../tests/harness/negotiation.ts";
import { readOffer, RECORDED_OFFERS } from "../../tests/harness/recorded_offers.ts";
import type { Codec } from "../sfu/types.ts";
import { AUDIO_LEVEL_URI } from "../sfu/header_extensions.ts";
import { VIDEO_ORIENTATION_URI } from "./rtp_parameters.ts";

// Offers of a real Safari, see the README beside them.

const ALL = ["audio/opus", "audio/pcmu", "video/vp8", "video/vp9", "video/h264", "video/av1"];

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: { read: [RECORDED_OFFERS] }, fn });
}

/** What Safari publishes with this offer in a room of these codecs, by kind. */
function published(offer: string, codecs: readonly string[]): Record<string, Codec> {
  const fixture = new NegotiationFixture(codecs);
  assert.deepEqual(fixture.offer(readOffer(`safari/${offer}.sdp`)).result.problems, []);
  return Object.fromEntries([...fixture.peer.producers.values()].map(({ kind, codec }) => [kind, codec]));
}

/** Payload types of the video that Safari receives, and how often it is told that it cannot. */
function received(offer: string, codec: Codec): { readonly payloads: string | undefined; readonly problems: number } {
  const fixture = new NegotiationFixture(ALL);
  fixture.peer.others.push({ id: "b1", peerId: "bob", kind: "video", source: "camera", codec });
  const { media, result } = fixture.offer(readOffer(`safari/${offer}.sdp`));
  const line = media.find(({ type, direction }) => type === "video" && direction.startsWith("send"));
  return { payloads: line?.payloads, problems: result.problems.length };
}

function video(name: string, fmtp = ""): Codec {
  return { mimeType: `video/${name}`, clockRate: 90_000, payloadType: 120, fmtp };
}

test("B130: Safari offers Constrained High first and publishes Constrained Baseline, with RTX", () => {
  for (const offer of ["legacy-1-first", "video-1-first", "sendrecv-1-first"]) {
    const codec = published(offer, ALL).video;
    assert.deepEqual([codec.payloadType, codec.rtxPayloadType, codec.nack], [98, 99, true], offer);
    assert.match(codec.fmtp, /packetization-mode=1;profile-level-id=42e01f/);
  }
});

test("P25: where the room allows no H.264 Safari publishes the next codec that it offers", () => {
  assert.equal(published("legacy-1-first", ["audio/opus", "video/vp8"]).video.payloadType, 100);
  assert.equal(published("sendrecv-1-first", ["audio/opus", "video/vp9", "video/vp8"]).video.payloadType, 106);
  assert.equal(published("sendrecv-1-first", ["audio/opus", "video/vp9"]).video.payloadType, 108);
  assert.equal(published("viewer-1-first", ["audio/pcmu"]).audio.payloadType, 0);
});

test("B91, B130: what Chromium publishes in H.264 is received by every recorded Safari, in its own payload types", () => {
  const fixture = new NegotiationFixture(["audio/opus", "video/h264"]);
  fixture.offer(readOffer("chromium/receive-1-publish.sdp"));
  const codec = fixture.peer.producers.get("1")?.codec;
  assert.ok(codec?.mimeType === "video/h264");
  for (const offer of ["legacy-1-first", "video-1-first", "viewer-1-first", "receive-1-first", "sendrecv-1-first"]) {
    const { payloads, problems } = received(offer, codec);
    assert.deepEqual([payloads?.split(" ").slice(0, 1), problems], [["98"], 0], offer);
  }
});

test("P24, B91: Safari is told of H.264 Baseline, which it does not offer to decode", () => {
  assert.deepEqual(received("receive-1-first", video("h264", "profile-level-id=42001f;packetization-mode=1")), {
    payloads: undefined,
    problems: 1,
  });
});

test("B91: Safari receives H.264 in mode 0, VP8 and VP9 in its own payload types, and is told of AV1", () => {
  const modeZero = "profile-level-id=42e01f;packetization-mode=0";
  assert.equal(received("receive-1-first", video("h264", modeZero)).payloads, "102 125");
  assert.equal(received("receive-1-first", video("vp8")).payloads, "104 124");
  assert.equal(received("receive-1-first", video("vp9", "profile-id=0")).payloads, "106 107");
  assert.equal(received("sendrecv-1-first", video("vp9", "profile-id=2")).payloads, "98 99 127 125");
  assert.equal(received("receive-1-first", video("av1")).problems, 1);
});

test("a Safari of 2020 without MID and msid publishes by SSRC, and its camera and microphone are told apart", () => {
  const fixture = new NegotiationFixture(ALL);
  const answered = fixture.offer(readOffer("safari/legacy-1-first.sdp"));
  assert.equal(directions(answered), "audio:recvonly video:recvonly data:rejected");
  assert.deepEqual(
    [...fixture.peer.producers.values()].map(({ source, ssrcs, fidGroups }) => [source, ssrcs, fidGroups]),
    [
      ["microphone", [205815247], []],
      ["camera", [11942296], [{ ssrc: 11942296, rtxSsrc: 149700150 }]],
    ],
  );
  assert.deepEqual(answered.media[0].ext, [{ value: 1, uri: AUDIO_LEVEL_URI }]);
  assert.ok(answered.media[1].ext?.some(({ value, uri }) => value === 4 && uri === VIDEO_ORIENTATION_URI));
});

test("P21: Safari's tracks without a stream, as its msid says, are camera and microphone", () => {
  for (const [offer, source] of [["video-1-first", "camera"], ["viewer-1-first", "microphone"]]) {
    const fixture = new NegotiationFixture(ALL);
    fixture.offer(readOffer(`safari/${offer}.sdp`));
    assert.deepEqual([...fixture.peer.producers.values()].map((producer) => producer.source), [source]);
  }
});
