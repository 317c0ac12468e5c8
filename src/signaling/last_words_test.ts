import assert from "node:assert/strict";
import { lastWords } from "./last_words.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

const codeOf = (words: ReturnType<typeof lastWords>) => words?.type === "error" ? words.code : words?.type;

test("P15, P79, P120, P132: who has left by no will of its own is told why, last of all", () => {
  assert.deepEqual(lastWords("transport-failed", "no check"), {
    type: "error",
    code: "transport-failed",
    message: "no check",
  });
  for (const reason of ["replaced", "kicked", "room-ended"] as const) {
    assert.equal(codeOf(lastWords(reason, "")), reason);
  }
  assert.equal(codeOf(lastWords("signaling-lost", "")), "resume-failed");
});

test("P135: who is moved is told where to", () => {
  assert.deepEqual(lastWords("moved", "office"), { type: "moved", roomId: "office" });
});

test("P13: who leaves by itself, or was told already, is told nothing more", () => {
  for (const reason of ["leave", "refused", "fault", "server-closing"] as const) {
    assert.equal(lastWords(reason, "detail"), undefined);
  }
});
