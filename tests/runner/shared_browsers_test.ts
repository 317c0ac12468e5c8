import { deepStrictEqual, match, rejects } from "node:assert/strict";
import { SharedBrowsers } from "./shared_browsers.ts";

const SCRIPT = `#!/bin/sh
echo "DevTools listening on ws://127.0.0.1:1/devtools" >&2
exec sleep 600
`;
const user = { isRoot: false, find: () => undefined, print: () => {} };
const program = { name: "chromium", variable: "CHROME", debianPackage: "chromium" };

/** Has a script take the place of a program for a while. */
async function withScript(text: string, use: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/program`;
    await Deno.writeTextFile(path, text, { mode: 0o755 });
    await use(path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  name: "tests are told where a browser listens, and it is ended with its profile",
  permissions: { run: true, read: true, write: true },
  fn: () =>
    withScript(SCRIPT, async (path) => {
      const browsers = await SharedBrowsers.start([{ program, path }], user);
      deepStrictEqual(browsers.env, { CHROMIUM_ENDPOINT: "ws://127.0.0.1:1/devtools" });
      const [profile] = browsers.profiles;
      await Deno.stat(profile);
      await browsers[Symbol.asyncDispose]();
      await rejects(Deno.stat(profile), Deno.errors.NotFound);
    }),
});

Deno.test({
  name: "a browser that does not start is told of, one that is not there and what is no browser are not started",
  permissions: { run: true, read: true, write: true },
  async fn() {
    const lines: string[] = [];
    const openssl = { name: "openssl", variable: "OPENSSL", debianPackage: "openssl" };
    const provisions = [{ program, path: "/nonexistent" }, { program }, { program: openssl, path: "/nonexistent" }];
    await using browsers = await SharedBrowsers.start(provisions, {
      ...user,
      print: (line) => void lines.push(line),
    });
    deepStrictEqual(browsers.env, {});
    deepStrictEqual(lines.length, 1);
    match(lines[0], /^chromium does not start for all tests at once/);
  },
});

Deno.test({
  name: "a browser that root starts may not put itself before others",
  permissions: { run: true, read: true, write: true },
  fn: () =>
    withScript(SCRIPT.replace("1/devtools", "1/$1/$3"), async (setpriv) => {
      const root = { ...user, isRoot: true, find: () => setpriv };
      await using browsers = await SharedBrowsers.start([{ program, path: "chromium" }], root);
      deepStrictEqual(browsers.env, { CHROMIUM_ENDPOINT: "ws://127.0.0.1:1/--bounding-set=-sys_nice/chromium" });
    }),
});
