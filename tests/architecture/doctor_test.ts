import { deepStrictEqual } from "node:assert/strict";
import { FINDINGS } from "../../src/doctor/finding.ts";
import { TITLES } from "../../static/doctor/findings.js";
import { tableRows } from "./links.ts";
import { READ_REPOSITORY, readText } from "./repository.ts";

const HEADER = ["Finding", "What is looked at"];

/** The ids in each of the page's tables of findings. */
function documented(): string[][] {
  const sections = readText("docs/doctor.md").split(/^(?=## )/m);
  return sections.map((section) => tableRows(section, HEADER).slice(1).map(([id]) => id.replaceAll("`", "")))
    .filter((ids) => ids.length > 0);
}

Deno.test({
  name: "the tables of docs/doctor.md list the findings of the task and those of the page",
  permissions: READ_REPOSITORY,
  fn() {
    deepStrictEqual(documented(), [Object.keys(FINDINGS), Object.keys(TITLES)]);
  },
});
