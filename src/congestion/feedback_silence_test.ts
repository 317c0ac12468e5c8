import assert from "node:assert/strict";
import { FeedbackSilence } from "./feedback_silence.ts";

Deno.test({
  name: "B279: a subscriber is silent after 2 s without a word about packets as old; each second is a step",
  permissions: "none",
  fn() {
    const silence = new FeedbackSilence(0);
    const heardMs = 20_000;
    assert.equal(silence.isDecreaseDue(heardMs, 1999, 22_000), false);
    assert.equal(silence.isDecreaseDue(heardMs, 2500, 21_999), false);
    assert.equal(silence.isSilent, false);
    assert.equal(silence.isDecreaseDue(heardMs, 2000, 22_000), true);
    assert.equal(silence.isSilent, true);
    assert.equal(silence.isDecreaseDue(heardMs, 2999, 22_999), false);
    assert.equal(silence.isDecreaseDue(heardMs, 3000, 23_000), true);
    assert.equal(silence.end(), true);
    assert.equal(silence.isSilent, false);
    assert.equal(silence.end(), false);
  },
});

Deno.test({
  name: "B279: who has not told anything yet has 10 s",
  permissions: "none",
  fn() {
    const silence = new FeedbackSilence(5000);
    assert.equal(silence.isDecreaseDue(-Infinity, Infinity, 14_999), false);
    assert.equal(silence.isDecreaseDue(-Infinity, Infinity, 15_000), true);
  },
});
