import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { installInterop } from "./interop.ts";

async function install(works: (args: readonly string[]) => boolean) {
  const [done, lines]: [string[], string[]] = [[], []];
  const installed = await installInterop("tests/interop", "/tmp/interop", {
    copy: (from, to) => Promise.resolve(void done.push(`${from} ${to}`)),
    deno(args, folder) {
      done.push(`${args.join(" ")} in ${folder}`);
      return Promise.resolve(works(args));
    },
    print: (line) => void lines.push(line),
  });
  return { installed, done, lines };
}

Deno.test({
  name: "the clients are copied, installed as their lock says, and tried",
  permissions: "none",
  async fn() {
    deepStrictEqual(await install(() => true), {
      installed: true,
      done: [
        "tests/interop/package.json /tmp/interop/package.json",
        "tests/interop/deno.lock /tmp/interop/deno.lock",
        "tests/interop/wrtc_client.js /tmp/interop/wrtc_client.js",
        "install --frozen --quiet in /tmp/interop",
        "run -A wrtc_client.js in /tmp/interop",
      ],
      lines: [],
    });
  },
});

Deno.test({
  name: "where the library is not to be had, or does not run, that is said and nothing more is done",
  permissions: "none",
  async fn() {
    for (const [failing, steps] of [["install", 4], ["run", 5]] as const) {
      const { installed, done, lines } = await install(([verb]) => verb !== failing);
      strictEqual(installed, false);
      strictEqual(done.length, steps);
      strictEqual(lines.length, 1);
      match(lines[0], new RegExp(`deno ${failing} .*skipped`));
    }
  },
});
