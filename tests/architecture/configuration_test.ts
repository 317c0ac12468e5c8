import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { BORINGSSL } from "../../src/io/native/boringssl_cipher.ts";
import { GNUTLS } from "../../src/io/native/gnutls_cipher.ts";
import { LIBC } from "../../src/io/native/libc.ts";
import { candidatePaths } from "../../src/io/native/libraries.ts";
import { OPENSSL } from "../../src/io/native/openssl_cipher.ts";
import { LIBSSL } from "../../src/io/native/openssl_dtls_library.ts";
import { SETTINGS } from "../../src/server/config_schema.ts";
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
    for (const name of ["dev", "start", "doctor"]) deepStrictEqual(allowedVariables(tasks[name]), variables, name);
  },
});

Deno.test({
  name: "B147: the start task may open each library of the native backend, where most distributions have it",
  permissions: READ_REPOSITORY,
  fn() {
    const { tasks } = JSON.parse(readText("deno.json"));
    const allowed = (/--allow-ffi=(\S+)/.exec(tasks.start)?.[1] ?? "").split(",");
    const folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64"];
    const libraries = [LIBC, GNUTLS, BORINGSSL, OPENSSL, LIBSSL];
    const looked = (["x86_64", "aarch64"] as const).flatMap((arch) =>
      libraries.flatMap((library) => candidatePaths(library, { os: "linux", arch }))
    );
    const inFolders = looked.filter((path) =>
      libraries.some(({ files }) => folders.some((folder) => path === `${folder}/${files[0]}`))
    );
    deepStrictEqual(allowed.toSorted(), [...new Set(inFolders)].sort());
  },
});

Deno.test({
  name:
    "the doctor may do what the server may, for it finds out what that can: its task is the start task's, V8's flags left out",
  permissions: READ_REPOSITORY,
  fn() {
    const { tasks } = JSON.parse(readText("deno.json"));
    strictEqual(tasks.doctor, `${tasks.start.replace(/--v8-flags=\S+ /, "")} doctor`);
  },
});

Deno.test({
  name: "the start task lets the server ask V8 for a collection, as it does when it has started",
  permissions: READ_REPOSITORY,
  fn() {
    const { tasks } = JSON.parse(readText("deno.json"));
    ok(/--v8-flags=\S*--expose-gc\b/.test(tasks.start));
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
