import assert from "node:assert/strict";
import { NegotiationFixture } from "../../tests/harness/negotiation.ts";
import { buildOffer } from "../../tests/harness/offer_builder.ts";
import { sdpSections } from "../../tests/harness/sdp_sections.ts";
import { bitrateShares } from "./bitrate_shares.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

test("P83: nine tenths of a limit are divided between a peer's tracks, and sound takes no more than it needs", () => {
  assert.deepEqual(bitrateShares(1_000_000, ["video"]), { audio: 128_000, video: 900_000 });
  assert.deepEqual(bitrateShares(1_000_000, ["audio", "video"]), { audio: 128_000, video: 772_000 });
  assert.deepEqual(bitrateShares(1_000_000, ["audio", "video", "video"]), { audio: 128_000, video: 386_000 });
  assert.deepEqual(bitrateShares(100_000, ["audio", "video"]), { audio: 45_000, video: 45_000 });
  assert.equal(bitrateShares(100_000, ["audio", "audio"])?.audio, 45_000);
});

test("P83: whatever the tracks, the shares are no more than the limit", () => {
  for (let audios = 0; audios <= 16; audios++) {
    for (let videos = 0; videos <= 16; videos++) {
      const kinds = [...Array(audios).fill("audio"), ...Array(videos).fill("video")];
      for (const limit of [1, 64_000, 500_000, 4_000_000, 19_999_999]) {
        const shares = bitrateShares(limit, kinds);
        const sum = (shares?.audio ?? 0) * audios + (shares?.video ?? 0) * videos;
        assert.ok(sum <= limit, `${limit} for ${audios} and ${videos}: ${sum}`);
      }
    }
  }
});

test("P83: a limit that no browser reaches by itself is not told, nor one for a peer that publishes nothing", () => {
  assert.equal(bitrateShares(20_000_000, ["video"]), undefined);
  assert.equal(bitrateShares(Infinity, ["video"]), undefined);
  assert.equal(bitrateShares(1_000_000, []), undefined);
});

const CAMERA = { mid: "0", kind: "video", direction: "sendonly", ssrc: 1000, msid: "s v" } as const;
const SCREEN = { mid: "1", kind: "video", direction: "sendonly", ssrc: 2000, msid: "t w" } as const;
const WATCHED = { mid: "2", kind: "video", direction: "recvonly" } as const;

/** By mid: the lines of bandwidth, which stand between c= and a= (RFC 8866 section 5). */
function bandwidths(answer: string): Record<string, string[]> {
  return Object.fromEntries(
    answer.split(/^(?=m=)/m).slice(1).map((section) => [
      /^a=mid:(\S+)/m.exec(section)?.[1] ?? "",
      /^c=.*\r\n((?:b=.*\r\n)*)a=/m.exec(section)?.[1].split("\r\n").filter((line) => line !== "") ?? [],
    ]),
  );
}

test("P83: the answer tells each m-line that publishes its share, and others nothing, anew with each offer", () => {
  const fixture = new NegotiationFixture(undefined, undefined, 1_000_000);
  fixture.peer.addTrack("bob-1", "video");
  const one = fixture.offer(buildOffer([CAMERA, { ...SCREEN, direction: "inactive" }, WATCHED]));
  assert.deepEqual(bandwidths(one.result.answer), { 0: ["b=AS:900", "b=TIAS:900000"], 1: [], 2: [] });
  const two = fixture.offer(buildOffer([CAMERA, SCREEN, WATCHED]));
  const half = ["b=AS:450", "b=TIAS:450000"];
  assert.deepEqual(bandwidths(two.result.answer), { 0: half, 1: half, 2: [] });
  assert.equal(sdpSections(two.result.answer).length, 3);
});

test("P83: without a limit no bandwidth is told", () => {
  const { result } = new NegotiationFixture().offer(buildOffer([CAMERA]));
  assert.doesNotMatch(result.answer, /^b=/m);
});
