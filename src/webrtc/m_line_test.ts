import assert from "node:assert/strict";
import type { Codec, PublishedTrack } from "../sfu/types.ts";
import { MLine } from "./m_line.ts";
import type { AcceptedMedia } from "./sdp_answer.ts";
import { type OfferMedia, readMedia } from "./sdp_media.ts";

const VP8: Codec = { mimeType: "video/vp8", clockRate: 90_000, payloadType: 96, fmtp: "" };
const VP9: Codec = { mimeType: "video/vp9", clockRate: 90_000, payloadType: 98, fmtp: "profile-id=0" };
const TRACK: PublishedTrack = { id: "b1", kind: "video", peerId: "bob", source: "camera", codec: VP8 };

/** A sendrecv m-line that offers these codecs in this order. */
function offered(...codecs: readonly Codec[]): OfferMedia {
  const media = readMedia(
    {
      type: "video",
      port: 9,
      protocol: "UDP/TLS/RTP/SAVPF",
      payloads: codecs.map(({ payloadType }) => payloadType).join(" "),
      mid: 0,
      rtp: codecs.map(({ payloadType, mimeType }) => ({
        payload: payloadType,
        codec: mimeType.slice(6),
        rate: 90_000,
      })),
      fmtp: codecs.map(({ payloadType, fmtp }) => ({ payload: payloadType, config: fmtp })),
    },
    { msid: undefined },
    undefined,
  );
  assert.ok(media !== undefined);
  return media;
}

function answeredCodecs(line: MLine, media: OfferMedia): string[] {
  const answered = line.answer(media);
  assert.equal(answered.rejected, false);
  return (answered as AcceptedMedia).codecs.map(({ codec }) => codec.mimeType);
}

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("an m-line that publishes in one codec and receives in another is answered with both, publishing first", () => {
  const line = new MLine("0", "video");
  line.published = { id: "a1", msidTrack: undefined, codec: VP9 };
  line.received = { track: TRACK, ssrc: 1, rtxSsrc: undefined, codec: VP8 };
  assert.deepEqual(answeredCodecs(line, offered(VP8, VP9)), ["video/vp9", "video/vp8"]);
});

test("B80: an m-line that is parked is answered with the codec that was in use", () => {
  const line = new MLine("0", "video");
  line.received = { track: TRACK, ssrc: 1, rtxSsrc: undefined, codec: VP8 };
  assert.deepEqual(answeredCodecs(line, offered(VP9, VP8)), ["video/vp8"]);
  line.received = undefined;
  assert.deepEqual(answeredCodecs(line, offered(VP9, VP8)), ["video/vp8"]);
  assert.deepEqual(answeredCodecs(line, offered(VP9)), ["video/vp9"], "where it is still offered");
});

test("format parameters are answered as this offer has them", () => {
  const line = new MLine("0", "video");
  line.published = { id: "a1", msidTrack: undefined, codec: VP9 };
  const answered = line.answer(offered({ ...VP9, fmtp: "max-fr=30" }));
  assert.equal((answered as AcceptedMedia).codecs[0].codec.fmtp, "max-fr=30");
});

test("B170: an m-line promises NACK where the client sends, or the server has RTX to answer with", () => {
  const feedback = (line: MLine, ...codecs: readonly Codec[]) => {
    const rtcpFeedback = new Map([["*", new Set(["nack", "nack pli"])]] as const);
    return (line.answer({ ...offered(...codecs), codecs, rtcpFeedback }) as AcceptedMedia).codecs
      .map(({ codec, feedback }) => `${codec.payloadType} ${feedback.join(", ")}`);
  };
  const repaired = { ...VP8, rtxPayloadType: 97 };
  const line = new MLine("0", "video");
  line.received = { track: TRACK, ssrc: 1, rtxSsrc: undefined, codec: VP8 };
  assert.deepEqual(feedback(line, VP8), ["96 nack pli"]);
  line.received = { track: TRACK, ssrc: 1, rtxSsrc: 2, codec: repaired };
  assert.deepEqual(feedback(line, repaired), ["96 nack, nack pli"]);
  line.received = { track: TRACK, ssrc: 1, rtxSsrc: undefined, codec: VP8 };
  line.published = { id: "a1", msidTrack: undefined, codec: VP8 };
  assert.deepEqual(feedback(line, VP8), ["96 nack, nack pli"]);
  const slot = new MLine("1", "video");
  const msid = { stream: "s", track: "t" };
  slot.slot = { codecs: [repaired, VP9], sending: { ssrc: 1, rtxSsrc: 2, cname: "c", msid } };
  assert.deepEqual(feedback(slot, repaired, VP9), ["96 nack, nack pli", "98 nack pli"]);
});
