import assert from "node:assert/strict";
import fc from "fast-check";
import type { PublishedTrack } from "../sfu/types.ts";
import {
  type Assignment,
  assignSlots,
  type Candidate,
  type Claim,
  type FilledSlot,
  NO_SWAPS,
  type SwapPace,
} from "./slot_assignment.ts";

const PACE: SwapPace = { stayMs: 2000, intervalMs: 500 };

function track(id: string): PublishedTrack {
  const codec = { mimeType: "video/vp8", clockRate: 90_000, payloadType: 96, fmtp: "" };
  return { id, kind: "video", peerId: `peer-${id}`, source: "camera", codec };
}

function slot(held?: string, swappedMs = -Infinity, refused: readonly string[] = []): FilledSlot {
  return { track: held === undefined ? undefined : track(held), swappedMs, accepts: ({ id }) => !refused.includes(id) };
}

/** As in `now:a inTurn:b c d`, the most relevant first. */
function candidates(text: string): Candidate[] {
  return text.split(" ").filter((one) => one !== "").map((one) => {
    const [claim, id] = one.includes(":") ? one.split(":") : ["whereFree", one];
    return { track: track(id), claim: claim as Claim };
  });
}

interface Call {
  readonly slots: readonly FilledSlot[];
  readonly from: string;
  readonly lastSwapMs?: number;
  readonly nowMs?: number;
}

function assign({ slots, from, lastSwapMs = -Infinity, nowMs = 10_000 }: Call): Assignment {
  return assignSlots(slots, candidates(from), PACE, lastSwapMs, nowMs);
}

function held({ tracks }: Assignment): string {
  return tracks.map((track) => track?.id ?? "-").join(" ");
}

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("P106: empty slots take the most relevant tracks, each once", () => {
  assert.equal(held(assign({ slots: [slot(), slot(), slot()], from: "now:c inTurn:a b d" })), "c a b");
  assert.equal(held(assign({ slots: [slot(), slot("a"), slot()], from: "a" })), "- a -");
});

test("P107: who is among the first stays in the slot, whatever the order", () => {
  assert.equal(held(assign({ slots: [slot("b"), slot("a")], from: "inTurn:a inTurn:b c" })), "b a");
});

test("P107: a track that claims no place waits until a slot is free", () => {
  assert.equal(held(assign({ slots: [slot("c"), slot("d")], from: "a b c d" })), "c d");
  assert.equal(held(assign({ slots: [slot("c"), slot("d")], from: "a b c" })), "c a");
});

test("P107: who claims a place takes that of the least relevant, and of nobody who is more relevant", () => {
  assert.equal(held(assign({ slots: [slot("a"), slot("c"), slot("b")], from: "inTurn:x a b c" })), "a x b");
  assert.equal(held(assign({ slots: [slot("a")], from: "now:a inTurn:x" })), "a");
});

test("P107: who came by a swap stays for a while, but for what may come at once", () => {
  const slots = [slot("a", 9000)];
  const waiting = assign({ slots, from: "inTurn:x a" });
  assert.deepEqual([held(waiting), waiting.nextMs], ["a", 11_000]);
  assert.equal(held(assign({ slots, from: "inTurn:x a", nowMs: 11_000 })), "x");
  assert.equal(held(assign({ slots, from: "now:x a" })), "x");
});

test("P107: swaps in turn keep their distance", () => {
  const slots = [slot("a"), slot("b")];
  const one = assign({ slots, from: "inTurn:x inTurn:y a b" });
  assert.deepEqual([held(one), one.swapped, one.nextMs], ["a x", [1], 10_500]);
  const soon = assign({ slots, from: "inTurn:x a b", lastSwapMs: 9800 });
  assert.deepEqual([held(soon), soon.nextMs], ["a b", 10_300]);
});

test("P107: without the time only empty slots are filled", () => {
  const assigned = assign({ slots: [slot("a"), slot()], from: "now:x now:y a", nowMs: NO_SWAPS });
  assert.deepEqual([held(assigned), assigned.nextMs], ["a x", Infinity]);
});

test("P108: a slot that cannot take a track is passed over, and the track not lost", () => {
  assert.equal(held(assign({ slots: [slot(undefined, -Infinity, ["a"]), slot()], from: "a b" })), "b a");
  assert.equal(held(assign({ slots: [slot("b", -Infinity, ["x"]), slot("a")], from: "now:x a b" })), "b x");
  assert.equal(held(assign({ slots: [slot("b", -Infinity, ["x"])], from: "now:x b" })), "b");
});

/** What a room is like: its tracks, the most relevant first, of which so many claim a place; and the time that has passed. */
interface Step {
  readonly order: readonly string[];
  readonly now: number;
  readonly inTurn: number;
  readonly passedMs: number;
}

interface History {
  readonly count: number;
  readonly steps: readonly Step[];
}

const history: fc.Arbitrary<History> = fc.record({
  count: fc.integer({ min: 1, max: 5 }),
  steps: fc.array(
    fc.record({
      order: fc.shuffledSubarray(["a", "b", "c", "d", "e", "f", "g", "h"]),
      now: fc.integer({ min: 0, max: 2 }),
      inTurn: fc.integer({ min: 0, max: 4 }),
      passedMs: fc.integer({ min: 0, max: 1500 }),
    }),
    { minLength: 1, maxLength: 40 },
  ),
});

/** What one step has made of the slots. */
interface Stage {
  readonly before: readonly (string | undefined)[];
  readonly after: readonly (string | undefined)[];
  readonly step: Step;
  /** Places that were taken in turn. */
  readonly turns: number;
  readonly nowMs: number;
}

function* play({ count, steps }: History): Generator<Stage> {
  let slots: FilledSlot[] = Array.from({ length: count }, () => slot());
  let nowMs = 0;
  let lastSwapMs = -Infinity;
  for (const step of steps) {
    nowMs += step.passedMs;
    const ranked = step.order.map((id, index): Candidate => ({ track: track(id), claim: claimOf(step, index) }));
    const before = slots.map(({ track }) => track?.id);
    const { tracks, swapped } = assignSlots(slots, ranked, PACE, lastSwapMs, nowMs);
    if (swapped.length > 0) lastSwapMs = nowMs;
    const after = tracks.map((track) => track?.id);
    const pinned = step.order.slice(0, step.now);
    const turns = swapped.filter((index) => !pinned.includes(after[index] ?? "")).length;
    yield { before, after, step, turns, nowMs };
    slots = tracks.map((track, index) => ({
      track,
      swappedMs: swapped.includes(index) ? nowMs : before[index] === track?.id ? slots[index].swappedMs : -Infinity,
      accepts: () => true,
    }));
  }
}

function claimOf({ now, inTurn }: Step, index: number): Claim {
  if (index < now) return "now";
  return index < now + inTurn ? "inTurn" : "whereFree";
}

test("P106, P107: whatever happens, no track is in two slots, the pinned ones are in, and none is free in vain", () => {
  fc.assert(
    fc.property(history, (told) => {
      for (const { after, step: { order, now } } of play(told)) {
        const ids = after.filter((id) => id !== undefined);
        assert.equal(new Set(ids).size, ids.length, "a track is in two slots");
        assert.ok(ids.every((id) => order.includes(id)), "a track that is gone is shown");
        assert.equal(ids.length, Math.min(told.count, order.length), "a slot is empty in vain");
        for (const id of order.slice(0, Math.min(now, told.count))) {
          assert.ok(ids.includes(id), `${id} is pinned and not shown`);
        }
      }
    }),
    { seed: 981, numRuns: 500 },
  );
});

test("P107: whatever happens, nobody who stays changes the slot, and a place is lost to somebody who claims it alone", () => {
  fc.assert(
    fc.property(history, (told) => {
      for (const { before, after, step: { order, now, inTurn } } of play(told)) {
        const claiming = order.slice(0, now + inTurn);
        for (const [index, id] of before.entries()) {
          if (id === undefined || !order.includes(id) || after[index] === id) continue;
          assert.ok(!after.includes(id), `${id} jumped`);
          assert.ok(claiming.includes(after[index] ?? ""), `${after[index]} took a place that it did not claim`);
        }
      }
    }),
    { seed: 982, numRuns: 500 },
  );
});

test("P107: whatever happens, swaps in turn are bounded by the time", () => {
  fc.assert(
    fc.property(history, (told) => {
      let turns = 0;
      let startMs: number | undefined;
      for (const { turns: more, nowMs } of play(told)) {
        startMs ??= nowMs;
        turns += more;
        assert.ok(turns <= 1 + Math.floor((nowMs - startMs) / PACE.intervalMs), `${turns} swaps in ${nowMs} ms`);
      }
    }),
    { seed: 983, numRuns: 500 },
  );
});
