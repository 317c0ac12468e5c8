import assert from "node:assert/strict";
import { type Answered, NegotiationFixture } from "../../tests/harness/negotiation.ts";
import { readOffer, RECORDED_OFFERS } from "../../tests/harness/recorded_offers.ts";
import { extensionId, TRANSPORT_WIDE_URI } from "../sfu/header_extensions.ts";

// Offers of real browsers, see the READMEs beside them.

const CODECS = ["audio/opus", "video/vp8", "video/h264"];
const FEEDBACK = /^a=rtcp-fb:\S+ (transport-cc|goog-remb)\r\n/gm;
const EXTENSION = /^a=extmap:\S+ http:\/\/www\.ietf\.org\/id\/draft-holmer.*\r\n/gm;

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: { read: [RECORDED_OFFERS] }, fn });
}

/** What a room that has tracks of others answers. */
function answer(sdp: string): Answered & { readonly fixture: NegotiationFixture } {
  const fixture = new NegotiationFixture(CODECS);
  fixture.peer.addTrack("b1", "audio");
  fixture.peer.addTrack("b2", "video");
  return { ...fixture.offer(sdp), fixture };
}

/** By kind: id of the extension and what feedback on congestion each accepted m-line is answered with. */
function answered({ media }: Answered): string[] {
  return media.filter(({ port }) => port !== 0).map(({ type, ext, rtcpFb }) => {
    const id = ext?.find(({ uri }) => uri === TRANSPORT_WIDE_URI)?.value ?? "none";
    const feedback = rtcpFb?.map(({ type }) => type).filter((type) => type === "transport-cc" || type === "goog-remb");
    return `${type} ${id} ${[...new Set(feedback)].join()}`.trim();
  }).sort();
}

for (
  const [offer, id] of [
    ["chromium/receive-1-publish", 3],
    ["chromium/sendrecv-1-first", 3],
    ["firefox/receive-1-publish", 7],
    ["firefox/sendrecv-1-first", 7],
    ["safari/receive-1-first", 4],
    ["safari/sendrecv-1-first", 3],
    ["safari/viewer-1-first", 3],
  ] as const
) {
  test(`B285: sound and picture of ${offer} have numbers and feedback on them, and no REMB`, () => {
    const { fixture, ...rest } = answer(readOffer(`${offer}.sdp`));
    assert.deepEqual(answered(rest), [`audio ${id} transport-cc`, `video ${id} transport-cc`]);
    const { producers, consumers } = fixture.peer;
    for (const { headerExtensions } of [...producers.values(), ...consumers.values()]) {
      assert.equal(extensionId(headerExtensions, TRANSPORT_WIDE_URI), id);
    }
  });
}

test("B285: who offers numbers without feedback on them, or feedback without numbers, gets neither", () => {
  for (const offer of ["chromium/receive-1-publish", "safari/viewer-1-first"]) {
    const sdp = readOffer(`${offer}.sdp`);
    const without = [sdp.replaceAll(EXTENSION, ""), sdp.replaceAll(FEEDBACK, "")];
    for (const { media, fixture } of without.map(answer)) {
      for (const { ext, rtcpFb } of media) {
        assert.ok(!ext?.some(({ uri }) => uri === TRANSPORT_WIDE_URI));
        assert.ok(!rtcpFb?.some(({ type }) => type === "transport-cc"));
      }
      const { producers, consumers } = fixture.peer;
      for (const { headerExtensions } of [...producers.values(), ...consumers.values()]) {
        assert.equal(extensionId(headerExtensions, TRANSPORT_WIDE_URI), 0);
      }
    }
  }
});

test("B285: numbers go with the codec that has feedback on them", () => {
  const sdp = readOffer("chromium/receive-1-publish.sdp").replaceAll(/^a=rtcp-fb:96 transport-cc\r\n/gm, "");
  const { fixture, media } = answer(sdp);
  assert.equal(extensionId(fixture.peer.producers.get("1")?.headerExtensions ?? [], TRANSPORT_WIDE_URI), 0);
  assert.ok(!media[1].rtcpFb?.some(({ type }) => type === "transport-cc"));
});

test("B285: REMB is taken of a subscriber without transport-wide feedback, for its picture, and of no publisher", () => {
  const viewer = readOffer("safari/viewer-1-first.sdp").replaceAll(EXTENSION, "");
  assert.deepEqual(answered(answer(viewer)), ["audio none", "video none goog-remb"]);
  const publisher = readOffer("chromium/receive-1-publish.sdp").replaceAll(EXTENSION, "");
  assert.deepEqual(answered(answer(publisher)), ["audio none", "video none"]);
});
