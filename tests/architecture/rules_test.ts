import { deepStrictEqual } from "node:assert/strict";
import { READ_REPOSITORY, readSources, readText } from "./repository.ts";
import { definedRules, quotedRules, ruleViolations } from "./rules.ts";

const PAGES = ["docs/protocol.md", "ARCHITECTURE.md"];

Deno.test({
  name: "every numbered rule is quoted by a test, and every quoted number is a rule",
  permissions: READ_REPOSITORY,
  fn() {
    // The architecture tests themselves quote made-up numbers.
    const files = readSources().filter(({ path }) => !path.startsWith("tests/architecture/"));
    deepStrictEqual(ruleViolations(PAGES.map((path) => ({ path, text: readText(path) })), files), []);
  },
});

const page = (text: string) => ({ path: "page.md", text });
const test = (name: string) => ({ path: "src/a_test.ts", text: `Deno.test({ name: ${name} });` });
const numbers = (mentions: readonly { number: string }[]): string[] => mentions.map((mention) => mention.number);

Deno.test({
  name: "a rule is a list item that begins with a bold number",
  permissions: "none",
  fn() {
    const text = "- **P1.** One.\n  * **B2.** Two.\n1. **B3.** Three.\nSee **P4.** and P5.\n- **Bold.** No.";
    deepStrictEqual(numbers(definedRules([page(text)])), ["P1", "B2", "B3"]);
  },
});

Deno.test({
  name: "a test name quotes rules at its start, or behind the name of an implementation",
  permissions: "none",
  fn() {
    deepStrictEqual(numbers(quotedRules([test('"P7: a"')])), ["P7"]);
    deepStrictEqual(numbers(quotedRules([test('"B12, P3: a"')])), ["B12", "P3"]);
    deepStrictEqual(numbers(quotedRules([test("`${backend}: B12: a`")])), ["B12"]);
    deepStrictEqual(numbers(quotedRules([test('"a=fingerprint:sha-256 AB:B7:C1: B8:"')])), []);
    deepStrictEqual(numbers(quotedRules([{ path: "src/a.ts", text: '"P7: a"' }])), []);
    deepStrictEqual(numbers(quotedRules([{ path: "tests/harness/contract.ts", text: '"P7: a"' }])), ["P7"]);
  },
});

Deno.test({
  name: "a rule that no test quotes, a number that is no rule, and a rule that stands twice are found",
  permissions: "none",
  fn() {
    deepStrictEqual(ruleViolations([page("- **P1.** One.")], []), ["page.md:1: no test quotes P1"]);
    deepStrictEqual(ruleViolations([], [test('"P1: a"')]), ["src/a_test.ts:1: P1 is no rule"]);
    deepStrictEqual(ruleViolations([page("- **P1.** One."), page("- **P1.** Again.")], [test('"P1: a"')]), [
      "page.md:1: P1 is already defined at page.md:1",
    ]);
    deepStrictEqual(ruleViolations([page("- **P1.** One.")], [test('"P1: a"')]), []);
  },
});
