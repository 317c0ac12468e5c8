import assert from "node:assert/strict";
import { readStaticFile } from "./static_files.ts";

/** Makes a site in a temporary folder, with a secret beside it, and removes it after the check. */
async function withFolder(check: (root: URL) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const root = new URL(`file://${folder}/site/`);
  try {
    await Deno.mkdir(new URL("sub", root), { recursive: true });
    await Deno.mkdir(new URL("folder.js", root));
    await Deno.writeTextFile(new URL("index.html", root), "<p>page");
    await Deno.writeTextFile(new URL("app.js", root), "app");
    await Deno.writeTextFile(new URL("sub/index.html", root), "<p>sub");
    await Deno.writeTextFile(new URL(".hidden.js", root), "secret");
    await Deno.writeTextFile(new URL("app_test.ts", root), "test");
    await Deno.writeTextFile(new URL("../outside.js", root), "secret");
    await check(root);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Where Deno makes temporary folders; the runner gives a folder of its own. */
const TEMPORARY = Deno.env.get("TMPDIR") ?? "/tmp";
const permissions: Deno.PermissionOptions = { read: [TEMPORARY], write: [TEMPORARY] };

Deno.test({
  name: "B73: a path names a file, or a folder's index.html where it ends with a slash",
  permissions,
  fn: () =>
    withFolder(async (root) => {
      for (
        const [path, text, type] of [
          ["/", "<p>page", "text/html; charset=utf-8"],
          ["/index.html", "<p>page", "text/html; charset=utf-8"],
          ["/app.js", "app", "text/javascript; charset=utf-8"],
          ["/%61pp.js", "app", "text/javascript; charset=utf-8"],
          ["/sub/", "<p>sub", "text/html; charset=utf-8"],
        ]
      ) {
        const file = await readStaticFile(root, path);
        assert(file, path);
        assert.equal(new TextDecoder().decode(file.body), text);
        assert.equal(file.contentType, type);
      }
    }),
});

Deno.test({
  name: "B73: what is missing, hidden, of an unknown kind or outside the folder does not exist",
  permissions,
  fn: () =>
    withFolder(async (root) => {
      for (
        const path of [
          "/missing.js",
          "/folder.js",
          "/folder.js/",
          "/app.js/index.html",
          "/sub",
          "/.hidden.js",
          "/app_test.ts",
          "/../outside.js",
          "/..%2foutside.js",
          "/%2e%2e/outside.js",
          "/%2e%2e%2foutside.js",
          "/sub/../../outside.js",
          "/..\\outside.js",
          "/..%5coutside.js",
          "//outside.js",
          "/%2foutside.js",
          "/file:%2f%2f/etc/hosts.js",
          "/app.js%00.html",
          "/%ff.js",
          "/%",
          "",
          "app.js",
        ]
      ) assert.equal(await readStaticFile(root, path), undefined, path);
    }),
});
