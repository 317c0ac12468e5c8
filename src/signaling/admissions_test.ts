import assert from "node:assert/strict";
import { Admissions, JOIN_BOUNDS_MS } from "./admissions.ts";
import type { LeaveReason } from "./participant.ts";

const NONE = { connected: 0, left: 0, failed: 0, refused: 0 };

Deno.test({
  name: "B260: a join that connects is counted once, with its duration, whatever comes after",
  permissions: "none",
  fn() {
    const admissions = new Admissions();
    const peer = {};
    admissions.joined(peer, 1000);
    assert.deepEqual(admissions.figures.joins, NONE, "it has no outcome yet");
    admissions.connected(peer, 1200);
    admissions.connected(peer, 5000);
    admissions.left(peer, "leave");
    const { joins, durations } = admissions.figures;
    assert.deepEqual(joins, { ...NONE, connected: 1 });
    assert.equal(durations.sumMs, 200);
    assert.equal(durations.counts[JOIN_BOUNDS_MS.indexOf(250)], 1);
  },
});

for (
  const [reason, outcome] of [
    ["leave", "left"],
    ["server-closing", "left"],
    ["transport-failed", "failed"],
    ["signaling-lost", "failed"],
    ["fault", "failed"],
    ["refused", "refused"],
  ] as const satisfies readonly (readonly [LeaveReason, keyof typeof NONE])[]
) {
  Deno.test({
    name: `B260: a join that ends by ${reason} before it connected counts as ${outcome}`,
    permissions: "none",
    fn() {
      const admissions = new Admissions();
      const peer = {};
      admissions.joined(peer, 0);
      for (let i = 0; i < 2; i++) admissions.left(peer, reason);
      const { joins, durations } = admissions.figures;
      assert.deepEqual(joins, { ...NONE, [outcome]: 1 });
      assert.equal(durations.sumMs, 0);
    },
  });
}

Deno.test({
  name: "a join that somebody else counts is forgotten, and one without a peer is refused",
  permissions: "none",
  fn() {
    const admissions = new Admissions();
    const peer = {};
    admissions.joined(peer, 0);
    admissions.forget(peer);
    admissions.left(peer, "refused");
    admissions.joinRefused();
    assert.deepEqual(admissions.figures.joins, { ...NONE, refused: 1 });
  },
});

Deno.test({
  name: "B260: refusals are counted by code, of which there are never more than a hundred and one",
  permissions: "none",
  fn() {
    const admissions = new Admissions();
    for (let i = 0; i < 3; i++) admissions.refused("bad-sdp");
    admissions.refused("no-capacity");
    assert.deepEqual(Object.entries(admissions.figures.refusals), [["bad-sdp", 3], ["no-capacity", 1]]);
    for (let i = 0; i < 1000; i++) admissions.refused(`code-${i}`);
    admissions.refused("bad-sdp");
    const { refusals } = admissions.figures;
    assert.equal(Object.keys(refusals).length, 101);
    assert.deepEqual([refusals["bad-sdp"], refusals.other], [4, 902]);
  },
});
