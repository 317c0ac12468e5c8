import assert from "node:assert/strict";
import { parseOffer } from "../webrtc/sdp_offer.ts";
import { buildOffer, type OfferLine } from "./offer.ts";
import { publishedMedia, sendingLine } from "./published_media.ts";
import type { Media } from "./target.ts";

const TRANSPORT = {
  ufrag: "load",
  password: "loadloadloadloadloadload",
  fingerprint: new Array(32).fill("AB").join(":"),
  address: { hostname: "127.0.0.1", port: 5000 },
};
const VIDEO = { bitsPerSecond: 1_000_000, fps: 30 };

/** What the server reads of an offer. */
function media(lines: readonly OfferLine[]) {
  const result = parseOffer(buildOffer(lines, TRANSPORT));
  if (!result.ok) throw new Error(result.message);
  return result.offer.media;
}

const published = (what: Media) => media(publishedMedia(what, 0).map(sendingLine));

Deno.test({
  name: "B516: an offer to publish has a m-line for each track, with its SSRC and that of its RTX",
  permissions: "none",
  fn() {
    const [audio, video] = published({ video: VIDEO, audio: true });
    assert.deepEqual([audio.kind, audio.direction, audio.mid], ["audio", "sendonly", "0"]);
    assert.deepEqual([video.kind, video.direction, video.mid], ["video", "sendonly", "1"]);
    assert.equal(video.fidGroups.length, 1);
    assert.equal(video.encodings.length, 0);
  },
});

Deno.test({
  name: "B516: an offer of simulcast names its encodings by RID, the worst one first",
  permissions: "none",
  fn() {
    const [video] = published({ video: VIDEO, audio: false, simulcast: true });
    assert.deepEqual(video.encodings.map(({ rid }) => rid), ["q", "h", "f"]);
  },
});

Deno.test({
  name: "B516: an offer to receive asks for feedback on what comes",
  permissions: "none",
  fn() {
    const [audio, video] = media([{ kind: "audio" }, { kind: "video" }]);
    assert.deepEqual([audio.direction, video.direction], ["recvonly", "recvonly"]);
    assert.match(buildOffer([{ kind: "audio" }], TRANSPORT), /^a=candidate:1 1 udp \d+ 127\.0\.0\.1 5000 typ host\r$/m);
    assert.doesNotMatch(buildOffer([{ kind: "audio" }], { ...TRANSPORT, address: undefined }), /a=candidate/);
  },
});
