import assert from "node:assert/strict";
import { noFormats } from "./sdp_formats.ts";
import { type SdpLines, selectLines } from "./sdp_lines.ts";

function selected(sdp: string): SdpLines {
  const lines = selectLines(sdp);
  assert.notEqual(typeof lines, "string");
  return lines as SdpLines;
}

Deno.test({
  name: "lines that the answerer does not read are left out",
  permissions: "none",
  fn() {
    const sdp =
      "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\na=mid:0\r\na=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\na=midst\r\n\r\n";
    assert.equal(selected(sdp).text, "a=mid:0");
  },
});

Deno.test({
  name:
    "fingerprints, RIDs, the first msid and the first simulcast are kept for each section, whatever their characters",
  permissions: "none",
  fn() {
    const empty = () => ({ fingerprints: [], rids: [], msid: undefined, simulcast: undefined, formats: noFormats() });
    const sdp = [
      "v=0",
      "a=fingerprint:sha-256 AA",
      "m=audio 9 UDP/TLS/RTP/SAVPF 111",
      "a=msid:{stream} {track}",
      "a=msid:other {track}",
      "a=rid:low-1 send",
      "a=rid:2 send pt=96",
      "a=simulcast:send low-1;2",
      "a=simulcast:send 2",
      "m=video 9 UDP/TLS/RTP/SAVPF 96",
      "a=fingerprint:sha-256 BB",
      "a=fingerprint:sha-512 CC",
    ].join("\n");
    assert.deepEqual(selected(sdp).sections, [
      { ...empty(), fingerprints: ["sha-256 AA"] },
      { ...empty(), msid: "{stream} {track}", rids: ["low-1 send", "2 send pt=96"], simulcast: "send low-1;2" },
      { ...empty(), fingerprints: ["sha-256 BB", "sha-512 CC"] },
    ]);
  },
});

Deno.test({
  name: "text that is too long, in lines or in all, or that is no SDP, is refused",
  permissions: "none",
  fn() {
    const texts = ["", "v=1\r\n", "a=mid:0", `v=0\n${"a=z\n".repeat(1 << 18)}`, `v=0\na=mid:${"0".repeat(20_000)}`];
    const many = ["a=mid:", "a=fmtp:", "a=msid:"].map((line) => `v=0\n${`${line}\n`.repeat(70_000)}`);
    for (const text of [...texts, ...many]) {
      assert.equal(typeof selectLines(text), "string", text.slice(0, 40));
    }
  },
});

Deno.test({
  name: "fingerprints beyond the eighth of a section are left out",
  permissions: "none",
  fn() {
    const sdp = `v=0\n${"a=fingerprint:sha-256 AA\n".repeat(100)}`;
    assert.equal(selected(sdp).sections[0].fingerprints.length, 8);
  },
});
