import assert from "node:assert/strict";
import fc from "fast-check";
import { cameraLayers } from "../../tests/harness/layers.ts";
import { type AllocatedTrack, type Allocation, Allocator, KEEP_MS } from "./allocator.ts";
import { compareLayers, ladderOf, type Layer } from "./layer_ladder.ts";
import type { WantedQuality } from "./quality.ts";

function property<T extends [unknown, ...unknown[]]>(name: string, of: fc.IProperty<T>, numRuns = 100): void {
  Deno.test({ name, permissions: "none", fn: () => fc.assert(of, { numRuns }) });
}

const kilobits = fc.integer({ min: 0, max: 12_000 });
const layers: fc.Arbitrary<readonly Layer[]> = fc.oneof(
  fc.array(fc.integer({ min: 20_000, max: 3_000_000 }), { minLength: 1, maxLength: 3 }).map(cameraLayers),
  // Whatever a publisher's layers are measured at, be it nonsense.
  fc.array(
    fc.record({
      encoding: fc.integer({ min: 0, max: 2 }),
      spatial: fc.integer({ min: 0, max: 2 }),
      temporal: fc.integer({ min: 0, max: 3 }),
      name: fc.constant("x"),
      width: fc.integer({ min: 0, max: 2000 }),
      height: fc.integer({ min: 0, max: 2000 }),
      fps: fc.integer({ min: 0, max: 60 }),
      bitsPerSecond: fc.integer({ min: 0, max: 4_000_000 }),
    }),
    { maxLength: 12 },
  ),
);
const wanted: fc.Arbitrary<WantedQuality> = fc.record({
  width: fc.integer({ min: 1, max: 2000 }),
  height: fc.integer({ min: 1, max: 2000 }),
  fps: fc.integer({ min: 1, max: 60 }),
  priority: fc.integer({ min: 0, max: 3 }),
  pinned: fc.boolean(),
  off: fc.boolean(),
}, { requiredKeys: [] });
const trackWith = (of: fc.Arbitrary<WantedQuality>): fc.Arbitrary<Omit<AllocatedTrack, "id">> =>
  fc.record({ layers, wanted: of, prefersSize: fc.boolean() });
const tracksWith = (of: fc.Arbitrary<WantedQuality>): fc.Arbitrary<AllocatedTrack[]> =>
  fc.array(trackWith(of), { maxLength: 8 }).map((tracks) => tracks.map((track, id) => ({ id: String(id), ...track })));

function bitsOf(allocations: readonly Allocation[]): number {
  return allocations.reduce((sum, { layer }) => sum + (layer?.bitsPerSecond ?? 0), 0);
}

function rungsOf({ layers, wanted, prefersSize }: AllocatedTrack): readonly Layer[] {
  return wanted.off ? [] : ladderOf(layers, wanted, prefersSize).rungs;
}

property(
  "B330, B337: no more is given than there is beside sound, a moment aside for what was sent before, and nothing unwanted",
  fc.property(
    tracksWith(wanted),
    fc.array(fc.tuple(kilobits, kilobits, fc.integer({ max: 20_000, min: 0 }))),
    (tracks, events) => {
      const allocator = new Allocator();
      const firsts = tracks.map((track) => rungsOf(track).at(0)?.bitsPerSecond ?? 0);
      let nowMs = 0;
      let before = firsts.map(() => false);
      for (const [estimate, sound, ms] of events) {
        nowMs += ms;
        const supply = { bitsPerSecond: estimate * 1000, soundBitsPerSecond: sound * 100 };
        const room = Math.max(0, supply.bitsPerSecond - supply.soundBitsPerSecond);
        const kept = firsts.reduce((sum, one, i) => before[i] ? sum + one : sum, 0);
        for (const limit of [Math.max(room, kept), room]) {
          const allocations = allocator.allocate(tracks, supply, nowMs);
          assert.equal(allocations.length, tracks.length);
          assert.ok(bitsOf(allocations) <= limit, `${bitsOf(allocations)} of ${limit}`);
          for (const [i, { layer }] of allocations.entries()) {
            assert.ok(layer === undefined || rungsOf(tracks[i]).includes(layer));
          }
          before = allocations.map(({ layer }) => layer !== undefined);
          nowMs += KEEP_MS;
        }
      }
    },
  ),
);

property(
  "B331: a track alone is given no less where there is more, whatever its layers are",
  fc.property(trackWith(wanted), kilobits, kilobits, (track, one, other) => {
    const given = (estimate: number) => {
      const supply = { bitsPerSecond: estimate * 1000, soundBitsPerSecond: 0 };
      return new Allocator().allocate([{ id: "0", ...track }], supply, 0)[0].layer;
    };
    const [less, more] = [given(Math.min(one, other)), given(Math.max(one, other))];
    assert.ok(less === undefined || more !== undefined && compareLayers(less, more) <= 0);
  }),
);

property(
  "B334: of equal tracks an earlier one has no less than a later one, and the least of them no less where there is more",
  fc.property(layers, fc.integer({ min: 1, max: 9 }), kilobits, kilobits, (layers, count, one, other) => {
    const tracks = Array.from(
      { length: count },
      (_, id) => ({ id: String(id), layers, wanted: {}, prefersSize: false }),
    );
    const rungs = rungsOf(tracks[0]);
    const given = (estimate: number) => {
      const supply = { bitsPerSecond: estimate * 1000, soundBitsPerSecond: 0 };
      return new Allocator().allocate(tracks, supply, 0).map(({ layer }) =>
        layer === undefined ? -1 : rungs.indexOf(layer)
      );
    };
    const [less, more] = [given(Math.min(one, other)), given(Math.max(one, other))];
    for (const levels of [less, more]) assert.deepEqual(levels, levels.toSorted((a, b) => b - a));
    assert.ok(Math.min(...less) <= Math.min(...more));
  }),
);

property(
  "B334: where the first layers of all fit all are sent, once the waits are over, and then nothing changes any more",
  fc.property(tracksWith(wanted), fc.array(kilobits, { maxLength: 5 }), kilobits, (all, before, estimate) => {
    const tracks = all.map((track) => ({ ...track, wanted: { ...track.wanted, pinned: false } }));
    const allocator = new Allocator();
    let nowMs = 0;
    const step = (kilobits: number) => {
      nowMs += 500;
      const supply = { bitsPerSecond: kilobits * 1000, soundBitsPerSecond: 0 };
      return allocator.allocate(tracks, supply, nowMs).map(({ layer }) => layer);
    };
    for (const kilobits of before) step(kilobits);
    // As many steps as there are rungs, and a wait behind each.
    for (let n = 0; n < 12 * 12; n++) step(estimate);
    const settled = step(estimate);
    for (let n = 0; n < 60; n++) {
      assert.deepEqual(step(estimate), settled);
    }
    const firsts = tracks.map((track) => rungsOf(track).at(0)?.bitsPerSecond ?? 0);
    const needed = firsts.reduce((sum, one) => sum + one, 0) + Math.max(...firsts, 0) * 0.1 + estimate * 1000 * 0.05;
    if (needed > estimate * 1000) return;
    for (const [i, layer] of settled.entries()) assert.equal(layer !== undefined, rungsOf(tracks[i]).length > 0);
  }),
  30,
);
