import assert from "node:assert/strict";
import { directions, NegotiationFixture } from "../../tests/harness/negotiation.ts";
import { buildOffer, type OfferLine } from "../../tests/harness/offer_builder.ts";

const MICROPHONE: OfferLine = { mid: "0", kind: "audio", direction: "sendonly", msid: "cam track-a", ssrc: 11 };
const CAMERA: OfferLine = { mid: "1", kind: "video", direction: "sendonly", msid: "cam track-v", ssrc: 12 };

function receiving(mid: string, kind: "audio" | "video" = "video"): OfferLine {
  return { mid, kind, direction: "recvonly" };
}

function inactive(line: OfferLine): OfferLine {
  return { ...line, direction: "inactive" };
}

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("P20: every offer has one result, an answer or a refusal with its reason", () => {
  const fixture = new NegotiationFixture();
  assert.equal(fixture.offer(buildOffer([CAMERA])).result.ok, true);
  assert.notEqual(fixture.refusal("what?"), "");
  assert.equal(fixture.offer(buildOffer([CAMERA])).result.ok, true);
});

test("P21: a sendonly m-line publishes a track of its kind", () => {
  const fixture = new NegotiationFixture();
  const answer = fixture.offer(buildOffer([MICROPHONE, CAMERA]));
  assert.equal(directions(answer), "0:recvonly 1:recvonly");
  assert.deepEqual(fixture.peer.takeCalls(), ["publish 0 alice-1", "publish 1 alice-2"]);
  const { mid, kind, source, ssrcs, codec } = fixture.peer.producers.get("1")!;
  assert.deepEqual({ mid, kind, source, ssrcs }, { mid: "1", kind: "video", source: "camera", ssrcs: [12] });
  const keyFrameRequest = "pli";
  assert.deepEqual(codec, { mimeType: "video/vp8", clockRate: 90_000, payloadType: 96, keyFrameRequest, fmtp: "" });
  assert.equal(fixture.peer.producers.get("0")?.source, "microphone");
});

test("P21: without a word about it the first msid stream is camera and microphone, another one the screen", () => {
  const fixture = new NegotiationFixture();
  const screen: OfferLine = { mid: "2", kind: "video", direction: "sendonly", msid: "display track-s" };
  const sound: OfferLine = { mid: "3", kind: "audio", direction: "sendonly", msid: "display track-t" };
  fixture.offer(buildOffer([MICROPHONE, CAMERA, screen, sound]));
  const sources = [...fixture.peer.producers.values()].map((producer) => producer.source);
  assert.deepEqual(sources, ["microphone", "camera", "screen", "screenAudio"]);
});

test("P21: the source that the request names counts more than the msid", () => {
  const fixture = new NegotiationFixture();
  fixture.offer(buildOffer([MICROPHONE, CAMERA]), [{ mid: "1", source: "screen" }]);
  assert.equal(fixture.peer.producers.get("1")?.source, "screen");
  assert.equal(fixture.peer.producers.get("0")?.source, "microphone");
});

test("P25: the server takes the first codec of a published m-line that the room allows", () => {
  const fixture = new NegotiationFixture(["video/vp8", "video/h264"]);
  const codecs: OfferLine["codecs"] = [["AV1/90000", 45], ["H264/90000", 102], ["VP8/90000", 96]];
  const answer = fixture.offer(buildOffer([{ ...CAMERA, codecs }]));
  assert.equal(fixture.peer.producers.get("1")?.codec.mimeType, "video/h264");
  assert.deepEqual(answer.media[0].rtp.map(({ payload, codec }) => `${payload} ${codec}`), ["102 H264"]);
});

test("P25: a published m-line without an allowed codec is inactive and a problem", () => {
  const fixture = new NegotiationFixture();
  const answer = fixture.offer(buildOffer([{ ...CAMERA, codecs: [["VP9/90000", 98]] }]));
  assert.equal(directions(answer), "1:inactive");
  assert.deepEqual(answer.result.problems.map(({ code, mid, trackId }) => ({ code, mid, trackId })), [
    { code: "codec-unsupported", mid: "1", trackId: undefined },
  ]);
  assert.deepEqual(answer.media[0].rtp.map((rtp) => rtp.codec), ["VP9"], "an inactive m-line still names a codec");
});

test("P32: a peer publishes 32 tracks, the next one is inactive and a problem until another ends", () => {
  const fixture = new NegotiationFixture();
  const line = (index: number) => ({ ...CAMERA, mid: `${index}`, ssrc: 1000 + index, msid: `s t${index}` });
  const lines = Array.from({ length: 33 }, (_, index) => line(index));
  const answer = fixture.offer(buildOffer(lines));
  assert.deepEqual(answer.result.problems.map(({ code, mid }) => `${code} ${mid}`), ["too-many-tracks 32"]);
  assert.match(directions(answer), / 31:recvonly 32:inactive$/);
  const later = fixture.offer(buildOffer([inactive(lines[0]), ...lines.slice(1)]));
  assert.deepEqual(later.result.problems, []);
  assert.match(directions(later), /^0:inactive .* 32:recvonly$/);
});

test("P26: port 0 is answered where the offer has port 0, nowhere else", () => {
  const fixture = new NegotiationFixture();
  const answer = fixture.offer(buildOffer([{ ...MICROPHONE, port: 0 }, inactive(CAMERA), receiving("2")]));
  assert.equal(directions(answer), "0:rejected 1:inactive 2:inactive");
});

test("P26: a data channel is rejected", () => {
  const fixture = new NegotiationFixture();
  const data = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:d\r\na=sctp-port:5000\r\n";
  const answer = fixture.offer(buildOffer([CAMERA]).replace("BUNDLE 1", "BUNDLE 1 d") + data);
  assert.equal(directions(answer), "1:recvonly d:rejected");
  assert.equal(answer.groups?.[0].mids, 1);
  assert.match(answer.result.answer, /^m=application 0 UDP\/DTLS\/SCTP webrtc-datachannel\r$/m);
});

test("P26: port 0 of an m-line that is bundle-only does not stop it", () => {
  const fixture = new NegotiationFixture();
  const offer = buildOffer([MICROPHONE, { ...CAMERA, port: 0 }]).replace("a=mid:1", "a=bundle-only\r\na=mid:1");
  assert.equal(directions(fixture.offer(offer)), "0:recvonly 1:recvonly");
});

for (const direction of ["inactive", "recvonly"] as const) {
  test(`P27: a track ends when its m-line becomes ${direction}, and sending again begins another one`, () => {
    const fixture = new NegotiationFixture();
    fixture.offer(buildOffer([CAMERA]));
    fixture.offer(buildOffer([{ ...CAMERA, direction }]));
    fixture.offer(buildOffer([{ ...CAMERA, msid: "cam other", ssrc: 99 }]));
    assert.deepEqual(fixture.peer.takeCalls(), ["publish 1 alice-1", "unpublish 1", "publish 1 alice-2"]);
    assert.deepEqual(fixture.peer.producers.get("1")?.ssrcs, [99]);
  });
}

test("P27: a track ends when its m-line is stopped, and another m-line may take the place", () => {
  const fixture = new NegotiationFixture();
  fixture.offer(buildOffer([MICROPHONE, CAMERA]));
  fixture.offer(buildOffer([MICROPHONE, { ...CAMERA, port: 0 }]));
  fixture.peer.addTrack("b1", "audio");
  fixture.offer(buildOffer([MICROPHONE, receiving("2", "audio")]));
  assert.deepEqual(fixture.peer.takeCalls().slice(2), ["unpublish 1", "subscribe 2 b1"]);
});

test("P27: another SSRC or codec order leaves the track what it is, another msid track does not", () => {
  const fixture = new NegotiationFixture();
  fixture.offer(buildOffer([CAMERA]));
  fixture.peer.takeCalls();
  fixture.offer(buildOffer([{ ...CAMERA, ssrc: 77 }]));
  const answer = fixture.offer(buildOffer([{ ...CAMERA, codecs: [["H264/90000", 102], ["VP8/90000", 96]] }]));
  assert.deepEqual(fixture.peer.takeCalls(), []);
  assert.deepEqual(answer.media[0].rtp.map((rtp) => rtp.payload), [96]);
  fixture.offer(buildOffer([{ ...CAMERA, msid: "cam another" }]));
  assert.deepEqual(fixture.peer.takeCalls(), ["unpublish 1", "publish 1 alice-2"]);
});

test("P28: an answer is ICE-lite, passive and rtcp-mux, with all accepted m-lines in the BUNDLE group", () => {
  const fixture = new NegotiationFixture();
  for (const _reOffer of [1, 2]) {
    const answer = fixture.offer(buildOffer([MICROPHONE, { ...receiving("2"), port: 0 }, CAMERA, receiving("3")]));
    assert.equal(answer.icelite, "ice-lite");
    assert.deepEqual(answer.groups, [{ type: "BUNDLE", mids: "0 1 3" }]);
    for (const line of answer.media.filter((line) => line.port !== 0)) {
      assert.equal(line.setup, "passive");
      assert.equal(line.rtcpMux, "rtcp-mux");
      assert.equal(line.iceUfrag, "server1");
    }
  }
});

for (
  const [what, from, to] of [
    ["passive setup", "a=setup:actpass", "a=setup:passive"],
    ["unknown setup", "a=setup:actpass", "a=setup:whatever"],
    ["no setup", "a=setup:actpass\r\n", ""],
    ["no rtcp-mux", "a=rtcp-mux\r\n", ""],
    ["no BUNDLE group", "a=group:BUNDLE 0 1\r\n", ""],
    ["an m-line outside of the BUNDLE group", "a=group:BUNDLE 0 1\r\n", "a=group:BUNDLE 0\r\n"],
  ]
) {
  test(`P28: an offer with ${what} is refused`, () => {
    const fixture = new NegotiationFixture();
    fixture.refusal(buildOffer([MICROPHONE, CAMERA]).replaceAll(from, to));
    assert.deepEqual(fixture.peer.takeCalls(), []);
  });
}

test("P28: an active client is taken, and a single m-line needs no BUNDLE group", () => {
  const fixture = new NegotiationFixture();
  const offer = buildOffer([CAMERA]).replace("a=setup:actpass", "a=setup:active").replace("a=group:BUNDLE 1\r\n", "");
  const answer = fixture.offer(offer);
  assert.equal(directions(answer), "1:recvonly");
  assert.equal(answer.groups, undefined);
  assert.equal(answer.media[0].candidates?.length, 2);
});

test("P29: another ice-ufrag restarts ICE, and the tracks go on", () => {
  const fixture = new NegotiationFixture();
  fixture.peer.addTrack("b1", "video");
  assert.equal(fixture.offer(buildOffer([CAMERA, receiving("2")], { ufrag: "one1" })).result.restarted, true);
  fixture.peer.takeCalls();
  assert.equal(fixture.offer(buildOffer([CAMERA, receiving("2")], { ufrag: "one1" })).result.restarted, false);
  const restarted = fixture.offer(buildOffer([CAMERA, receiving("2")], { ufrag: "two2" }));
  assert.equal(restarted.result.restarted, true);
  assert.equal(restarted.media[0].iceUfrag, "server2");
  assert.equal(directions(restarted), "1:recvonly 2:sendonly");
  assert.deepEqual(fixture.peer.takeCalls(), []);
});

test("P29: a changed fingerprint is refused, and nothing changes", () => {
  const fixture = new NegotiationFixture();
  fixture.offer(buildOffer([CAMERA]));
  fixture.peer.takeCalls();
  const other = Array.from({ length: 32 }, () => "0F").join(":");
  fixture.refusal(buildOffer([inactive(CAMERA), MICROPHONE], { fingerprint: other, ufrag: "two2" }));
  assert.deepEqual(fixture.peer.takeCalls(), []);
  assert.equal(fixture.offer(buildOffer([CAMERA])).result.restarted, false);
  assert.deepEqual(fixture.peer.takeCalls(), []);
});

for (
  const [what, lines] of [
    ["an m-line missing", [MICROPHONE]],
    ["the m-lines in another order", [CAMERA, MICROPHONE]],
    ["another m-line in the place of one that is in use", [MICROPHONE, { ...CAMERA, mid: "2" }]],
    ["an m-line of another kind", [MICROPHONE, { ...receiving("1", "audio") }]],
    ["two m-lines of one mid", [MICROPHONE, CAMERA, CAMERA]],
  ] as const
) {
  test(`P30: an offer with ${what} is refused, and nothing changes`, () => {
    const fixture = new NegotiationFixture();
    fixture.offer(buildOffer([MICROPHONE, CAMERA]));
    fixture.peer.takeCalls();
    fixture.refusal(buildOffer(lines));
    assert.equal(fixture.transport.accepted.length, 1);
    assert.equal(directions(fixture.offer(buildOffer([MICROPHONE, CAMERA]))), "0:recvonly 1:recvonly");
    assert.deepEqual(fixture.peer.takeCalls(), []);
  });
}

test("P30: an offer of 600 m-lines is refused", () => {
  const lines = Array.from({ length: 600 }, (_, index) => receiving(String(index)));
  assert.match(new NegotiationFixture().refusal(buildOffer(lines)), /512/);
});

test("P41: all candidates and their end are on the m-line that describes the bundled transport", () => {
  const fixture = new NegotiationFixture();
  const answer = fixture.offer(buildOffer([{ ...MICROPHONE, port: 0 }, CAMERA, receiving("2")]));
  assert.deepEqual(answer.media.map((line) => line.candidates?.map(({ ip }) => ip)), [
    undefined,
    ["192.0.2.1", "2001:db8::1"],
    undefined,
  ]);
  assert.deepEqual(answer.media.map((line) => line.endOfCandidates !== undefined), [false, true, false]);
});

test("P41: the candidates follow the first mid of the BUNDLE group", () => {
  const fixture = new NegotiationFixture();
  const answer = fixture.offer(buildOffer([MICROPHONE, CAMERA]).replace("BUNDLE 0 1", "BUNDLE 1 0"));
  assert.deepEqual(answer.groups, [{ type: "BUNDLE", mids: "1 0" }]);
  assert.deepEqual(answer.media.map((line) => line.candidates?.length ?? 0), [0, 2]);
});

test("a sendrecv m-line publishes and receives", () => {
  const fixture = new NegotiationFixture();
  fixture.peer.addTrack("b1", "video");
  const both: OfferLine = { ...CAMERA, direction: "sendrecv" };
  assert.equal(directions(fixture.offer(buildOffer([both]))), "1:sendrecv");
  fixture.peer.removeTrack("b1");
  fixture.negotiation.trackEnded("b1");
  assert.equal(directions(fixture.offer(buildOffer([both]))), "1:recvonly");
  assert.deepEqual(fixture.peer.takeCalls(), ["publish 1 alice-1", "subscribe 1 b1"]);
});

test("each answer has a higher version in its o= line", () => {
  const fixture = new NegotiationFixture();
  const versions = [1, 2, 3].map(() => fixture.offer(buildOffer([CAMERA])).origin.sessionVersion);
  assert.deepEqual(versions, [1, 2, 3]);
});

test("a header extension keeps its id while the m-line is in use", () => {
  const fixture = new NegotiationFixture();
  const first = fixture.offer(buildOffer([CAMERA]));
  assert.deepEqual(first.media[0].ext?.map(({ value }) => value), [4]);
  const remapped = fixture.offer(buildOffer([CAMERA]).replace("a=extmap:4 ", "a=extmap:5 "));
  assert.equal(remapped.media[0].ext, undefined);
  assert.equal(fixture.peer.producers.get("1")?.headerExtensions[0].id, 4);
});

test("after close nothing that was negotiated is left", () => {
  const fixture = new NegotiationFixture();
  fixture.offer(buildOffer([CAMERA]));
  fixture.peer.takeCalls();
  fixture.negotiation.close();
  fixture.negotiation.trackEnded("b1");
  assert.deepEqual(fixture.peer.takeCalls(), []);
});
