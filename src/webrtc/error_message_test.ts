import assert from "node:assert/strict";
import { messageOf } from "./error_message.ts";

Deno.test({
  name: "what was thrown is told in words, an error or not",
  permissions: "none",
  fn() {
    assert.deepEqual([new TypeError("it broke"), "a word", undefined].map(messageOf), [
      "it broke",
      "a word",
      "undefined",
    ]);
  },
});
