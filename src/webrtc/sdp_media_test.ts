import assert from "node:assert/strict";
import { type OfferMedia, type ParsedMedia, readMedia } from "./sdp_media.ts";

const VIDEO: ParsedMedia = {
  type: "video",
  port: 9,
  protocol: "UDP/TLS/RTP/SAVPF",
  payloads: "96 97",
  mid: 0,
  rtp: [{ payload: 96, codec: "VP8", rate: 90_000 }, { payload: 97, codec: "rtx", rate: 90_000 }],
  fmtp: [{ payload: 97, config: "apt=96" }],
};

function read(changes: Partial<ParsedMedia>, msid?: string): OfferMedia {
  const media = readMedia({ ...VIDEO, ...changes }, { msid }, undefined);
  assert.ok(media !== undefined);
  return media;
}

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("codecs are read in the order of preference, with lower-case names and their format parameters", () => {
  const { codecs } = read({
    type: "audio",
    payloads: "0 111",
    rtp: [{ payload: 111, codec: "Opus", rate: 48_000, encoding: 2 }, { payload: 0, codec: "PCMU", rate: 8_000 }],
    fmtp: [{ payload: 111, config: "minptime=10" }],
  });
  assert.deepEqual(codecs, [
    { mimeType: "audio/pcmu", clockRate: 8_000, channels: 1, payloadType: 0, fmtp: "" },
    { mimeType: "audio/opus", clockRate: 48_000, channels: 2, payloadType: 111, fmtp: "minptime=10" },
  ]);
});

test("what repairs or replaces media is no codec", () => {
  const names = ["rtx", "red", "ulpfec", "flexfec-03", "telephone-event", "CN"];
  const rtp = names.map((codec, index) => ({ payload: 100 + index, codec, rate: 90_000 }));
  assert.deepEqual(read({ rtp, payloads: rtp.map(({ payload }) => payload).join(" ") }).codecs, []);
});

test("payload types that look like RTCP, repeat, or have no rtpmap are no codecs", () => {
  const rtp = [64, 95, 96, 96, 128].map((payload, index) => ({ payload, codec: `c${index}`, rate: 90_000 }));
  const codecs = read({ rtp, payloads: "64 95 96 96 128 99 x" }).codecs;
  assert.deepEqual(codecs.map(({ mimeType }) => mimeType), ["video/c2"]);
});

test("audio that offers NACK and RTX is read without them", () => {
  const { codecs } = read({
    type: "audio",
    payloads: "111 112",
    rtp: [{ payload: 111, codec: "opus", rate: 48_000, encoding: 2 }, { payload: 112, codec: "rtx", rate: 48_000 }],
    fmtp: [{ payload: 112, config: "apt=111" }],
    rtcpFb: [{ payload: 111, type: "nack" }],
  });
  assert.deepEqual(codecs, [
    { mimeType: "audio/opus", clockRate: 48_000, channels: 2, payloadType: 111, fmtp: "" },
  ]);
});

test("B92: payload types 0 and 8 of audio are PCMU and PCMA, unless an rtpmap says otherwise", () => {
  const audio = (payloads: string, rtp: ParsedMedia["rtp"] = []) =>
    read({ type: "audio", payloads, rtp, fmtp: [] }).codecs;
  assert.deepEqual(audio("8 0"), [
    { mimeType: "audio/pcma", clockRate: 8_000, channels: 1, payloadType: 8, fmtp: "" },
    { mimeType: "audio/pcmu", clockRate: 8_000, channels: 1, payloadType: 0, fmtp: "" },
  ]);
  const opus = { payload: 0, codec: "opus", rate: 48_000, encoding: 2 };
  assert.deepEqual(audio("0", [opus]).map(({ mimeType }) => mimeType), ["audio/opus"]);
  for (const payloads of ["", " ", "3 9 13", "00", "0x0", "8.0"]) assert.deepEqual(audio(payloads), [], payloads);
  assert.deepEqual(read({ payloads: "0 8", rtp: [], fmtp: [] }).codecs, []);
});

test("feedback messages are kept by payload type, those of all payload types apart", () => {
  const rtcpFb = [
    { payload: 96, type: "nack" },
    { payload: 96, type: "nack", subtype: "pli" },
    { payload: "*", type: "ccm", subtype: "fir" },
    { payload: "", type: "nack" },
  ];
  const { rtcpFeedback } = read({ rtcpFb });
  assert.deepEqual([...rtcpFeedback].map(([key, messages]) => [key, [...messages]]), [
    [96, ["nack", "nack pli"]],
    ["*", ["ccm fir"]],
  ]);
});

test("B117: a key frame is asked for by PLI, by FIR where only that is offered, and else not at all; never of audio", () => {
  const pli = { payload: 96, type: "nack", subtype: "pli" };
  const fir = { payload: "*", type: "ccm", subtype: "fir" };
  const asked = (rtcpFb: ParsedMedia["rtcpFb"], changes: Partial<ParsedMedia> = {}) =>
    read({ rtcpFb, ...changes }).codecs[0].keyFrameRequest;
  assert.equal(asked([pli]), "pli");
  assert.equal(asked([fir, pli]), "pli");
  assert.equal(asked([{ ...pli, payload: "*" }]), "pli");
  assert.equal(asked([fir, { ...pli, payload: 98 }]), "fir");
  assert.equal(asked([{ payload: 96, type: "nack" }, { payload: 96, type: "ccm", subtype: "tmmbr" }]), undefined);
  assert.equal(asked(undefined), undefined);
  assert.equal(asked([fir, pli], { type: "audio" }), undefined);
});

test("header extensions of one direction, encrypted ones, doubled and impossible ids are left out", () => {
  const ext = [
    { value: 4, uri: "urn:a" },
    { value: 4, uri: "urn:b" },
    { value: 5, direction: "recvonly", uri: "urn:c" },
    { value: 6, "encrypt-uri": "urn:ietf:params:rtp-hdrext:encrypt", uri: "urn:d" },
    ...[0, 15, 256, 4096].map((value) => ({ value, uri: "urn:e" })),
    { value: 255, uri: "urn:f" },
  ];
  assert.deepEqual(read({ ext }).headerExtensions, [{ uri: "urn:a", id: 4 }, { uri: "urn:f", id: 255 }]);
});

test("the SSRCs of RTX and FEC are left out, and no more than sixteen are read", () => {
  const ssrcGroups = [{ semantics: "FID", ssrcs: "1 2" }, { semantics: "FEC-FR", ssrcs: "1 3" }, {
    semantics: "SIM",
    ssrcs: "1 4",
  }];
  const ids = [1, 1, 2, 3, 4, "x", 2 ** 32].map((id) => ({ id }));
  assert.deepEqual(read({ ssrcGroups, ssrcs: ids }).ssrcs, [1, 4]);
  assert.equal(read({ ssrcs: Array.from({ length: 100 }, (_, id) => ({ id })) }).ssrcs.length, 16);
});

test("an FID group says which SSRC repairs which, and no more than sixteen are read", () => {
  const ssrcGroups = [
    { semantics: "FEC-FR", ssrcs: "1 9" },
    { semantics: "FID", ssrcs: "3 4" },
    { semantics: "FID", ssrcs: "1 2" },
    ...["5", 6, "7 x", `8 ${2 ** 32}`, "-1 2"].map((ssrcs) => ({ semantics: "FID", ssrcs })),
  ];
  assert.deepEqual(read({ ssrcGroups }).fidGroups, [{ ssrc: 3, rtxSsrc: 4 }, { ssrc: 1, rtxSsrc: 2 }]);
  const many = Array.from({ length: 100 }, (_, id) => ({ semantics: "FID", ssrcs: `${id} ${id + 1000}` }));
  assert.equal(read({ ssrcGroups: many }).fidGroups.length, 16);
  assert.deepEqual(read({}).fidGroups, []);
});

test("a msid is a stream and a track, and `-` is no stream", () => {
  assert.deepEqual(read({}, "{stream} user@host").msid, { stream: "{stream}", track: "user@host" });
  assert.deepEqual(read({}, "- track").msid, { stream: undefined, track: "track" });
  assert.deepEqual(read({}, "stream").msid, { stream: "stream", track: "" });
  assert.equal(read({}).msid, undefined);
});

test("the direction is the m-line's own, else the session's, else sendrecv", () => {
  assert.equal(read({ direction: "inactive" }).direction, "inactive");
  assert.equal(readMedia(VIDEO, { msid: undefined }, "sendonly")?.direction, "sendonly");
  assert.equal(read({}).direction, "sendrecv");
});

test("media over another transport, and other media, is of the kind other", () => {
  assert.equal(read({ protocol: "RTP/SAVPF" }).kind, "other");
  assert.equal(read({ type: "text" }).kind, "other");
  assert.deepEqual(read({ protocol: "RTP/SAVPF" }).codecs, []);
});

test("an m-line without a readable mid, port, type or protocol is none", () => {
  const changes: Partial<ParsedMedia>[] = [
    { mid: undefined },
    { mid: "" },
    { mid: "a b" },
    { mid: "é" },
    { mid: "m".repeat(33) },
    { port: undefined },
    { port: "" },
    { port: 65_536 },
    { type: "" },
    { protocol: undefined },
  ];
  for (const change of changes) {
    const media = readMedia({ ...VIDEO, ...change }, { msid: undefined }, undefined);
    assert.equal(media, undefined, JSON.stringify(change));
  }
});
