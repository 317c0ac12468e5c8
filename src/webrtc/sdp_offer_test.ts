import assert from "node:assert/strict";
import fc from "fast-check";
import { NegotiationFixture } from "../../tests/harness/negotiation.ts";
import { buildOffer, type OfferLine } from "../../tests/harness/offer_builder.ts";
import { type Offer, parseOffer } from "./sdp_offer.ts";

const LINES: readonly OfferLine[] = [
  { mid: "0", kind: "audio", direction: "sendonly", msid: "stream track-a", ssrc: 1 },
  { mid: "1", kind: "video", direction: "sendrecv", msid: "stream track-v", ssrc: 2 },
];
const FINGERPRINT_LINE = /^a=fingerprint:.*\r\n/gm;

function parsed(sdp: string): Offer {
  const result = parseOffer(sdp);
  assert.ok(result.ok, result.ok ? "" : result.message);
  return result.offer;
}

function refusal(sdp: string): string {
  const result = parseOffer(sdp);
  assert.equal(result.ok, false);
  return result.message;
}

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("an offer has the client's transport, the BUNDLE group and the m-lines", () => {
  const offer = parsed(buildOffer(LINES, { fingerprint: "aa:bb", ufrag: "user", password: "p".repeat(22) }));
  assert.deepEqual(offer.remote, {
    ufrag: "user",
    password: "p".repeat(22),
    fingerprints: [{ algorithm: "sha-256", value: "AA:BB" }],
  });
  assert.deepEqual(offer.bundle, ["0", "1"]);
  assert.equal(offer.extmapAllowMixed, true);
  assert.deepEqual(offer.media.map(({ mid, kind, direction }) => `${mid} ${kind} ${direction}`), [
    "0 audio sendonly",
    "1 video sendrecv",
  ]);
});

test("credentials, setup and fingerprint may stand in the session's section", () => {
  const attributes = /^a=(ice-ufrag|ice-pwd|setup|fingerprint):.*\r\n/gm;
  const offer = buildOffer(LINES);
  const session = [...new Set(offer.match(attributes))].join("");
  const moved = offer.replace(attributes, "").replace("a=extmap-allow-mixed", `${session}a=extmap-allow-mixed`);
  assert.deepEqual(parsed(moved).remote, parsed(offer).remote);
});

test("the transport is that of the first m-line of the BUNDLE group, or of the next that has one", () => {
  const offer = buildOffer(LINES).replace("a=ice-ufrag:clie", "a=ice-ufrag:first");
  assert.equal(parsed(offer).remote?.ufrag, "first");
  assert.equal(parsed(offer.replace("BUNDLE 0 1", "BUNDLE 1 0")).remote?.ufrag, "clie");
  assert.equal(parsed(offer.replace("a=ice-ufrag:first\r\n", "")).remote?.ufrag, "clie");
  assert.equal(parsed(offer.replace("m=audio 9", "m=audio 0")).remote?.ufrag, "clie");
});

test("all fingerprints of the transport are kept, those that cannot be read are not", () => {
  const lines = "a=fingerprint:sha-256 AA:BB\r\na=fingerprint:SHA-512 cc:dd\r\na=fingerprint:sha-256 what\r\n";
  assert.deepEqual(parsed(buildOffer(LINES).replaceAll(FINGERPRINT_LINE, lines)).remote?.fingerprints, [
    { algorithm: "sha-256", value: "AA:BB" },
    { algorithm: "sha-512", value: "CC:DD" },
  ]);
});

test("an offer of stopped m-lines alone has no transport", () => {
  const stopped = buildOffer(LINES.map((line) => ({ ...line, port: 0 })));
  assert.equal(parsed(stopped.replaceAll(/^a=(ice|fing|setup|group).*\r\n/gm, "")).remote, undefined);
});

for (
  const [what, pattern, replacement] of [
    ["no ice-ufrag", /^a=ice-ufrag.*\r\n/gm, ""],
    ["an ice-ufrag of three characters", /^a=ice-ufrag.*$/gm, "a=ice-ufrag:abc"],
    ["an ice-ufrag of other characters", /^a=ice-ufrag.*$/gm, "a=ice-ufrag:abc:def"],
    ["no ice-pwd", /^a=ice-pwd.*\r\n/gm, ""],
    ["an ice-pwd of 21 characters", /^a=ice-pwd.*$/gm, `a=ice-pwd:${"p".repeat(21)}`],
    ["no fingerprint", FINGERPRINT_LINE, ""],
    ["a fingerprint that is none", FINGERPRINT_LINE, "a=fingerprint:sha-256 AA:B\r\n"],
    ["no mid", /^a=mid:1\r\n/gm, ""],
    ["one mid twice", /^a=mid:1$/gm, "a=mid:0"],
    ["an m-line without a port", /^m=video 9/gm, "m=video"],
    ["no m-line", /^m=[^]*$/gm, ""],
  ] as const
) {
  test(`P30: an offer with ${what} is refused with a reason`, () => {
    assert.notEqual(refusal(buildOffer(LINES).replaceAll(pattern, replacement)), "");
  });
}

test("P30: 513 m-lines are refused, 512 are not", () => {
  const lines = (count: number): OfferLine[] =>
    Array.from({ length: count }, (_, mid) => ({ mid: `mid-${mid}`, kind: "video", direction: "recvonly" }));
  assert.equal(parsed(buildOffer(lines(512))).media.length, 512);
  assert.match(refusal(buildOffer(lines(513))), /512/);
});

const MUTATION_SEED = 20_261;

test("P30: an offer with mutated lines is answered or refused and never throws", () => {
  const original = buildOffer(LINES).split("\r\n");
  const odd = fc.oneof(
    fc.string(),
    fc.constantFrom("m=", "a=", "a=mid:__proto__", "a=rtpmap:", "a=ssrc:-1 x", "m=video 9 UDP/TLS/RTP/SAVPF", "v=0"),
    fc.constantFrom(
      "a=extmap:1",
      "a=group:BUNDLE",
      "a=rtcp-fb:* nack",
      "a=ssrc-group:FID",
      "a=sendonly",
      "a=rid:1 send",
    ),
  );
  const edit = fc.record({
    line: fc.nat(original.length - 1),
    how: fc.constantFrom("drop", "repeat", "cut", "insert", "swap"),
    at: fc.nat(60),
    text: odd,
  });
  const property = fc.property(fc.array(edit, { minLength: 1, maxLength: 8 }), (edits) => {
    const lines = [...original];
    for (const { line, how, at, text } of edits) {
      if (how === "drop") lines.splice(line, 1);
      else if (how === "repeat") lines.splice(at, 0, lines[line] ?? "");
      else if (how === "cut") lines[line] = (lines[line] ?? "").slice(0, at) + text;
      else if (how === "insert") lines.splice(line, 0, text);
      else [lines[line], lines[at]] = [lines[at] ?? "", lines[line] ?? ""];
    }
    const fixture = new NegotiationFixture();
    fixture.peer.addTrack("b1", "video");
    fixture.negotiation.handleOffer(original.join("\r\n"), []);
    fixture.peer.takeCalls();
    const result = fixture.negotiation.handleOffer(lines.join("\r\n"), [{ mid: "1", trackId: "b1" }]);
    if (!result.ok) assert.deepEqual(fixture.peer.takeCalls(), []);
    else assert.equal(result.answer.split("\r\n").every((line) => /^$|^[a-z]=[^\r\n]+$/.test(line)), true);
  });
  // fast-check prints the seed and the smallest failing case.
  fc.assert(property, { seed: MUTATION_SEED, numRuns: 1_000 });
});
