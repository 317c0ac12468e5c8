import assert from "node:assert/strict";
import { outcomeOf } from "./join_outcome.ts";

Deno.test({
  name: "B260: who leaves, or is sent away by a server that closes, has left; what the server will not have is refused",
  permissions: "none",
  fn() {
    const reasons = [
      "leave",
      "server-closing",
      "refused",
      "replaced",
      "transport-failed",
      "signaling-lost",
      "fault",
    ] as const;
    assert.deepEqual(reasons.map(outcomeOf), ["left", "left", "refused", "failed", "failed", "failed", "failed"]);
  },
});
