import assert from "node:assert/strict";
import { directions, NegotiationFixture } from "../../tests/harness/negotiation.ts";
import type { Codec } from "../sfu/types.ts";
import { DEPENDENCY_DESCRIPTOR_URI } from "../sfu/header_extensions.ts";

// Offers of a real Chromium, see the README beside them.

const OFFERS = new URL("../../tests/fixtures/chromium/", import.meta.url);

const ALL = ["opus", "pcmu", "pcma"].map((name) => `audio/${name}`)
  .concat(["vp8", "vp9", "h264", "av1"].map((name) => `video/${name}`));

/** A codec as some other client publishes it, under a payload type that Chromium uses for something else. */
function published(name: string, fmtp = ""): Codec {
  const payloadType = 96;
  if (name.startsWith("audio/")) return { mimeType: name, clockRate: 8_000, channels: 1, payloadType, fmtp };
  return { mimeType: name, clockRate: 90_000, payloadType, fmtp };
}

function offerOf(name: string): string {
  return Deno.readTextFileSync(new URL(`${name}.sdp`, OFFERS));
}

/** Offers what Chromium does to receive the one track of another peer, of which it is told that it has this codec. */
function receive(codec: Codec, offer = "receive-2-added") {
  const fixture = new NegotiationFixture(ALL);
  const kind = codec.mimeType.startsWith("audio/") ? "audio" : "video";
  fixture.peer.others.push({ id: "b1", peerId: "bob", kind, source: "screen", codec });
  return fixture.offer(offerOf(offer));
}

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: { read: [OFFERS] }, fn });
}

test("B91: Chromium receives each codec under its own payload type, H.264 in each profile and mode", () => {
  for (
    const [codec, payloadType] of [
      [published("video/vp8"), 96],
      [published("video/vp9"), 98],
      [published("video/vp9", "profile-id=2"), 100],
      [published("video/vp9", "profile-id=1"), 35],
      [published("video/av1"), 45],
      [published("video/av1", "profile=0;level-idx=13;tier=1"), 45],
      [published("video/av1", "profile=1"), 47],
      [published("video/h264", "profile-level-id=42001f;packetization-mode=1"), 102],
      [published("video/h264"), 104],
      [published("video/h264", "packetization-mode=1;profile-level-id=42C033;sprop-parameter-sets=Z0LAH9o="), 108],
      [published("video/h264", "profile-level-id=42e00a"), 114],
      [published("video/h264", "profile-level-id=4d4034;packetization-mode=1"), 116],
      [published("video/h264", "profile-level-id=4d001f;packetization-mode=0"), 39],
      [published("video/h264", "profile-level-id=f40033;packetization-mode=1"), 41],
      [published("audio/pcmu"), 0],
      [published("audio/pcma"), 8],
    ] as const
  ) {
    const { media, result } = receive(codec);
    assert.deepEqual(result.problems, [], codec.fmtp);
    const sending = media.find((line) => line.direction === "sendonly");
    const carried = sending?.rtp.filter(({ codec }) => codec !== "rtx");
    assert.deepEqual(carried?.map(({ payload }) => payload), [payloadType], `${codec.mimeType} ${codec.fmtp}`);
  }
});

test("B91: H.264 is answered with the level that was offered, which is right with and without level asymmetry", () => {
  const { media } = receive(published("video/h264", "profile-level-id=42e034;packetization-mode=1"));
  const fmtp = media.find((line) => line.direction === "sendonly")?.fmtp;
  const config = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f";
  assert.deepEqual(fmtp, [{ payload: 108, config }, { payload: 109, config: "apt=108" }]);
});

test("P24, B91: a track whose profile Chromium does not offer is named as a problem", () => {
  for (
    const codec of [
      published("video/h264", "profile-level-id=640c1f;packetization-mode=1"),
      published("video/h264", "profile-level-id=42e01f;packetization-mode=2"),
      published("video/av1", "profile=2"),
    ]
  ) {
    const { result } = receive(codec);
    assert.deepEqual(result.problems.map(({ code, trackId }) => `${code} ${trackId}`), ["codec-unsupported b1"]);
  }
});

test("P24: who offers only Opus and VP8 is told of a track in any other codec", () => {
  const others = ["audio/pcmu", "audio/pcma", "video/vp9", "video/h264", "video/av1"];
  for (const name of others) {
    const answered = receive(published(name), "narrowed-1-first");
    assert.equal(directions(answered), "0:inactive 1:inactive", name);
    assert.deepEqual(answered.result.problems.map(({ trackId }) => trackId), ["b1"], name);
  }
  assert.equal(directions(receive(published("video/vp8"), "narrowed-1-first")), "0:inactive 1:sendonly");
});

test("P25, B130: of the codecs that the room allows the publisher's first is taken, in whatever order they are allowed", () => {
  for (
    const [allowed, audio, video] of [
      [ALL, 111, 96],
      [ALL.toReversed(), 111, 96],
      [["video/av1", "video/h264", "audio/pcma"], 8, 108],
      [["video/vp9", "video/av1", "audio/pcmu", "audio/pcma"], 0, 45],
    ] as const
  ) {
    const { media } = new NegotiationFixture(allowed).offer(offerOf("receive-1-publish"));
    assert.deepEqual(media.map((line) => Number.parseInt(String(line.payloads))), [audio, video]);
  }
});

test("P25: Chromium that prefers VP9 publishes it where the room allows it", () => {
  const fixture = new NegotiationFixture(ALL);
  assert.equal(directions(fixture.offer(offerOf("codec-1-vp9-only"))), "0:recvonly");
  assert.equal(fixture.peer.producers.get("0")?.codec.mimeType, "video/vp9");
});

test("B93: Chromium that offers the dependency descriptor with VP8 first is not answered with it", () => {
  const offer = offerOf("simulcast-1-first");
  assert.ok(offer.includes(DEPENDENCY_DESCRIPTOR_URI));
  const [video] = new NegotiationFixture(ALL).offer(offer).media;
  assert.equal(video.ext?.some(({ uri }) => uri === DEPENDENCY_DESCRIPTOR_URI), false);
});
