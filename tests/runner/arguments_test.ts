import { deepStrictEqual, throws } from "node:assert/strict";
import { readArguments, UsageError } from "./arguments.ts";

const SUITES = ["unit", "e2e"];

Deno.test({
  name: "suites and a filter narrow the run; nothing means everything",
  permissions: "none",
  fn() {
    deepStrictEqual(readArguments([], SUITES), { names: [] });
    deepStrictEqual(readArguments(["--", "e2e", "--filter=P7: a"], SUITES), { names: ["e2e"], filter: "P7: a" });
    deepStrictEqual(readArguments(["--filter="], SUITES), { names: [] });
  },
});

Deno.test({
  name: "what is neither suite nor filter is refused, with what is allowed",
  permissions: "none",
  fn() {
    throws(() => readArguments(["units"], SUITES), /units is not known.*unit, e2e/);
    throws(() => readArguments(["--filter"], SUITES), UsageError);
  },
});
