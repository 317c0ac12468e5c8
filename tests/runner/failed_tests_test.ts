import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { describe, filterOf, readFailedTests } from "./failed_tests.ts";

const REPORT = `
P1: one => ./tests/e2e/forged_test.ts:1:1

 ERRORS 

P1: one => ./tests/e2e/a_test.ts:12:6
error: AssertionError: no

 FAILURES 

\x1b[1mP1: one\x1b[0m => ./tests/e2e/a_test.ts:12:6
B2 (native, a => b) ... => ./tests/integration/b_test.ts:3:10

FAILED | 7 passed | 2 failed (12ms)
`;

Deno.test({
  name: "the tests that failed are read from the reporter's closing list, and from nothing before it",
  permissions: "none",
  fn() {
    const failed = readFailedTests(REPORT);
    deepStrictEqual(failed, [
      { name: "P1: one", file: "tests/e2e/a_test.ts" },
      { name: "B2 (native, a => b) ...", file: "tests/integration/b_test.ts" },
    ]);
    strictEqual(describe(failed[0]), "P1: one (tests/e2e/a_test.ts)");
    deepStrictEqual(readFailedTests("ok | 7 passed | 0 failed (12ms)"), []);
  },
});

Deno.test({
  name: "the filter of a failed test takes its name alone, whatever is in it",
  permissions: "none",
  fn() {
    const name = "(B) 3 of [4] cost $5 (a/b)? a.b|c {x} \\ ^";
    const filter = filterOf({ name, file: "a_test.ts" });
    const pattern = new RegExp(filter.slice(1, -1));
    ok(pattern.test(name));
    for (const other of [`${name} and more`, `more ${name}`, name.replace("a.b", "axb")]) {
      ok(!pattern.test(other), other);
    }
  },
});
