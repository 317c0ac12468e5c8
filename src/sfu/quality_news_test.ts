import assert from "node:assert/strict";
import type { QualityReport, TrackQuality } from "./quality.ts";
import { QualityNews } from "./quality_news.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

const TRACK: TrackQuality = {
  trackId: "t",
  state: "sent",
  rid: "h",
  width: 640,
  bitrate: 500_000,
  reason: "h of 480",
};
const OTHER: TrackQuality = { ...TRACK, trackId: "other" };
const REPORT: QualityReport = { bitrate: 1_000_000, loss: 0.004, limitedBy: "delay", tracks: [TRACK, OTHER] };

/** The tracks that are told of a report behind REPORT; undefined where nothing is told. */
function told(changes: Partial<QualityReport>, isWhole = false): string[] | undefined {
  const news = new QualityNews(isWhole);
  assert.deepEqual(news.take(REPORT), REPORT);
  assert.equal(news.take(REPORT), undefined);
  return news.take({ ...REPORT, ...changes })?.tracks.map(({ trackId }) => trackId);
}

test("P91: news is what a person would notice, and not each digit", () => {
  assert.equal(told({ roundTrip: 30, bitrate: 1_050_000, loss: 0.008 }), undefined);
  assert.equal(told({ tracks: [{ ...TRACK, bitrate: 1_200_000, reason: "h of 500" }, OTHER] }), undefined);
  assert.deepEqual(told({ bitrate: 1_300_000 }), []);
  assert.deepEqual(told({ loss: 0.05 }), []);
  assert.deepEqual(told({ limitedBy: "loss" }), []);
  for (const change of [{ rid: "q" }, { state: "paused" as const }, { reason: "f of 500" }, { wanted: { width: 3 } }]) {
    assert.deepEqual(told({ tracks: [{ ...TRACK, ...change }, OTHER] }), ["t"], JSON.stringify(change));
  }
});

test("P91: with what is told come the numbers that are no longer true", () => {
  const tracks = [{ ...TRACK, rid: "q" }, { ...OTHER, bitrate: 1_200_000 }];
  assert.deepEqual(told({ tracks }), ["t", "other"]);
  const [, other] = [TRACK, { ...OTHER, reason: "h of 560" }];
  assert.deepEqual(told({ tracks: [{ ...TRACK, rid: "q" }, other] }), ["t"]);
  assert.deepEqual(told({ tracks: [TRACK, other], bitrate: 1_300_000 }), ["other"]);
});

test("P91, P65: what is received no more is left out without a word, and all is told again where it may be lost", () => {
  const news = new QualityNews();
  news.take(REPORT);
  news.forget("other");
  assert.equal(news.take({ ...REPORT, tracks: [TRACK] }), undefined);
  assert.deepEqual(news.take(REPORT)?.tracks, [OTHER], "it comes back");
  news.forgetAll();
  assert.deepEqual(news.take(REPORT), REPORT);
});

test("P103: what is told whole has all tracks, and those alone that are received", () => {
  assert.deepEqual(told({ loss: 0.05 }, true), ["t", "other"]);
  assert.deepEqual(told({ tracks: [{ ...TRACK, rid: "q" }, OTHER] }, true), ["t", "other"]);
  const news = new QualityNews(true);
  news.take(REPORT);
  news.forget("other");
  assert.deepEqual(news.take({ ...REPORT, tracks: [TRACK] })?.tracks, [TRACK]);
});
