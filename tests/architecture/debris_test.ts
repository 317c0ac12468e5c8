import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { debris, hasCode, MAX_BYTES, untested } from "./debris.ts";
import { projectPaths, READ_REPOSITORY, readFiles, readSources, REPOSITORY_ROOT } from "./repository.ts";

/** This page holds the examples; the pattern page names what it looks for. */
const EXAMPLES = new Set(["tests/architecture/debris_test.ts", "tests/architecture/debris.ts"]);

Deno.test({
  name: "no file holds notes to self, paths of one machine, silenced errors or the type any",
  permissions: READ_REPOSITORY,
  fn() {
    const files = readFiles(
      /\.(?:ts|js|md|json|html|css|yml|yaml|lock|sh|service)$|^(?:Dockerfile|LICENSE|\.[\w/.]+)$/,
    );
    deepStrictEqual(files.filter(({ path }) => !EXAMPLES.has(path)).flatMap(debris), []);
  },
});

Deno.test({
  name: "no file is larger than 1 MB",
  permissions: READ_REPOSITORY,
  fn() {
    const large = projectPaths().filter((path) => Deno.statSync(new URL(path, REPOSITORY_ROOT)).size > MAX_BYTES);
    deepStrictEqual(large, []);
  },
});

Deno.test({
  name: "each file of the pure layers that has code has a test beside it",
  permissions: READ_REPOSITORY,
  fn() {
    deepStrictEqual(untested(readSources()), []);
  },
});

const found = (text: string, path = "src/io/a.ts"): number => debris({ path, text }).length;

Deno.test({
  name: "each kind of debris is found",
  permissions: "none",
  fn() {
    for (
      const text of [
        "// TODO: later",
        "const a = b as any;",
        "function f(a: any) {}",
        "let m: Map<string, any[]>;",
        "/** @type {any} */",
        "// @ts-ignore no",
        "// @ts-expect-error no",
        "const a = b as unknown as C;",
        "try { f(); } catch { /* bug */ }",
        "try { f(); } catch (error) {}",
        "p.catch(() => {});",
        "p.catch((_error) => undefined);",
        "console.log(a);",
        'const p = "/root/a";',
        "// see /work/main",
        "// https://npm-registry.example.org/a",
        "\n".repeat(400),
      ]
    ) strictEqual(found(text), 1, text);
    strictEqual(found("TODO", "README.md"), 1);
  },
});

Deno.test({
  name: "ordinary code and prose are no debris",
  permissions: "none",
  fn() {
    for (
      const text of [
        "await Promise.any(all);",
        "// any number of peers, at any time",
        "const any = 1;",
        'const s = "as any";',
        "try { f(); } catch (error) { log(error); }",
        "p.catch((error) => log(error));",
        "/framework/main, ./work/a, https://example.org/root/a",
        "\n".repeat(399),
      ]
    ) strictEqual(found(text), 0, text);
    strictEqual(found("console.log(1)", "main.ts"), 0);
    strictEqual(found("console.log(1)", "bench/a.ts"), 0);
  },
});

Deno.test({
  name: "a pure file with code and no test is found; one of types and constants alone needs none",
  permissions: "none",
  fn() {
    const code = { path: "src/rtp/a.ts", text: "export function f() {}" };
    const types = {
      path: "src/rtp/b.ts",
      text: "/** A class. */ export interface B { f(g: () => void): C }\nexport const C = 205;",
    };
    strictEqual(hasCode(types), false);
    strictEqual(hasCode({ path: "a.ts", text: "export const f = (a: number): number => a;" }), true);
    deepStrictEqual(untested([code, types]), ["src/rtp/a.ts: has no test beside it"]);
    deepStrictEqual(untested([code, { path: "src/rtp/a_test.ts", text: "" }]), []);
    deepStrictEqual(untested([{ ...code, path: "src/io/a.ts" }]), []);
  },
});
