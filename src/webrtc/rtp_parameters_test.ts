import assert from "node:assert/strict";
import { DEPENDENCY_DESCRIPTOR_URI, REPAIRED_RID_URI, RID_URI } from "../sfu/header_extensions.ts";
import type { Codec } from "../sfu/types.ts";
import {
  codecToPublish,
  codecToReceive,
  HEADER_EXTENSION_URIS,
  negotiateFeedback,
  negotiateHeaderExtensions,
  sameFormat,
} from "./rtp_parameters.ts";
import type { SimulcastLines } from "./sdp_simulcast.ts";
import { type Direction, type OfferMedia, type ParsedMedia, readMedia } from "./sdp_media.ts";

const VP8: Codec = { mimeType: "video/vp8", clockRate: 90_000, payloadType: 96, fmtp: "" };
const VP9: Codec = { mimeType: "video/vp9", clockRate: 90_000, payloadType: 98, fmtp: "profile-id=0" };
const OPUS: Codec = {
  mimeType: "audio/opus",
  clockRate: 48_000,
  channels: 2,
  payloadType: 111,
  fmtp: "useinbandfec=1",
};

function h264(profileLevelId: string, more = "packetization-mode=1"): Codec {
  const fmtp = `level-asymmetry-allowed=1;profile-level-id=${profileLevelId};${more}`;
  return { mimeType: "video/h264", clockRate: 90_000, payloadType: 102, fmtp };
}

function av1(fmtp: string, payloadType = 45): Codec {
  return { mimeType: "video/av1", clockRate: 90_000, payloadType, fmtp };
}

function vp9(fmtp: string): Codec {
  return { ...VP9, fmtp };
}

const SIMULCAST: SimulcastLines = { rids: ["q send", "h send"], simulcast: "send q;h" };

function mediaWith(
  uris: readonly string[],
  changes: Partial<ParsedMedia> = {},
  simulcast?: SimulcastLines,
): OfferMedia {
  const ext = uris.map((uri, index) => ({ value: index + 1, uri }));
  const line: ParsedMedia = {
    type: "video",
    port: 9,
    protocol: "UDP/TLS/RTP/SAVPF",
    payloads: 96,
    mid: 0,
    rtp: [],
    fmtp: [],
    ext,
    ...changes,
  };
  const media = readMedia(line, { msid: undefined, ...simulcast }, undefined);
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

test("B130: of a publisher's H.264 Constrained Baseline in mode 1 is taken, wherever it stands", () => {
  const common = h264("42e01f");
  const others = [h264("42001f"), h264("42e01f", "packetization-mode=0"), h264("640c1f"), h264("42001f", "")];
  for (let at = 0; at <= others.length; at++) {
    assert.equal(codecToPublish(others.toSpliced(at, 0, common), ["video/h264"]), common, `place ${at}`);
  }
  assert.equal(codecToPublish([others[0], h264("4de02a")], ["video/h264"])?.fmtp, h264("4de02a").fmtp);
  assert.equal(codecToPublish(others, ["video/h264"]), others[0], "without it the first");
  assert.equal(codecToPublish([{ ...common, clockRate: 48_000 }, common], ["video/h264"])?.clockRate, 48_000);
});

test("B130: between codecs the order stays the publisher's", () => {
  const offered = [VP8, h264("42001f"), VP9, h264("42e01f")];
  assert.equal(codecToPublish(offered, ["video/h264", "video/vp8"]), VP8);
  assert.equal(codecToPublish(offered, ["video/vp9", "video/h264"]), offered[3]);
  assert.equal(codecToPublish(offered.toReversed(), ["video/vp8", "video/vp9"]), VP9);
});

test("P24: a track is received in the codec of the same name, clock rate and channels", () => {
  const published: Codec = { ...OPUS, payloadType: 109, fmtp: "stereo=1" };
  assert.equal(codecToReceive([{ ...OPUS, channels: 1 }, { ...OPUS, clockRate: 16_000 }, OPUS], published), OPUS);
  assert.equal(codecToReceive([{ ...OPUS, channels: 1 }], published), undefined);
  assert.equal(codecToReceive([VP9], VP8), undefined);
});

test("B91: H.264 is one format where profile and packetization mode are one, whatever the level", () => {
  const published = h264("42e01f");
  for (
    const same of [h264("42e034"), h264("42C00A"), h264("4de01f"), h264("42e01f", "packetization-mode=1;max-fs=99")]
  ) {
    assert.equal(sameFormat(same, published), true, same.fmtp);
  }
  const others = [
    h264("42001f"),
    h264("4d001f"),
    h264("640c1f"),
    h264("42e01f", "packetization-mode=0"),
    h264("42e01f", ""),
  ];
  for (const other of others) assert.equal(sameFormat(other, published), false, other.fmtp);
  const bare: Codec = { ...published, fmtp: "" };
  assert.equal(sameFormat(bare, h264("42000a", "packetization-mode=0")), true, "Baseline and mode 0 need no words");
  const [symmetric, asymmetric] = ["0", "1"].map((allowed): Codec => ({
    ...published,
    fmtp: `level-asymmetry-allowed=${allowed}; packetization-mode=1; profile-level-id=42e00d`,
  }));
  assert.equal(sameFormat(symmetric, asymmetric), true);
  assert.equal(codecToReceive([h264("42001f"), symmetric], published), symmetric);
});

test("B91: H.264 Constrained Baseline is received in its own profile or else in one that includes it", () => {
  const published = h264("42e01f");
  for (const profile of ["42001f", "4d001f", "640c1f", "64001f", "58001f"]) {
    assert.equal(codecToReceive([h264(profile)], published)?.fmtp, h264(profile).fmtp, "as the offer names it");
    assert.equal(codecToReceive([h264(profile), published], published), published);
    assert.equal(codecToReceive([published], h264(profile)), undefined, "the other way it is not");
    assert.equal(codecToReceive([h264(profile, "packetization-mode=0")], published), undefined, "in another mode");
  }
  assert.equal(codecToReceive([h264("f4001f"), h264("2c101f")], published), undefined);
  assert.equal(codecToReceive([h264("640c1f")], h264("4d001f")), undefined);
  const single = h264("42e01f", "packetization-mode=0");
  assert.equal(codecToReceive([h264("42001f"), { ...published, fmtp: "" }], single)?.fmtp, "", "mode 0 in mode 0");
});

test("B91: VP9 is told apart by its profile, which is 0 if it is not named", () => {
  assert.equal(sameFormat(vp9(""), vp9("profile-id=0")), true);
  assert.equal(sameFormat(vp9("max-fr=30; profile-id=2"), vp9("profile-id=2;max-fs=8160")), true);
  assert.equal(sameFormat(vp9("profile-id=2"), vp9("")), false);
  assert.equal(codecToReceive([vp9("profile-id=2")], vp9("profile-id=0")), undefined);
});

test("B91: an AV1 track is received in its own profile or else in a higher one, whatever level and tier", () => {
  const published = av1("level-idx=8;profile=0;tier=1");
  const [main, high] = [av1("level-idx=5;profile=0;tier=0"), av1("profile=1", 46)];
  assert.equal(codecToReceive([high, main], published), main);
  assert.equal(codecToReceive([high], published), high);
  assert.equal(codecToReceive([av1("")], published)?.fmtp, "");
  assert.equal(codecToReceive([main], high), undefined);
  assert.equal(codecToReceive([av1("profile=x"), { ...high, clockRate: 48_000 }], published), undefined);
  assert.equal(sameFormat(main, high), false);
});

test("B91: the parameters of Opus and VP8 are wishes and exclude nothing", () => {
  assert.equal(sameFormat({ ...OPUS, fmtp: "usedtx=1;stereo=1" }, { ...OPUS, fmtp: "useinbandfec=0" }), true);
  assert.equal(sameFormat({ ...VP8, fmtp: "max-fs=12288;max-fr=60" }, VP8), true);
});

test("B93: the dependency descriptor is taken of a publisher that prefers AV1, and of who may receive it", () => {
  const rtp = [{ payload: 45, codec: "AV1", rate: 90_000 }, { payload: 96, codec: "VP8", rate: 90_000 }];
  const taken = (direction: Direction, payloads: string) => {
    const media = mediaWith([DEPENDENCY_DESCRIPTOR_URI], { rtp, payloads, direction });
    return negotiateHeaderExtensions(media).length > 0;
  };
  assert.equal(taken("sendonly", "45 96"), true);
  assert.equal(taken("sendonly", "96 45"), false);
  assert.equal(taken("sendrecv", "96 45"), false);
  assert.equal(taken("recvonly", "96 45"), true);
  assert.equal(taken("recvonly", "96"), false);
});

test("the known header extensions are taken under the ids of the offer, others are not", () => {
  const uris = ["urn:ietf:params:rtp-hdrext:toffset", ...HEADER_EXTENSION_URIS, HEADER_EXTENSION_URIS[0], RID_URI];
  const taken = negotiateHeaderExtensions(mediaWith(uris));
  assert.deepEqual(taken, HEADER_EXTENSION_URIS.map((uri, index) => ({ uri, id: index + 2 })));
});

test("B82: RID and repaired RID are taken of a publisher that would send simulcast", () => {
  const uris = [RID_URI, REPAIRED_RID_URI];
  assert.deepEqual(negotiateHeaderExtensions(mediaWith(uris, {}, SIMULCAST)), [
    { uri: RID_URI, id: 1 },
    { uri: REPAIRED_RID_URI, id: 2 },
  ]);
  assert.deepEqual(negotiateHeaderExtensions(mediaWith(uris, {}, { rids: ["q recv"], simulcast: "recv q" })), []);
});

test("requests for packets and key frames are the feedback that is taken, of video and where it is offered", () => {
  const offered = new Map<number | "*", Set<string>>([
    [96, new Set(["goog-remb", "nack", "nack pli"])],
    ["*", new Set(["ccm fir"])],
    [111, new Set(["nack pli"])],
  ]);
  assert.deepEqual(negotiateFeedback(VP8, offered, [], false), ["nack", "nack pli", "ccm fir"]);
  assert.deepEqual(negotiateFeedback(VP9, offered, [], false), ["ccm fir"]);
  assert.deepEqual(negotiateFeedback(OPUS, offered, [], false), []);
});

test("B170: where the server only sends, requests for packets are taken with RTX alone", () => {
  const offered = new Map([[96, new Set(["nack", "nack pli", "ccm fir"])]]);
  assert.deepEqual(negotiateFeedback(VP8, offered, [], true), ["nack pli", "ccm fir"]);
  assert.deepEqual(negotiateFeedback({ ...VP8, rtxPayloadType: 97 }, offered, [], true), [
    "nack",
    "nack pli",
    "ccm fir",
  ]);
});
