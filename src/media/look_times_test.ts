import assert from "node:assert/strict";
import fc from "fast-check";
import { LookTimes } from "./look_times.ts";

/** Who is looked at at `nowMs`; each is to be looked at `intervalMs` later. */
function lookedAt(looks: LookTimes<string>, nowMs: number, intervalMs = 100): string[] {
  const seen: string[] = [];
  looks.handleTimeout(nowMs, (item) => {
    seen.push(item);
    return nowMs + intervalMs;
  });
  return seen;
}

function looksOf(...items: string[]): LookTimes<string> {
  const looks = new LookTimes<string>();
  for (const item of items) looks.add(item);
  return looks;
}

Deno.test({
  name: "each is looked at at once, then when it said, and sooner where that is asked for",
  permissions: "none",
  fn() {
    const looks = looksOf("a", "b", "c");
    assert.deepEqual(lookedAt(looks, 0), ["a", "b", "c"]);
    assert.deepEqual(lookedAt(looks, 99), []);
    looks.bringForward("b");
    looks.bringForward("nobody");
    assert.deepEqual(lookedAt(looks, 99), ["b"]);
    assert.deepEqual(lookedAt(looks, 100), ["a", "c"]);
    looks.bringAllForward();
    assert.deepEqual(lookedAt(looks, 101), ["a", "b", "c"]);
  },
});

Deno.test({
  name: "who is deleted is looked at no more, and nobody else instead of it",
  permissions: "none",
  fn() {
    const looks = looksOf("a", "b", "c");
    lookedAt(looks, 0);
    looks.bringForward("c");
    for (const item of ["a", "a", "nobody"]) looks.delete(item);
    assert.deepEqual(lookedAt(looks, 0), ["c"]);
    assert.deepEqual(lookedAt(looks, 100).toSorted(), ["b", "c"]);
    for (const item of ["b", "c"]) looks.delete(item);
    assert.deepEqual(lookedAt(looks, 1000), []);
  },
});

Deno.test({
  name: "one that leaves, or that has others leave or come, while it is looked at disturbs nobody",
  permissions: "none",
  fn() {
    for (const leaving of [["a"], ["b"], ["c"], ["a", "c"], ["b", "a"], ["c", "b", "a"]]) {
      const looks = looksOf("a", "b", "c");
      const seen = new Set<string>();
      for (const nowMs of [0, 25]) {
        looks.handleTimeout(nowMs, (item) => {
          seen.add(item);
          if (item === "a") {
            for (const other of leaving) looks.delete(other);
            looks.add("d");
          }
          return nowMs + 100;
        });
      }
      for (const item of ["a", "b", "c", "d"]) {
        assert.ok(seen.has(item) || leaving.includes(item), `${item} where ${leaving} left`);
      }
      assert.deepEqual(
        lookedAt(looks, 1000).toSorted(),
        ["a", "b", "c", "d"].filter((item) => !leaving.includes(item)),
      );
    }
  },
});

Deno.test({
  name: "whoever comes and goes, those are looked at who are due",
  permissions: "none",
  fn() {
    const step = fc.tuple(fc.constantFrom("add", "delete", "forward", "all forward", "tick"), fc.nat(40));
    fc.assert(fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const looks = new LookTimes<string>();
      const expected = new Map<string, number>();
      let nowMs = 0;
      for (const [action, number] of steps) {
        const item = `${number}`;
        if (action === "add" && !expected.has(item)) {
          looks.add(item);
          expected.set(item, -Infinity);
        } else if (action === "delete") {
          looks.delete(item);
          expected.delete(item);
        } else if (action === "forward") {
          looks.bringForward(item);
          if (expected.has(item)) expected.set(item, -Infinity);
        } else if (action === "all forward") {
          looks.bringAllForward();
          for (const each of expected.keys()) expected.set(each, -Infinity);
        } else {
          nowMs += number;
          const due = [...expected.keys()].filter((each) => expected.get(each)! <= nowMs);
          assert.deepEqual(lookedAt(looks, nowMs).toSorted(), due.toSorted());
          for (const each of due) expected.set(each, nowMs + 100);
        }
      }
    }));
  },
});
