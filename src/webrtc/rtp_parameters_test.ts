import assert from "node:assert/strict";
import type { Codec } from "../sfu/types.ts";
import {
  codecToPublish,
  codecToReceive,
  HEADER_EXTENSION_URIS,
  negotiateFeedback,
  negotiateHeaderExtensions,
  RID_URI,
} from "./rtp_parameters.ts";
import { type OfferMedia, readMedia } from "./sdp_media.ts";

const VP8: Codec = { mimeType: "video/vp8", clockRate: 90_000, payloadType: 96, fmtp: "" };
const VP9: Codec = { mimeType: "video/vp9", clockRate: 90_000, payloadType: 98, fmtp: "profile-id=0" };
const OPUS: Codec = {
  mimeType: "audio/opus",
  clockRate: 48_000,
  channels: 2,
  payloadType: 111,
  fmtp: "useinbandfec=1",
};

function mediaWith(uris: readonly string[], rids: readonly { direction: string }[] = []): OfferMedia {
  const ext = uris.map((uri, index) => ({ value: index + 1, uri }));
  const line = {
    type: "video",
    port: 9,
    protocol: "UDP/TLS/RTP/SAVPF",
    payloads: 96,
    mid: 0,
    rtp: [],
    fmtp: [],
    ext,
    rids,
  };
  const media = readMedia(line, { fingerprints: [], msid: undefined }, undefined);
  assert.ok(media !== undefined);
  return media;
}

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("P25: the first offered codec that is allowed is taken for publishing, as it was offered", () => {
  assert.equal(codecToPublish([VP9, VP8], ["audio/opus", "video/vp8"]), VP8);
  assert.equal(codecToPublish([VP9, VP8], ["video/vp8", "video/vp9"]), VP9);
  assert.equal(codecToPublish([OPUS], ["audio/opus"])?.fmtp, "useinbandfec=1");
  assert.equal(codecToPublish([VP9], ["video/vp8"]), undefined);
});

test("P24: a track is received in the codec of the same name, clock rate and channels", () => {
  const published: Codec = { ...OPUS, payloadType: 109, fmtp: "stereo=1" };
  assert.equal(codecToReceive([{ ...OPUS, channels: 1 }, { ...OPUS, clockRate: 16_000 }, OPUS], published), OPUS);
  assert.equal(codecToReceive([{ ...OPUS, channels: 1 }], published), undefined);
  assert.equal(codecToReceive([VP9], VP8), undefined);
});

test("the known header extensions are taken under the ids of the offer, others are not", () => {
  const uris = ["urn:ietf:params:rtp-hdrext:toffset", ...HEADER_EXTENSION_URIS, HEADER_EXTENSION_URIS[0], RID_URI];
  const taken = negotiateHeaderExtensions(mediaWith(uris));
  assert.deepEqual(taken, HEADER_EXTENSION_URIS.map((uri, index) => ({ uri, id: index + 2 })));
});

test("RID is taken of a publisher that would send simulcast", () => {
  const uris = [RID_URI];
  assert.deepEqual(negotiateHeaderExtensions(mediaWith(uris, [{ direction: "send" }])), [{ uri: RID_URI, id: 1 }]);
  assert.deepEqual(negotiateHeaderExtensions(mediaWith(uris, [{ direction: "recv" }])), []);
});

test("key-frame requests are the feedback that is taken, of video and where it is offered", () => {
  const offered = new Map<number | "*", Set<string>>([
    [96, new Set(["goog-remb", "nack", "nack pli"])],
    ["*", new Set(["ccm fir"])],
    [111, new Set(["nack pli"])],
  ]);
  assert.deepEqual(negotiateFeedback(VP8, offered), ["nack pli", "ccm fir"]);
  assert.deepEqual(negotiateFeedback(VP9, offered), ["ccm fir"]);
  assert.deepEqual(negotiateFeedback(OPUS, offered), []);
});
