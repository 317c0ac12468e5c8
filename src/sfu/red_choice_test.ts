import assert from "node:assert/strict";
import { OPUS } from "../../tests/harness/engine.ts";
import { RedChoice } from "./red_choice.ts";
import { RED_VIEW } from "./redundancy.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

const RED_OPUS = { ...OPUS, redPayloadType: 63 };
const RECEIVED = { ...OPUS, payloadType: 96, redPayloadType: 97 };

test("B353: RED goes to who has it where the publisher has it, whatever reports say, and to nobody else", () => {
  const both = new RedChoice(RED_OPUS, RECEIVED);
  both.handleReport(0, 1000);
  assert.deepEqual([both.takesRed, both.sourcePayloadType, both.payloadType, both.blockPayloadType], [
    true,
    RED_VIEW,
    97,
    96,
  ]);
  for (const received of [OPUS, { ...RECEIVED, mimeType: "audio/pcmu" }]) {
    const choice = new RedChoice(RED_OPUS, received);
    choice.handleReport(255, 1000);
    assert.deepEqual([choice.takesRed, choice.sourcePayloadType], [false, 111]);
    assert.equal(choice.payloadType, received.payloadType);
  }
});

test("B354: where the subscriber alone has RED loss of 2% turns it on, and 20 s without off", () => {
  const choice = new RedChoice(OPUS, RECEIVED);
  const taken = ([[0, 0], [4, 1000], [5, 2000], [0, 10_000], [6, 15_000], [0, 34_999], [0, 35_000]] as const)
    .map(([fractionLost, nowMs]) => {
      choice.handleReport(fractionLost, nowMs);
      return choice.payloadType;
    });
  assert.deepEqual(taken, [96, 96, 97, 97, 97, 97, 96]);
});
