import assert from "node:assert/strict";
import { PAGE, qualityPages } from "./pages.ts";
import { between, table } from "./tables.ts";

const ROOT = new URL("../../", import.meta.url);
const READ = { read: [new URL("docs", ROOT)] };

Deno.test({
  name: "B283: docs/quality.md and its plots are what the bench yields",
  permissions: READ,
  fn() {
    const read = (path: string): string => Deno.readTextFileSync(new URL(path, ROOT));
    const pages = qualityPages(read(PAGE));
    assert.ok(pages.size > 10);
    for (const [path, text] of pages) {
      assert.equal(read(path), text, `${path} is not what \`deno task bench quality\` writes`);
    }
    const plots = [...Deno.readDirSync(new URL("docs/quality", ROOT))].map(({ name }) => `docs/quality/${name}`);
    assert.deepEqual(plots.filter((path) => !pages.has(path)), []);
  },
});

Deno.test({
  name: "a table is as wide as its widest cells, and takes the place of the one between its markers",
  permissions: "none",
  fn() {
    const metrics = {
      utilisation: 0.9,
      mediaShare: 0.45,
      meanQueueMs: 12.4,
      highQueueMs: 100.6,
      loss: 0.0123,
      fairness: undefined,
      convergenceS: 2,
    };
    const lines = table([{ title: "One", metrics }]).split("\n");
    assert.equal(lines.length, 3);
    assert.equal(new Set(lines.map((line) => line.length)).size, 1);
    const cells = lines[2].split("|").map((cell) => cell.trim());
    assert.deepEqual(cells, ["", "One", "90%", "50%", "12 / 101 ms", "1.2%", "", "2.0 s", ""]);
    const page = "a\n<!-- b -->\nold\n<!-- end of b -->\nc";
    assert.equal(between(page, "b", "new"), "a\n<!-- b -->\n\nnew\n\n<!-- end of b -->\nc");
    assert.throws(() => between(page, "x", "new"), RangeError);
  },
});
