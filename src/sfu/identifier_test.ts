import assert from "node:assert/strict";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import { newIdentifier } from "./identifier.ts";

Deno.test({
  name: "identifiers are 12 characters that a URL and a msid may have, and differ",
  permissions: "none",
  fn() {
    const random = seededRandom(1);
    const seen = new Set<string>();
    for (let i = 0; i < 1000; i++) {
      const identifier = newIdentifier(random);
      assert.match(identifier, /^[A-Za-z0-9_-]{12}$/);
      seen.add(identifier);
    }
    assert.equal(seen.size, 1000);
  },
});
