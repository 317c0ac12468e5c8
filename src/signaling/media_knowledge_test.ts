import assert from "node:assert/strict";
import type { QualityReport, TrackQuality } from "../sfu/quality.ts";
import { MediaKnowledge } from "./media_knowledge.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

const quality = (trackId: string, reason: string): TrackQuality => ({ trackId, state: "sent", reason });
const report = (bitrate: number, ...tracks: TrackQuality[]): QualityReport => ({ bitrate, limitedBy: "loss", tracks });

test("B492: of a report that has what changed alone, what was told before stays, as long as the track is received", () => {
  const knowledge = new MediaKnowledge();
  assert.equal(knowledge.estimate, undefined);
  knowledge.handleQuality(report(1000, quality("a", "first"), quality("b", "first")), new Set(["a", "b"]));
  knowledge.handleQuality(report(2000, quality("a", "second")), new Set(["a", "b"]));
  assert.deepEqual(knowledge.estimate, { bitrate: 2000, limitedBy: "loss" });
  assert.equal(knowledge.qualityOf("a")?.reason, "second");
  assert.equal(knowledge.qualityOf("b")?.reason, "first");
  knowledge.handleQuality(report(2000), new Set(["a"]));
  assert.equal(knowledge.qualityOf("b"), undefined);
});

test("B492: which layers of a track are received is known as long as it is published, and nothing of media that is lost", () => {
  const knowledge = new MediaKnowledge();
  knowledge.handleLayers("a", ["q", "h"], new Set(["a"]));
  knowledge.handleLayers("b", [], new Set(["a", "b"]));
  assert.deepEqual(knowledge.activeLayersOf("a"), ["q", "h"]);
  knowledge.handleLayers("b", ["q"], new Set(["b"]));
  assert.equal(knowledge.activeLayersOf("a"), undefined);
  knowledge.handleQuality(report(1000), new Set());
  knowledge.clear();
  assert.equal(knowledge.activeLayersOf("b"), undefined);
  assert.equal(knowledge.estimate, undefined);
});
