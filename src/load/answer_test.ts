import assert from "node:assert/strict";
import { readAnswer } from "./answer.ts";

const ANSWER = [
  "v=0",
  "a=ice-lite",
  "m=audio 9 UDP/TLS/RTP/SAVPF 111",
  "a=ice-ufrag:u",
  "a=ice-pwd:secret",
  "a=setup:active",
  "a=candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host",
  "a=candidate:2 1 UDP 1 127.0.0.1 5001 typ host",
  "a=candidate:3 1 tcp 1 127.0.0.1 5002 typ host tcptype passive",
  "a=candidate:4 2 udp 1 127.0.0.1 5003 typ host",
  "a=recvonly",
  "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
  "a=sendonly",
  "a=fmtp:97 apt=96",
  "a=ssrc-group:FID 10 11",
  "a=ssrc:10 cname:c",
  "a=simulcast:recv q;h;f",
  "m=video 0 UDP/TLS/RTP/SAVPF 96",
  "a=sendonly",
  "",
].join("\r\n");

Deno.test({
  name: "B516: an answer tells credentials, candidates of UDP, who begins DTLS, and what each m-line has",
  permissions: "none",
  fn() {
    const { sections, ...transport } = readAnswer(ANSWER);
    assert.deepEqual(transport, {
      remote: { ufrag: "u", password: "secret" },
      isDtlsClient: true,
      candidates: [{ hostname: "192.0.2.1", port: 5000 }, { hostname: "127.0.0.1", port: 5001 }],
    });
    const unknown = { rtxPayloadType: undefined, ssrc: undefined, rtxSsrc: undefined, hasSimulcast: false };
    assert.deepEqual(sections, [
      { kind: "audio", direction: "recvonly", payloadType: 111, ...unknown },
      {
        kind: "video",
        direction: "sendonly",
        payloadType: 96,
        rtxPayloadType: 97,
        ssrc: 10,
        rtxSsrc: 11,
        hasSimulcast: true,
      },
      { kind: "video", direction: "inactive", payloadType: 96, ...unknown },
    ]);
  },
});

Deno.test({
  name: "B516: an answer without ICE credentials, or with an m-line that is none, is refused in words",
  permissions: "none",
  fn() {
    assert.throws(() => readAnswer("v=0\r\n"), /the answer has no ice-ufrag/);
    assert.throws(() => readAnswer(`${ANSWER}m=nothing\r\n`), /cannot be read/);
  },
});
