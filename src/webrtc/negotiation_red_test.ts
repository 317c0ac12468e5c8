import assert from "node:assert/strict";
import { NegotiationFixture } from "../../tests/harness/negotiation.ts";
import { buildOffer, type OfferLine } from "../../tests/harness/offer_builder.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

const OPUS = ["opus/48000/2", 111] as const;
const RED = ["red/48000/2", 63] as const;

function offerOf(line: Pick<OfferLine, "direction" | "codecs">, redFormat = "111/111"): string {
  const sdp = buildOffer([{ mid: "0", kind: "audio", ssrc: 1000, msid: "s a", ...line }]);
  return sdp.replace("a=rtpmap:63 red/48000/2\r\n", `$&a=fmtp:63 ${redFormat}\r\n`);
}

test("B353: RED is taken of a publisher that puts it before Opus, and answered in that order", () => {
  const fixture = new NegotiationFixture();
  const { result, media: [audio] } = fixture.offer(offerOf({ direction: "sendonly", codecs: [RED, OPUS] }));
  assert.equal(audio.payloads, "63 111");
  assert.match(result.answer, /^a=rtpmap:63 red\/48000\/2\r$/m);
  assert.deepEqual(audio.fmtp.filter(({ payload }) => payload === 63), [{ payload: 63, config: "111/111" }]);
  const codec = fixture.peer.producers.get("0")?.codec;
  assert.deepEqual([codec?.mimeType, codec?.payloadType, codec?.redPayloadType], ["audio/opus", 111, 63]);
});

test("B353: of a publisher that puts Opus first no RED is taken", () => {
  const fixture = new NegotiationFixture();
  const { media: [audio] } = fixture.offer(offerOf({ direction: "sendonly", codecs: [OPUS, RED] }));
  assert.equal(String(audio.payloads), "111");
  assert.equal(fixture.peer.producers.get("0")?.codec.redPayloadType, undefined);
});

for (const codecs of [[OPUS, RED], [RED, OPUS]]) {
  test(`B353: every subscriber that offers RED gets it answered, ${codecs.map(([name]) => name).join(" before ")}`, () => {
    const fixture = new NegotiationFixture();
    fixture.peer.addTrack("b1", "audio");
    const { media: [audio] } = fixture.offer(offerOf({ direction: "recvonly", codecs }));
    assert.deepEqual(String(audio.payloads).split(" ").toSorted(), ["111", "63"]);
    const codec = fixture.peer.consumers.get("0")?.codec;
    assert.deepEqual([codec?.payloadType, codec?.redPayloadType], [111, 63]);
  });
}

test("B353: RED of another codec, clock rate or without its format is none", () => {
  const without = ["opus/48000/2", 111] as const;
  const cases: [string, string][] = [
    ["110/110", "red/48000/2"],
    ["111", "red/48000/2"],
    ["111/110", "red/48000/2"],
    ["", "red/48000/2"],
    ["111/111", "red/8000"],
    ["111/111", "red/48000"],
  ];
  for (const [format, name] of cases) {
    const fixture = new NegotiationFixture();
    fixture.peer.addTrack("b1", "audio");
    const sdp = offerOf({ direction: "recvonly", codecs: [[name, 63], without] }, format).replace(
      `a=rtpmap:63 ${name}\r\n`,
      (line) => name === "red/48000/2" ? line : `${line}a=fmtp:63 ${format}\r\n`,
    );
    const { media: [audio] } = fixture.offer(sdp);
    assert.equal(String(audio.payloads), "111", `${name} of ${format}`);
    assert.equal(fixture.peer.consumers.get("0")?.codec.redPayloadType, undefined);
  }
});

test("B353: a publisher that offers again keeps what was settled", () => {
  const fixture = new NegotiationFixture();
  const preferred = offerOf({ direction: "sendonly", codecs: [RED, OPUS] });
  fixture.offer(preferred);
  assert.equal(fixture.offer(preferred).media[0].payloads, "63 111");
  const plain = new NegotiationFixture();
  plain.offer(offerOf({ direction: "sendonly", codecs: [OPUS, RED] }));
  assert.equal(String(plain.offer(preferred).media[0].payloads), "111", "RED begins with another track");
});
