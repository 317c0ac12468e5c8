import assert from "node:assert/strict";
import { bitrateWords } from "./limit_words.ts";

Deno.test({
  name: "P83: what is told of a limit names it",
  permissions: "none",
  fn() {
    assert.match(bitrateWords(800_000), /^more than 800000 bit\/s come from this peer/);
  },
});
