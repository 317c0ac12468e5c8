import { deepStrictEqual } from "node:assert/strict";
import { importsOf } from "./imports.ts";
import { importCycles, layerViolations } from "./layers.ts";
import { READ_REPOSITORY, readSources } from "./repository.ts";

Deno.test({
  name: "imports run downward only, and packages stay where they belong",
  permissions: READ_REPOSITORY,
  fn() {
    deepStrictEqual(layerViolations(readSources()), []);
  },
});

Deno.test({
  name: "no import cycle exists, type imports included",
  permissions: READ_REPOSITORY,
  fn() {
    deepStrictEqual(importCycles(readSources()), []);
  },
});

const violations = (path: string, text: string): string[] => layerViolations([{ path, text }]);

Deno.test({
  name: "an upward import is found in each of its forms",
  permissions: "none",
  fn() {
    const found = ["src/rtp/a.ts:1: imports upward, src/sfu/b.ts"];
    for (
      const text of [
        `import { b } from "../sfu/b.ts";`,
        `import type { B } from '../sfu/b.ts';`,
        `import "../sfu/b.ts";`,
        `export * from "../sfu/b.ts";`,
        `export type { B } from "../sfu/b.ts";`,
        `const b = import("../sfu/b.ts");`,
        `let b: import("../sfu/b.ts").B;`,
      ]
    ) deepStrictEqual(violations("src/rtp/a.ts", text), found, text);
    deepStrictEqual(violations("src/server/a.ts", `import "../mod.ts";`).length, 1);
    deepStrictEqual(violations("src/bus/a.ts", `import "../io/b.ts";`).length, 1);
  },
});

Deno.test({
  name: "downward imports, and what a comment or a string says, are no violation",
  permissions: "none",
  fn() {
    const text = `import { a } from "../rtp/a.ts"; import "./b.ts";
      // import "../io/c.ts"
      const s = 'import "../io/c.ts"'; const t = Array.from("../io/c.ts");`;
    deepStrictEqual(violations("src/sfu/a.ts", text), []);
    deepStrictEqual(importsOf({ path: "a.ts", text }).map((found) => found.specifier), ["../rtp/a.ts", "./b.ts"]);
  },
});

Deno.test({
  name: "werift outside the portable backend is found, and so is any package that a pure layer must not use",
  permissions: "none",
  fn() {
    deepStrictEqual(violations("src/io/dtls.ts", `import "werift";`).length, 1);
    deepStrictEqual(violations("src/io/dtls.ts", `import "npm:werift@0.25.2";`).length, 1);
    deepStrictEqual(violations("src/io/portable/dtls.ts", `import "werift";`), []);
    deepStrictEqual(violations("src/webrtc/a.ts", `import "node:crypto";`), []);
    deepStrictEqual(violations("src/webrtc/a.ts", `import "node:buffer";`).length, 1);
    deepStrictEqual(violations("src/sfu/a.ts", `import "node:crypto";`).length, 1);
    deepStrictEqual(violations("src/signaling/a.ts", `import "@logtape/logtape";`).length, 1);
    deepStrictEqual(violations("src/server/a.ts", `import "jsr:@std/http";`).length, 1);
  },
});

Deno.test({
  name: "product code that imports a test, the page, or a file of its own choice at run time is found",
  permissions: "none",
  fn() {
    deepStrictEqual(violations("src/io/a.ts", `import "./b_test.ts";`).length, 1);
    deepStrictEqual(violations("src/io/a.ts", `import "../../tests/harness/b.ts";`).length, 1);
    deepStrictEqual(violations("src/server/a.ts", `import "../../static/app.js";`).length, 1);
    deepStrictEqual(violations("static/app.js", `import "../src/mod.ts";`).length, 1);
    deepStrictEqual(violations("static/app.js", `import "zod";`).length, 1);
    deepStrictEqual(violations("src/io/a.ts", "await import(name);").length, 1);
    deepStrictEqual(violations("src/io/a.ts", "await import(`./${name}.ts`);").length, 1);
    deepStrictEqual(violations("src/other/a.ts", "").length, 1);
  },
});

Deno.test({
  name: "a cycle is found and told file by file",
  permissions: "none",
  fn() {
    const files = [
      { path: "src/rtp/a.ts", text: `import "./b.ts";` },
      { path: "src/rtp/b.ts", text: `import type { C } from "./c.ts";` },
      { path: "src/rtp/c.ts", text: `export { b } from "./b.ts";` },
    ];
    deepStrictEqual(importCycles(files), ["src/rtp/b.ts -> src/rtp/c.ts -> src/rtp/b.ts"]);
    deepStrictEqual(importCycles(files.slice(0, 2)), []);
  },
});
