import assert from "node:assert/strict";
import type { PeerId, Speakers } from "../sfu/types.ts";
import { MergedSpeakers } from "./merged_speakers.ts";

/** Peers `a1` and `a2` are at node 0, `b1` at node 1, `c1` at node 2. */
const NODES: Readonly<Record<string, number>> = { a: 0, b: 1, c: 2 };

function setUp() {
  const gone = new Set<PeerId>();
  const merged = new MergedSpeakers((peerId) => gone.has(peerId) ? undefined : NODES[peerId[0]]);
  return { merged, gone };
}

/** `a1:5 b1:3` is who speaks and how loud, the dominant one first behind an exclamation mark where there is one. */
function heard(text: string): Speakers {
  const [dominant] = /(?<=!)\w+/.exec(text) ?? [];
  const active = [...text.matchAll(/(\w+):(\d+)/g)].map(([, peerId, level]) => ({ peerId, level: Number(level) }));
  return dominant === undefined ? { active } : { dominant, active };
}

Deno.test({
  name: "B398: of each peer that speaks counts what its own node hears, loudest first behind the dominant one",
  permissions: "none",
  fn() {
    const { merged } = setUp();
    assert.deepEqual(merged.update(0, heard("!a1 a1:50 a2:40 b1:99")), heard("!a1 a1:50 a2:40"));
    assert.deepEqual(merged.update(1, heard("!a1 a1:10 b1:45")), heard("!a1 a1:50 b1:45 a2:40"));
    assert.deepEqual(merged.update(0, heard("!a1 a1:50 b1:3")), heard("!a1 a1:50 b1:45"));
    assert.deepEqual(merged.update(1, heard("!a1")), heard("!a1 a1:50"), "it hears its own best");
  },
});

Deno.test({
  name: "B398: what changes nothing for the room is not told again",
  permissions: "none",
  fn() {
    const { merged } = setUp();
    assert.ok(merged.update(0, heard("!a1 a1:50")));
    assert.equal(merged.update(0, heard("!a1 a1:50")), undefined);
    assert.equal(merged.update(1, heard("!a1 a1:49")), undefined);
    assert.equal(merged.update(2, heard("a1:48")), undefined);
    assert.equal(merged.forget(2), undefined);
    assert.equal(merged.forget(2), undefined, "it is not known any more");
    assert.deepEqual(merged.update(0, heard("!a1 a1:51")), heard("!a1 a1:51"));
  },
});

Deno.test({
  name: "B398: the dominant speaker is of a node that names its own, of several the one that has changed last",
  permissions: "none",
  fn() {
    const { merged } = setUp();
    merged.update(0, heard("!a1 a1:50"));
    assert.equal(merged.update(1, heard("!b1 b1:60"))?.dominant, "b1", "while the first has not heard of it");
    assert.equal(merged.update(0, heard("!a1 a1:51"))?.dominant, "b1", "its claim is older");
    assert.equal(merged.update(0, heard("!b1 a1:51")), undefined, "it has given in");
    assert.equal(merged.update(0, heard("!a2 a2:51"))?.dominant, "a2");
    assert.equal(merged.update(1, heard("!a2 b1:60")), undefined);
    assert.equal(merged.update(2, heard("!c1 c1:70"))?.dominant, "c1");
  },
});

Deno.test({
  name: "B398: of dominant speakers who do not hear each other the one who speaks counts, or has begun to last",
  permissions: "none",
  fn() {
    const { merged } = setUp();
    merged.update(0, heard("!a1 a1:50"));
    assert.equal(merged.update(1, heard("!b1 b1:60"))?.dominant, "b1");
    assert.equal(merged.update(1, heard("!b1"))?.dominant, "a1", "who speaks on");
    assert.equal(merged.update(1, heard("!b1 b1:60"))?.dominant, "b1", "who speaks again");
    assert.equal(merged.update(0, heard("!a1"))?.dominant, "b1");
    assert.equal(merged.update(1, heard("!b1"))?.dominant, "b1", "when all are silent who was the last");
    assert.equal(merged.update(0, heard("!a1 a1:40"))?.dominant, "a1");
  },
});

Deno.test({
  name: "B398: while nobody names its own the dominant speaker stays, until that peer is gone",
  permissions: "none",
  fn() {
    const { merged, gone } = setUp();
    merged.update(0, heard("!a1 a1:50"));
    merged.update(1, heard("!a1 b1:40"));
    assert.equal(merged.update(0, heard("!b1 a1:50")), undefined, "each names the other one's");
    gone.add("a1");
    assert.deepEqual(merged.update(1, heard("!a1 b1:41")), heard("b1:41"));
  },
});

Deno.test({
  name: "B398: who was heard by a node that is gone speaks no more, and is not dominant",
  permissions: "none",
  fn() {
    const { merged, gone } = setUp();
    merged.update(0, heard("!a1 a1:50"));
    merged.update(1, heard("!a1 b1:40"));
    gone.add("a1");
    assert.deepEqual(merged.forget(0), heard("b1:40"));
    assert.deepEqual(merged.update(1, heard("!b1 b1:40")), heard("!b1 b1:40"));
  },
});
