import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { lineAt, scan } from "./source_text.ts";

const texts = (pieces: readonly { text: string }[]): string[] => pieces.map((piece) => piece.text);

Deno.test({
  name: "comments and the content of strings are blanked, and offsets stay",
  permissions: "none",
  fn() {
    const source = `const a = "x // y"; // z "w"\n/* one\ntwo */ b('it\\'s');`;
    const { code, comments, strings } = scan(source);
    strictEqual(code, `const a = "      ";         \n      \n       b('     ');`);
    deepStrictEqual(texts(comments), ['// z "w"', "/* one\ntwo */"]);
    deepStrictEqual(texts(strings), ["x // y", "it\\'s"]);
    strictEqual(strings[0].offset, source.indexOf("x // y"));
  },
});

Deno.test({
  name: "code inside templates counts as code, also where templates nest",
  permissions: "none",
  fn() {
    const { code, strings } = scan("`a ${b({ c: `d ${e} f` })} g` + h");
    strictEqual(code, "`  ${b({ c: `  ${e}  ` })}  ` + h");
    deepStrictEqual(texts(strings), ["a ", "d ", " f", " g"]);
  },
});

Deno.test({
  name: "a regular expression is told from a division",
  permissions: "none",
  fn() {
    strictEqual(scan(`x = /["/]\\//.test(a)`).code, "x = /      /.test(a)");
    strictEqual(scan(`x = a / b; y = "c" / 2`).code, `x = a / b; y = " " / 2`);
    strictEqual(scan("return /'/").code, "return / /");
  },
});

Deno.test({
  name: "a source that ends too early is taken apart as far as it goes",
  permissions: "none",
  fn() {
    for (const source of ["/* a", '"a', "`a", "`${", "/a", '"a\\', "a = /b"]) {
      strictEqual(scan(source).code.length, source.length, source);
    }
  },
});

Deno.test({
  name: "lines are counted from 1",
  permissions: "none",
  fn() {
    strictEqual(lineAt("a\nb\nc", 0), 1);
    strictEqual(lineAt("a\nb\nc", 2), 2);
    strictEqual(lineAt("a\nb\nc", 4), 3);
  },
});
