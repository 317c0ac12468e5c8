import assert from "node:assert/strict";
import { CLOSE_CODES, meansLeaving } from "./close_codes.ts";

Deno.test({
  name: "P13, P14: who closes with 1000, 1001 or without a code leaves, and nobody else does",
  permissions: "none",
  fn() {
    const codes = [1000, 1001, 1005, 1002, 1006, 1008, 1011, 4000, 4001];
    assert.deepEqual(codes.filter(meansLeaving), [1000, 1001, 1005]);
  },
});

Deno.test({
  name: "the protocol's table has each code that the server closes with, and no other",
  permissions: { read: ["docs"] },
  fn() {
    const page = Deno.readTextFileSync("docs/protocol.md");
    const told = [...page.matchAll(/^\| (\d{4}) +\|/gm)].map(([, code]) => Number(code));
    assert.deepEqual(told.toSorted(), [...new Set(Object.values(CLOSE_CODES))].toSorted());
  },
});
