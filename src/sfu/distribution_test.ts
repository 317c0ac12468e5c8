import assert from "node:assert/strict";
import { camera, cameraLayers } from "../../tests/harness/layers.ts";
import type { AllocatedTrack } from "./allocator.ts";
import { type Climb, distribute } from "./distribution.ts";
import { ladderOf } from "./layer_ladder.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

/** A track that is at its top: what it had needs no margin, so the numbers are those of the layers. */
function climbOf(track: AllocatedTrack, rank: number, stage: number): Climb {
  const { rungs } = ladderOf(track.layers, track.wanted, track.prefersSize);
  const costs = rungs.map(({ bitsPerSecond }) => bitsPerSecond);
  return {
    costs,
    rank,
    stage,
    present: Infinity,
    isKept: false,
    isHeld: false,
    staysAtFloor: false,
    level: -1,
    stop: "top",
  };
}

/** What is given, as the budget rises from 0 to 5 Mbit/s by 10 kbit/s: at which of them, in kbit/s, something changes. */
function sweep(climbs: () => Climb[]): string[] {
  const seen: string[] = [];
  let last = "";
  for (let kilobits = 0; kilobits <= 5_000; kilobits += 10) {
    const given = climbs();
    distribute(kilobits * 1000, given);
    const levels = given.map(({ level }) => level < 0 ? "-" : level).join(" ");
    if (levels !== last) seen.push(`${kilobits}: ${levels}`);
    last = levels;
  }
  return seen;
}

const SMALL = { width: 320, height: 180 };

test("B333: one on the stage is worth seeing before the others begin, and at its best before they get better", () => {
  const stage = () => [
    climbOf(camera("A"), Infinity, 3),
    ...["B", "C", "D"].map((id) => climbOf(camera(id, SMALL), 1, -1)),
  ];
  assert.deepEqual(sweep(stage), [
    "0: - - - -",
    "50: 0 - - -",
    "100: 1 - - -",
    "150: 2 - - -",
    // What the next step of the one on the stage leaves over, until it is there.
    "200: 2 0 - -",
    "250: 2 0 0 -",
    "300: 2 0 0 0",
    "350: 2 1 0 0",
    "400: 2 1 1 0",
    "450: 2 1 1 1",
    "500: 3 - - -",
    "550: 3 0 - -",
    "600: 3 0 0 -",
    "650: 3 0 0 0",
    "700: 3 1 0 0",
    "750: 3 1 1 0",
    "800: 3 1 1 1",
    "850: 3 2 1 1",
    "900: 3 2 2 1",
    "950: 3 2 2 2",
    "2150: 4 0 0 0",
    "2200: 4 1 0 0",
    "2250: 4 1 1 0",
    "2300: 4 1 1 1",
    "2350: 4 2 1 1",
    "2400: 4 2 2 1",
    "2450: 4 2 2 2",
  ]);
});

test("B334: tiles of one rank get their first layer before any gets its second, and rise in turn", () => {
  const tiles = () => ["A", "B", "C"].map((id) => climbOf(camera(id), 1, -1));
  assert.deepEqual(sweep(tiles).slice(0, 12), [
    "0: - - -",
    "50: 0 - -",
    "100: 0 0 -",
    "150: 0 0 0",
    "200: 1 0 0",
    "250: 1 1 0",
    "300: 1 1 1",
    "350: 2 1 1",
    "400: 2 2 1",
    "450: 2 2 2",
    "800: 3 2 2",
    "1150: 3 3 2",
  ]);
  assert.equal(sweep(tiles).at(-1), "4500: 4 4 3");
});

test("B333: a higher rank is at its best before a lower one gets more than its first layer", () => {
  const ranks = () => [climbOf(camera("A"), 1, -1), climbOf(camera("B", { width: 640, height: 360 }), 2, -1)];
  assert.deepEqual(sweep(ranks).slice(0, 7), [
    "0: - -",
    "50: - 0",
    "100: 0 0",
    "150: 0 1",
    "200: 0 2",
    "250: 1 2",
    "300: 2 2",
  ]);
  assert.ok(sweep(ranks).includes("550: 0 3"));
});

test("B335: what does not fit leaves its room to those that come after it", () => {
  const large = climbOf(camera("A", {}, cameraLayers([900_000])), 2, -1);
  const small = climbOf(camera("B", SMALL), 1, -1);
  distribute(200_000, [large, small]);
  assert.deepEqual([large.level, large.stop, small.level, small.stop], [-1, "room", 2, "top"]);
});

test("B336: a step up takes a margin, and one that waits keeps its room meanwhile", () => {
  const rising = (isHeld: boolean): Climb => ({ ...climbOf(camera("A", SMALL), 2, -1), present: 0, isHeld });
  const other = () => climbOf(camera("B", SMALL), 1, -1);
  const given = (budget: number, climbs: Climb[]) => {
    distribute(budget, climbs);
    return climbs.map(({ level, stop }) => `${level} ${stop}`);
  };
  assert.deepEqual(given(99_000, [rising(false)]), ["0 room"]);
  assert.deepEqual(given(109_000, [rising(false)]), ["0 margin"]);
  assert.deepEqual(given(110_000, [rising(false)]), ["1 room"]);
  assert.deepEqual(given(165_000, [rising(false)]), ["2 top"]);
  assert.deepEqual(given(400_000, [rising(true)]), ["0 hold"]);
  assert.deepEqual(given(200_000, [rising(true), other()]), ["0 hold", "1 room"], "50 of the 200 kbit/s wait");
});
