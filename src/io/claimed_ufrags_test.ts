import assert from "node:assert/strict";
import { ClaimedUfrags } from "./claimed_ufrags.ts";

Deno.test({
  name: "B156: a peer is found by its newest four ufrags, each claimed once, until it gives them up",
  permissions: "none",
  fn() {
    const table = new Map<string, string>();
    const [one, two] = [new ClaimedUfrags(table, "one"), new ClaimedUfrags(table, "two")];
    two.claim("other");
    for (const ufrag of ["a", "b", "b", "c", "d", "b", "e"]) one.claim(ufrag);
    assert.deepEqual(Object.fromEntries(table), { other: "two", b: "one", c: "one", d: "one", e: "one" });
    one.clear();
    one.clear();
    assert.deepEqual([...table], [["other", "two"]]);
  },
});
