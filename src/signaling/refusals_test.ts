import assert from "node:assert/strict";
import { limitRefusals } from "./refusals.ts";

Deno.test({
  name: "B243: refusals by limits are told by their codes, all of them, and other errors are not",
  permissions: "none",
  fn() {
    const none = limitRefusals({});
    assert.ok(Object.values(none).every((count) => count === 0));
    const counted = { "room-full": 2, "too-many": 1, "bad-json": 5, "constructor": 1, "": 1 };
    assert.deepEqual(limitRefusals(counted), { ...none, "room-full": 2, "too-many": 1 });
    assert.equal(none["room-full"], 0);
  },
});
