import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { SETTINGS } from "../../src/server/config.ts";
import { configTable } from "../../src/server/config_text.ts";
import { tableRows } from "./links.ts";
import { READ_REPOSITORY, readText } from "./repository.ts";

const HEADER = ["Flag", "Environment", "Default", "Meaning"];

/** The names in `--allow-env=A,B` of a task line. */
function allowedVariables(task: string): string[] {
  return (/--allow-env=(\S+)/.exec(task)?.[1] ?? "").split(",").sort();
}

Deno.test({
  name: "the README's table of settings is what the schema yields",
  permissions: READ_REPOSITORY,
  fn() {
    const expected = tableRows(configTable(), HEADER);
    strictEqual(expected.length, SETTINGS.length + 1);
    deepStrictEqual(tableRows(readText("README.md"), HEADER), expected);
  },
});

Deno.test({
  name: "the server may read the environment variables of its settings and no others",
  permissions: READ_REPOSITORY,
  fn() {
    const { tasks } = JSON.parse(readText("deno.json"));
    const variables = SETTINGS.map(({ variable }) => variable).sort();
    for (const name of ["dev", "compile"]) deepStrictEqual(allowedVariables(tasks[name]), variables, name);
  },
});

/** Permissions that a task gives without saying for what; media needs the whole network. */
function wholePermissions(task: string): string[] {
  return task.match(/(?:-A|--allow-(?!net\b)[a-z]+)(?=\s|$)/g) ?? [];
}

Deno.test({
  name: "the server's permissions are told one by one, the network alone as a whole",
  permissions: READ_REPOSITORY,
  fn() {
    deepStrictEqual(wholePermissions(JSON.parse(readText("deno.json")).tasks.dev), []);
    deepStrictEqual(wholePermissions("deno run -A main.ts"), ["-A"]);
    deepStrictEqual(wholePermissions("deno run --allow-read --allow-env=A --allow-net main.ts"), ["--allow-read"]);
  },
});

Deno.test({
  name: "the variables of a task line are read, and none where it names none",
  permissions: "none",
  fn() {
    deepStrictEqual(allowedVariables("deno run --allow-net --allow-env=PORT,HOST main.ts"), ["HOST", "PORT"]);
    deepStrictEqual(allowedVariables("deno run --allow-env main.ts"), [""]);
  },
});
