import assert from "node:assert/strict";
import { readSuperseded } from "./superseded.ts";

Deno.test({
  name: "P119: what names a room and has the form of a token is taken, and nothing else is",
  permissions: "none",
  fn() {
    const token = `${"aA0_-bB1cC2d"}.${"+/".repeat(16)}`;
    const told = { type: "superseded", roomId: "room", token };
    assert.deepEqual(readSuperseded(told), told);
    assert.deepEqual(readSuperseded({ ...told, identity: "ann", more: 1 }), { ...told, identity: "ann" });
    const others = [
      ...[undefined, null, 1, "superseded", [], {}],
      ...["", "x".repeat(129), "a\nb", 1].map((roomId) => ({ ...told, roomId })),
      ...["", ".", token.slice(1), `${token}x`, token.replace(".", ":"), 1].map((token) => ({ ...told, token })),
      { ...told, type: "here" },
      { ...told, identity: 1 },
    ];
    for (const value of others) assert.equal(readSuperseded(value), undefined, JSON.stringify(value));
  },
});
