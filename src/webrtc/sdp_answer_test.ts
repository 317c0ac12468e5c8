import assert from "node:assert/strict";
import { type Answer, writeAnswer } from "./sdp_answer.ts";

const ANSWER: Answer = {
  session: "alice",
  version: 3,
  extmapAllowMixed: true,
  bundle: ["a"],
  local: {
    ufrag: "serv",
    password: "pass",
    fingerprint: "AB:CD",
    candidates: ["candidate:1 1 udp 1 ::1 9 typ host"],
    restarted: true,
  },
  media: [
    { rejected: true, mid: "d", type: "application", protocol: "UDP/DTLS/SCTP", format: "webrtc-datachannel" },
    {
      rejected: false,
      mid: "a",
      kind: "audio",
      direction: "sendonly",
      format: "111",
      codecs: [{
        codec: { mimeType: "audio/opus", clockRate: 48_000, channels: 2, payloadType: 111, fmtp: "useinbandfec=1" },
        feedback: [],
      }],
      headerExtensions: [{ uri: "urn:ietf:params:rtp-hdrext:sdes:mid", id: 4 }],
      rtcpRsize: true,
      sending: { ssrc: 77, rtxSsrc: undefined, cname: "bob", msid: { stream: "bob", track: "b1" } },
    },
  ],
};

Deno.test({
  name: "P28: an answer is written line by line as ICE-lite agent and DTLS server",
  permissions: "none",
  fn() {
    const lines = [
      "v=0",
      "o=alice 1 3 IN IP4 0.0.0.0",
      "s=-",
      "t=0 0",
      "a=group:BUNDLE a",
      "a=ice-lite",
      "a=ice-options:trickle",
      "a=extmap-allow-mixed",
      "a=msid-semantic: WMS *",
      "m=application 0 UDP/DTLS/SCTP webrtc-datachannel",
      "c=IN IP4 0.0.0.0",
      "a=mid:d",
      "a=inactive",
      "m=audio 9 UDP/TLS/RTP/SAVPF 111",
      "c=IN IP4 0.0.0.0",
      "a=mid:a",
      "a=ice-ufrag:serv",
      "a=ice-pwd:pass",
      "a=fingerprint:sha-256 AB:CD",
      "a=setup:passive",
      "a=sendonly",
      "a=rtcp-mux",
      "a=rtcp-rsize",
      "a=rtpmap:111 opus/48000/2",
      "a=fmtp:111 useinbandfec=1",
      "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid",
      "a=msid:bob b1",
      "a=ssrc:77 cname:bob",
      "a=candidate:1 1 udp 1 ::1 9 typ host",
      "a=end-of-candidates",
    ];
    assert.equal(writeAnswer(ANSWER), lines.join("\r\n") + "\r\n");
  },
});

Deno.test({
  name: "what the offer does not have is not in the answer",
  permissions: "none",
  fn() {
    const media = ANSWER.media.map((line) => line.rejected ? line : { ...line, rtcpRsize: false, sending: undefined });
    const text = writeAnswer({ ...ANSWER, extmapAllowMixed: false, bundle: [], media });
    for (const line of ["extmap-allow-mixed", "rtcp-rsize", "group", "msid:", "ssrc"]) {
      assert.equal(text.includes(`a=${line}`), false, line);
    }
    assert.ok(text.includes("a=end-of-candidates"), "without a group the first accepted m-line has the candidates");
  },
});

Deno.test({
  name: "an m-line of which no codec is known repeats the first format of the offer",
  permissions: "none",
  fn() {
    const media = ANSWER.media.map((line) => line.rejected ? line : { ...line, codecs: [], format: "63" });
    assert.match(writeAnswer({ ...ANSWER, media }), /^m=audio 9 UDP\/TLS\/RTP\/SAVPF 63\r$/m);
  },
});

Deno.test({
  name: "B83: codecs are named as IANA registered them, whatever case they are kept in",
  permissions: "none",
  fn() {
    const nameOf = (mimeType: string) => {
      const codec = { codec: { mimeType, clockRate: 90_000, payloadType: 96, fmtp: "" }, feedback: [] };
      const media = ANSWER.media.map((line) => line.rejected ? line : { ...line, codecs: [codec] });
      return /^a=rtpmap:96 (.*)\/90000\r$/m.exec(writeAnswer({ ...ANSWER, media }))?.[1];
    };
    const names = ["video/vp8", "video/h264", "video/av1", "audio/opus", "audio/pcmu", "audio/g722", "audio/speex"];
    assert.deepEqual(names.map(nameOf), ["VP8", "H264", "AV1", "opus", "PCMU", "G722", "speex"]);
  },
});
