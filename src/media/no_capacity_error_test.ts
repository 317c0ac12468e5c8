import assert from "node:assert/strict";
import { NoCapacityError } from "./no_capacity_error.ts";

Deno.test({
  name: "P61: the refusal says nothing to the client of why the system refused",
  permissions: "none",
  fn() {
    const cause = new Error("a UDP socket cannot be opened: EMFILE");
    const error = new NoCapacityError({ cause });
    assert.equal(error.cause, cause);
    assert.equal(error.message.includes("EMFILE"), false);
  },
});
