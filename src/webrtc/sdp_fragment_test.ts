import assert from "node:assert/strict";
import fc from "fast-check";
import { parseSdpFragment, writeSdpFragment } from "./sdp_fragment.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

/** As RFC 9725 section 4.3.2 shows one. */
const TRICKLED = [
  "a=group:BUNDLE 0 1",
  "m=audio 9 UDP/TLS/RTP/SAVPF 111",
  "a=mid:0",
  "a=ice-ufrag:EsAw",
  "a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1",
  "a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw network-id 1",
  "a=candidate:473322822 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active generation 0 ufrag EsAw network-id 1",
  "a=end-of-candidates",
].join("\r\n") + "\r\n";

test("a fragment tells its credentials, and may have none", () => {
  assert.deepEqual(parseSdpFragment(TRICKLED), {
    ok: true,
    fragment: { credentials: { ufrag: "EsAw", password: "P2uYro0UCOQ4zxjKXaWCBui1" } },
  });
  assert.deepEqual(parseSdpFragment("a=mid:0\na=end-of-candidates\n"), {
    ok: true,
    fragment: { credentials: undefined },
  });
});

test("P55: a fragment that is empty, no SDP, or has a broken candidate or half of its credentials is refused", () => {
  const message = (text: string) => {
    const result = parseSdpFragment(text);
    return result.ok ? "taken" : result.message;
  };
  assert.match(message(""), /empty/);
  assert.match(message("a=mid:0\r\n{}"), /line 2/);
  assert.match(message("a=candidate:1 1 udp"), /candidate/);
  assert.match(message("a=ice-ufrag:EsAw"), /ice-pwd/);
  assert.match(message("a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1"), /ice-ufrag/);
  assert.match(message("a=ice-ufrag:E\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1"), /ice-ufrag/);
  assert.match(message("a=mid:0\r\n".repeat(1025)), /1024 lines/);
});

test("what is written is read back, whatever the credentials", () => {
  const iceChars = fc.stringMatching(/^[A-Za-z0-9+/]{24}$/);
  fc.assert(fc.property(iceChars, iceChars, (ufrag, password) => {
    const candidates = ["candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host"];
    const text = writeSdpFragment({ ufrag, password, fingerprint: "", candidates, restarted: true }, "0");
    assert.deepEqual(parseSdpFragment(text), {
      ok: true,
      fragment: { credentials: { ufrag, password } },
    });
  }));
});

test("whatever the text, and however a fragment is mutated, nothing throws", () => {
  fc.assert(fc.property(fc.string(), (text) => void parseSdpFragment(text)));
  fc.assert(fc.property(fc.nat(TRICKLED.length - 1), fc.string({ maxLength: 4 }), (at, change) => {
    const result = parseSdpFragment(TRICKLED.slice(0, at) + change + TRICKLED.slice(at + change.length));
    if (!result.ok) assert.notEqual(result.message, "");
  }));
});
