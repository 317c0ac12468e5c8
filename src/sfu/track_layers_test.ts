import assert from "node:assert/strict";
import { RETRY_MS, TrackLayers, WAKE_MS } from "./track_layers.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

/** What TrackLayers asks of an encoding. */
class FakeEncoding {
  active = true;
  spatialLayers = 1;
  temporalLayers = 1;
  width = 0;
  height = 0;
  bitsPerSecond = 0;

  constructor(readonly rid: string | undefined) {}

  widthOf(): number {
    return this.width;
  }

  heightOf(): number {
    return this.height;
  }

  layerBitsPerSecond(_spatial: number, temporal: number): number {
    return this.bitsPerSecond * (temporal + 1) / this.temporalLayers;
  }
}

function trackOf(...rids: (string | undefined)[]) {
  const encodings = rids.map((rid) => new FakeEncoding(rid));
  const track = { encodings, wantedRids: [] as string[] };
  const layers = new TrackLayers(track);
  return { encodings, track, names: (nowMs: number) => layers.at(nowMs).map(({ name }) => name), layers };
}

test("B331: what was not seen yet counts by its size, which the order tells, and then as it is measured, by a mean", () => {
  const { encodings, layers } = trackOf("q", "h", "f");
  const bits = (nowMs: number) => layers.at(nowMs).map(({ bitsPerSecond }) => Math.round(bitsPerSecond / 1000));
  assert.deepEqual(layers.at(0).map(({ height }) => height), [180, 360, 720]);
  assert.deepEqual(bits(0), [150, 508, 1721]);
  encodings[0].bitsPerSecond = 100_000;
  encodings[1].bitsPerSecond = 700_000;
  assert.deepEqual(bits(100), [150, 508, 1721], "all who ask in a quarter of a second get the same");
  assert.deepEqual(bits(250), [122, 700, 1721], "an encoder begins with less than it will send");
  for (let nowMs = 500; nowMs < 12_000; nowMs += 250) bits(nowMs);
  assert.equal(bits(12_000)[0], 100);
  encodings[0].bitsPerSecond = 300_000;
  const [burst] = bits(12_250);
  assert.ok(burst > 110 && burst < 140, `${burst}: a key frame is not what a layer takes`);
  for (let nowMs = 12_500; nowMs < 24_000; nowMs += 250) bits(nowMs);
  assert.ok(bits(24_000)[0] > 295);
  encodings[0].bitsPerSecond = 0;
  assert.ok(bits(25_000)[0] > 295, "what stopped takes what it took last");
});

test("B331: temporal layers have their names, rates and shares; a single picture has no name, and counts as little", () => {
  const { encodings, layers } = trackOf(undefined);
  assert.deepEqual(layers.at(0).map(({ name, bitsPerSecond }) => [name, bitsPerSecond]), [["", 150_000]]);
  Object.assign(encodings[0], { temporalLayers: 3, bitsPerSecond: 900_000, width: 640, height: 360 });
  assert.deepEqual(layers.at(1_000).map(({ name, fps, bitsPerSecond }) => [name, fps, bitsPerSecond]), [
    ["at 7.5 fps", 7.5, 300_000],
    ["at 15 fps", 15, 600_000],
    ["", 30, 900_000],
  ]);
});

test("B340: an encoding that its publisher was told to stop can be had; one that it is asked for in vain cannot, for a while", () => {
  const { encodings: [, , high], track, names } = trackOf("q", "h", "f");
  high.active = false;
  track.wantedRids = ["q", "h"];
  assert.deepEqual(names(0), ["q", "h", "f"]);
  track.wantedRids = ["q", "h", "f"];
  assert.deepEqual(names(1_000), ["q", "h", "f"]);
  assert.deepEqual(names(1_000 + WAKE_MS - 1), ["q", "h", "f"]);
  assert.deepEqual(names(1_500 + WAKE_MS), ["q", "h"]);
  track.wantedRids = ["q", "h"];
  assert.deepEqual(names(3_000 + WAKE_MS), ["q", "h"], "nobody asks, and it did not come");
  assert.deepEqual(names(1_500 + WAKE_MS + RETRY_MS), ["q", "h", "f"], "it is tried again");
  high.active = true;
  assert.deepEqual(names(2_000 + WAKE_MS + RETRY_MS), ["q", "h", "f"]);
});

test("B340: an encoding without a name cannot be asked for; a track that is in one encoding alone can always be had", () => {
  const group = trackOf(undefined, undefined);
  group.encodings[1].active = false;
  assert.deepEqual(group.names(0), ["1"]);
  const single = trackOf(undefined);
  single.encodings[0].active = false;
  assert.deepEqual(single.names(0), [""]);
});
