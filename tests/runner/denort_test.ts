import { deepStrictEqual } from "node:assert/strict";
import { hasDenort } from "./denort.ts";

async function attempt(works: boolean) {
  const [commands, lines]: [string[], string[]] = [[], []];
  const found = await hasDenort("/tmp/a", {
    deno(args, folder) {
      commands.push(`${args[0]} in ${folder}`);
      return Promise.resolve(works);
    },
    print: (line) => void lines.push(line),
  });
  return { found, commands, lines: lines.length };
}

Deno.test({
  name: "denort is there where a program can be compiled; else that is said",
  permissions: "none",
  async fn() {
    deepStrictEqual(await attempt(true), { found: true, commands: ["compile in /tmp/a"], lines: 0 });
    deepStrictEqual(await attempt(false), { found: false, commands: ["compile in /tmp/a"], lines: 1 });
  },
});
