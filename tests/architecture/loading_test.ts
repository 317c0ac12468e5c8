import { deepStrictEqual, ok } from "node:assert/strict";
import { loadedWith } from "./loading.ts";
import { READ_REPOSITORY, readSources } from "./repository.ts";

/** What a server with media workers of the native backend makes no use of: each is some megabytes, or a part of one. */
const LEFT_OUT = [
  "werift",
  "prom-client",
  "@nats-io/nats-core",
  "src/media/media_engine.ts",
  "src/io/portable/backend.ts",
  "src/doctor/command.ts",
];

Deno.test({
  name: "a server loads what it makes use of: the rest is loaded where it is wanted",
  permissions: READ_REPOSITORY,
  fn() {
    const loaded = loadedWith("main.ts", readSources());
    deepStrictEqual(LEFT_OUT.filter((name) => loaded.has(name)), []);
    ok(loaded.has("src/io/native/worker_backend.ts") && loaded.has("zod"));
  },
});

Deno.test({
  name: "a media worker loads what media needs, and no package",
  permissions: READ_REPOSITORY,
  fn() {
    const loaded = [...loadedWith("src/io/native/media_worker.ts", readSources())];
    ok(loaded.includes("src/media/media_engine.ts"));
    deepStrictEqual(loaded.filter((name) => !name.startsWith("src/") && !name.startsWith("node:")), []);
  },
});

Deno.test({
  name: "what is imported as a type, or when it is wanted, is not loaded with a file; all else is",
  permissions: "none",
  fn() {
    const text = `import type { A } from "./a.ts"; export type { B } from './b.ts'; export type * from "./c.ts";
      let d: import("./d.ts").D; const e = () => import("./e.ts"); // import "./f.ts"
      import { type G, g } from "./g.ts"; import h, { type H } from "./h.ts"; import "./i.ts";
      export * from "./j.ts"; export { k } from "./k.ts"; import * as l from "./l.ts";
      import {
        m,
      } from "./m.ts";`;
    const files = [{ path: "src/x.ts", text }, { path: "src/m.ts", text: `import { z } from "zod";` }];
    const loaded = [...loadedWith("src/x.ts", files)].sort();
    deepStrictEqual(loaded, [...["g", "h", "i", "j", "k", "l", "m", "x"].map((name) => `src/${name}.ts`), "zod"]);
  },
});
