import { deepStrictEqual } from "node:assert/strict";
import { deadLinks, tableRows } from "./links.ts";
import { projectPaths, READ_REPOSITORY, readFiles } from "./repository.ts";

Deno.test({
  name: "each link and each file that the pages name exists",
  permissions: READ_REPOSITORY,
  fn() {
    deepStrictEqual(deadLinks(readFiles(/^[A-Z]+\.md$|^docs\/.*\.md$/), projectPaths()), []);
  },
});

const PATHS = ["README.md", "docs/protocol.md", "src/rtp/packet.ts", "docs/room.png"];
const dead = (text: string): number => deadLinks([{ path: "docs/protocol.md", text }], PATHS).length;

Deno.test({
  name: "a dead link, a dead anchor and a file name that leads nowhere are found",
  permissions: "none",
  fn() {
    deepStrictEqual(dead("[a](gone.md)"), 1);
    deepStrictEqual(dead("![a](gone.png)"), 1);
    deepStrictEqual(dead("[a](#gone)"), 1);
    deepStrictEqual(dead("see `src/rtp/gone.ts`"), 1);
    deepStrictEqual(dead("see `gone.ts` and `docs/gone/`"), 2);
  },
});

Deno.test({
  name: "links to files, folders, headings and other sites pass, and code blocks are not looked at",
  permissions: "none",
  fn() {
    const text =
      "## P and B: rules\n[a](../README.md) [b](room.png) [c](#p-and-b-rules) [d](https://example.org) [e](../src/)" +
      "\n`src/rtp/packet.ts` `packet.ts` `src/rtp/` `src/rtp/*.ts`\n```\n[f](gone)\n```\n";
    deepStrictEqual(dead(text), 0);
  },
});

Deno.test({
  name: "a table is read without its padding and its rule, up to its end",
  permissions: "none",
  fn() {
    const text = "| x | y |\n|-|-|\n| 0 | 0 |\n\n| a   | b |\n| --- | :-: |\n| `1` | 2 \\| 3 |\n\n| 4 | 5 |";
    deepStrictEqual(tableRows(text, ["a", "b"]), [["a", "b"], ["`1`", "2 \\| 3"]]);
    deepStrictEqual(tableRows(text, ["c"]), []);
  },
});
