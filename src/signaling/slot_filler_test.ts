import assert from "node:assert/strict";
import type { SlotFilling } from "../webrtc/slots.ts";
import { SlotFiller, TELL_INTERVAL_MS } from "./slot_filler.ts";

/** A peer with two slots, and what its client was told. */
class Fixture {
  held: Record<string, string | undefined> = { "1": undefined, "2": undefined };
  hasSlots = true;
  /** What the next `fillSlots` returns. */
  nextMs = Infinity;
  fills = 0;
  wanted = 0;
  readonly told: string[] = [];
  readonly filler = new SlotFiller({
    slots: this,
    timeWanted: () => this.wanted++,
    changed: (slots) => this.told.push(words(slots)),
  });

  get slots(): SlotFilling[] {
    return Object.entries(this.held).map(([mid, trackId]) => ({ mid, trackId }));
  }

  fillSlots(): number {
    this.fills++;
    return this.nextMs;
  }

  /** Has the filler do what is due, as its timer does. */
  tick(nowMs: number): void {
    if (this.filler.nextTimeout() <= nowMs) this.filler.handleTimeout(nowMs);
  }
}

function words(slots: readonly SlotFilling[]): string {
  return slots.map(({ mid, trackId }) => `${mid}=${trackId ?? ""}`).join(" ");
}

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("P99: what changes together is told once, and only what has changed", () => {
  const fixture = new Fixture();
  fixture.filler.takeAll();
  fixture.held["1"] = "a";
  fixture.filler.refresh();
  fixture.filler.refresh();
  assert.equal(fixture.wanted, 1, "its time is asked for once");
  fixture.tick(1000);
  assert.deepEqual(fixture.told, ["1=a"]);
  assert.equal(fixture.filler.nextTimeout(), Infinity);
  fixture.held = { "1": undefined, "2": "b" };
  fixture.filler.refresh();
  fixture.tick(2000);
  assert.deepEqual(fixture.told, ["1=a", "1= 2=b"]);
});

test("P99: a client is told four times a second at most, and what the last state is", () => {
  const fixture = new Fixture();
  fixture.filler.takeAll();
  for (let nowMs = 0; nowMs < 1000; nowMs += 25) {
    fixture.held["1"] = `track-${nowMs}`;
    fixture.filler.refresh();
    fixture.tick(nowMs);
  }
  assert.equal(fixture.told.length, 1000 / TELL_INTERVAL_MS);
  assert.equal(fixture.fills, 40, "slots are filled at once all the same");
  fixture.tick(1000);
  assert.equal(fixture.told.at(-1), "1=track-975");
  assert.equal(fixture.filler.nextTimeout(), Infinity);
});

test("P99: what has changed back is not told, and what was told as a whole is not told again", () => {
  const fixture = new Fixture();
  fixture.held["1"] = "a";
  assert.equal(words(fixture.filler.takeAll()), "1=a 2=");
  fixture.filler.refresh();
  fixture.tick(0);
  assert.deepEqual(fixture.told, []);
});

test("P107: a track that waits for its turn has it when it is due", () => {
  const fixture = new Fixture();
  fixture.filler.takeAll();
  fixture.nextMs = 700;
  fixture.filler.refresh();
  fixture.tick(0);
  assert.deepEqual([fixture.filler.nextTimeout(), fixture.fills], [700, 1]);
  fixture.nextMs = Infinity;
  fixture.tick(699);
  fixture.tick(700);
  assert.deepEqual([fixture.filler.nextTimeout(), fixture.fills], [Infinity, 2]);
});

test("P98: a peer without slots has no deadline", () => {
  const fixture = new Fixture();
  fixture.hasSlots = false;
  fixture.filler.refresh();
  assert.deepEqual([fixture.wanted, fixture.filler.nextTimeout()], [0, Infinity]);
});
