import assert from "node:assert/strict";
import { bitrateWords, pauseWords } from "./limit_words.ts";

Deno.test({
  name: "P83, P85: what is told of a limit names it, and the track that is paused for it",
  permissions: "none",
  fn() {
    assert.match(bitrateWords(800_000), /^more than 800000 bit\/s come from this peer/);
    assert.match(pauseWords("b1", 500_000), /^more than 500000 bit\/s go to this peer: track b1 is paused/);
  },
});
