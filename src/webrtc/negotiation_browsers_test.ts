import assert from "node:assert/strict";
import { assertAnswers } from "../../tests/harness/answer_check.ts";
import { NegotiationFixture } from "../../tests/harness/negotiation.ts";
import { type OfferSequence, RECORDED_OFFERS, recordedSequences } from "../../tests/harness/recorded_offers.ts";

// Offers of real browsers, see the READMEs beside them. Each sequence is answered from its first step on.

const ALL = ["opus", "pcmu", "pcma"].map((name) => `audio/${name}`)
  .concat(["vp8", "vp9", "h264", "av1"].map((name) => `video/${name}`));

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: { read: [RECORDED_OFFERS] }, fn });
}

/** A room of these codecs where others publish more than the browser could take. */
function roomWithOthers(codecs: readonly string[]): NegotiationFixture {
  const fixture = new NegotiationFixture(codecs);
  for (let other = 0; other < 4; other++) {
    fixture.peer.addTrack(`audio-${other}`, "audio");
    fixture.peer.addTrack(`video-${other}`, "video");
  }
  return fixture;
}

function answerAll({ offers }: OfferSequence, fixture: NegotiationFixture): void {
  for (const offer of offers) assertAnswers(offer, fixture.offer(offer));
}

for (const sequence of recordedSequences()) {
  const { browser, name } = sequence;

  test(`P28, B80: the ${name} offers of ${browser} are answered m-line by m-line, in their own ids and types`, () => {
    answerAll(sequence, roomWithOthers(ALL));
  });

  test(`P25: the ${name} offers of ${browser} are answered in a room of any one video codec`, () => {
    for (const codec of ALL.filter((mimeType) => mimeType.startsWith("video/"))) {
      const fixture = roomWithOthers(["audio/opus", codec]);
      answerAll(sequence, fixture);
      for (const producer of fixture.peer.producers.values()) {
        assert.ok(["audio/opus", codec].includes(producer.codec.mimeType), producer.codec.mimeType);
      }
    }
  });
}

test("offers of several browsers are recorded", () => {
  const browsers = new Set(recordedSequences().map(({ browser }) => browser));
  for (const browser of ["chromium", "firefox", "safari"]) assert.ok(browsers.has(browser), browser);
});
