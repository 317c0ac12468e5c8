import assert from "node:assert/strict";
import { isIcePassword, isUfrag } from "./ice_credentials.ts";

Deno.test({
  name: "a ufrag has 4 to 256 ice-chars, a password 22 to 256",
  permissions: "none",
  fn() {
    for (const [check, least] of [[isUfrag, 4], [isIcePassword, 22]] as const) {
      assert.equal(check("a".repeat(least - 1)), false);
      assert.equal(check("aZ09+/".padEnd(least, "x").slice(0, least)), true);
      assert.equal(check("a".repeat(256)), true);
      assert.equal(check("a".repeat(257)), false);
      for (const strange of [" ", "-", "=", "\n", "ä"]) {
        assert.equal(check("a".repeat(least) + strange), false, strange);
      }
    }
  },
});
