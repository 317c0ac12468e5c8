import assert from "node:assert/strict";
import fc from "fast-check";
import { parseMessage } from "./parse_message.ts";

const VALID = [
  { type: "join", roomId: "room", name: "Name" },
  { type: "offer", sdp: "v=0", id: 1, tracks: [{ mid: "0", trackId: "t" }, { mid: "1", slot: true }] },
  { type: "offer", sdp: "v=0", id: "a", tracks: [{ mid: "0", source: "screenAudio" }] },
  { type: "iceCandidate", candidate: { candidate: "", sdpMid: null, sdpMLineIndex: 0, usernameFragment: "u" } },
  { type: "leave" },
];

Deno.test({
  name: "every message of the protocol's page is taken as it is",
  permissions: "none",
  fn() {
    for (const message of VALID) {
      const parsed = parseMessage(JSON.stringify(message));
      assert.ok(parsed.ok, JSON.stringify(message));
      assert.deepEqual(parsed.message, message);
    }
  },
});

Deno.test({
  name: "P2: whatever JSON comes is parsed or refused with a known code, never thrown",
  permissions: "none",
  fn() {
    const type = fc.oneof(fc.constantFrom("join", "offer", "iceCandidate", "leave"), fc.string());
    const message = fc.oneof(
      fc.json(),
      fc.record({ type, roomId: fc.anything(), sdp: fc.anything(), candidate: fc.anything(), tracks: fc.anything() })
        .map((value) => safeStringify(value)),
    );
    fc.assert(fc.property(message, (text) => {
      const parsed = parseMessage(text);
      if (!parsed.ok) assert.match(parsed.code, /^(bad-json|unknown-type|bad-message|too-large)$/);
    }));
  },
});

Deno.test({
  name: "P2: what is wrong with the name of a room or a peer is told with the field, in words for people",
  permissions: "none",
  fn() {
    for (
      const [fields, text] of [
        [{ roomId: "" }, "roomId: must not be empty"],
        [{ roomId: "r".repeat(129) }, "roomId: must have 128 characters at most"],
        [{ roomId: "r\0" }, "roomId: must have no control characters"],
        [{ roomId: "r", name: "n".repeat(65) }, "name: must have 64 characters at most"],
        [{ roomId: "r", name: "n\n" }, "name: must have no control characters"],
      ] as const
    ) {
      const parsed = parseMessage(JSON.stringify({ type: "join", ...fields }));
      assert.deepEqual(parsed, { ok: false, code: "bad-message", text, replyTo: undefined });
    }
  },
});

Deno.test({
  name: "P1: a text that was cut or damaged anywhere is refused, never thrown",
  permissions: "none",
  fn() {
    const texts = VALID.map((value) => JSON.stringify(value));
    for (const text of texts) {
      for (let end = 0; end < text.length; end++) assert.equal(parseMessage(text.slice(0, end)).ok, false);
    }
    fc.assert(fc.property(fc.constantFrom(...texts), fc.nat(), fc.string(), (text, at, junk) => {
      const position = at % text.length;
      parseMessage(text.slice(0, position) + junk + text.slice(position + 1));
    }));
  },
});

/** fast-check makes values that JSON has no form for. */
function safeStringify(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "null";
  } catch {
    return "null";
  }
}
