import { deepStrictEqual } from "node:assert/strict";
import { shareFiles, testFiles } from "./files.ts";

Deno.test({
  name: "the test files of a folder are found below it, and nothing else",
  permissions: { read: [import.meta.dirname ?? ""] },
  fn() {
    const files = testFiles(`${import.meta.dirname}/../`, "runner");
    deepStrictEqual(files.filter((file) => file.includes("files")), ["runner/files_test.ts"]);
    deepStrictEqual(files, files.toSorted());
  },
});

Deno.test({
  name: "each file goes to one process, and none starts without files",
  permissions: "none",
  fn() {
    deepStrictEqual(shareFiles(["a", "b", "c", "d", "e"], 2), [["a", "c", "e"], ["b", "d"]]);
    deepStrictEqual(shareFiles(["a"], 3), [["a"]]);
    deepStrictEqual(shareFiles([], 2), []);
  },
});
