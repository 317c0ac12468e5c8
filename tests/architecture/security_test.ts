import { deepStrictEqual } from "node:assert/strict";
import { deadCitations, uncited } from "./citations.ts";
import { READ_REPOSITORY, readSources, readText } from "./repository.ts";

const PAGE = "docs/security.md";
/** What is missing no test shows. */
const WITHOUT_TESTS = ["Not there yet"];

Deno.test({
  name: "every test that the page on security names exists, and every statement there names one",
  permissions: READ_REPOSITORY,
  fn() {
    const page = { path: PAGE, text: readText(PAGE) };
    deepStrictEqual(deadCitations(page, readSources()), []);
    deepStrictEqual(uncited(page, WITHOUT_TESTS), []);
  },
});

const TESTS = { path: "src/a_test.ts", text: 'name: "B1: a thing",\n  name: `B2: ${what} (${seed}) is so`,' };
const dead = (text: string) => deadCitations({ path: "page.md", text }, [TESTS]);

Deno.test({
  name: "a cited test is found by its whole name, over lines, and with … for what a template puts in",
  permissions: "none",
  fn() {
    deepStrictEqual(dead('- One.\n  - `src/a_test.ts` "B1: a\n    thing"\n  - `src/a_test.ts` "B2: … (…) is so"'), []);
  },
});

Deno.test({
  name: "a cited test that is another one, a part of one, or in another file is told",
  permissions: "none",
  fn() {
    deepStrictEqual(dead('`src/a_test.ts` "B1: a thin"'), ['page.md:1: src/a_test.ts has no test "B1: a thin"']);
    deepStrictEqual(dead('\n`src/a_test.ts` "B2: … is so"').length, 1);
    deepStrictEqual(dead('`src/a_test.ts` "…"').length, 1);
    deepStrictEqual(dead('`src/b_test.ts` "B1: a thing"'), ["page.md:1: src/b_test.ts does not exist"]);
  },
});

Deno.test({
  name: "a statement without a test is told, but for the sections that may have such",
  permissions: "none",
  fn() {
    const cited = '- **One.** Words\n  of it.\n  - `src/a_test.ts` "B1: a thing"\n';
    const text = `# Page\n\nProse.\n\n## Known\n\n${cited}- **Two.** Words.\n  - a point\n\n## Missing\n\n- Three.\n`;
    deepStrictEqual(uncited({ path: "page.md", text }, ["Missing"]), ["page.md:10: no test shows this"]);
    deepStrictEqual(uncited({ path: "page.md", text }, []).length, 2);
  },
});
