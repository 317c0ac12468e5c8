import { deepStrictEqual } from "node:assert/strict";
import { purityViolations } from "./purity.ts";
import { READ_REPOSITORY, readSources } from "./repository.ts";

Deno.test({
  name: "the pure layers know no clock, timer, randomness, promise, output or Deno",
  permissions: READ_REPOSITORY,
  fn() {
    deepStrictEqual(purityViolations(readSources()), []);
  },
});

Deno.test({
  name: "each impure word is found in code, also inside a template",
  permissions: "none",
  fn() {
    for (
      const text of [
        "Deno.now()",
        "Date.now()",
        "new Date()",
        "performance.now()",
        "setTimeout(f, 1)",
        "queueMicrotask(f)",
        "Math.random()",
        "Math\n  .random()",
        "crypto.getRandomValues(a)",
        "randomBytes(4)",
        "await x",
        "const f = async () => {}",
        "let p: Promise<void>",
        "console.error(x)",
        "process.hrtime()",
        "globalThis.x",
        "fetch(url)",
        "`${Date}`",
      ]
    ) deepStrictEqual(purityViolations([{ path: "src/stream/a.ts", text }]).length, 1, text);
  },
});

Deno.test({
  name: "comments, strings, the I/O side and tests may name them",
  permissions: "none",
  fn() {
    const quoted = `// Date.now() is not used\nconst a = "await"; /* Promise */ const awaiting = /async/;`;
    deepStrictEqual(purityViolations([{ path: "src/rtp/a.ts", text: quoted }]), []);
    deepStrictEqual(purityViolations([{ path: "src/io/a.ts", text: "Date.now()" }]), []);
    deepStrictEqual(purityViolations([{ path: "src/rtp/a_test.ts", text: "Deno.test()" }]), []);
  },
});
