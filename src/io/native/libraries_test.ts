import assert from "node:assert/strict";
import { needsOf } from "../../../tests/harness/native_library.ts";
import { candidatePaths, openForGood } from "./libraries.ts";
import { OPENSSL } from "./openssl_cipher.ts";

Deno.test({
  name: "a library is looked for where distributions of both architectures keep it, and on Linux only",
  permissions: "none",
  fn() {
    const library = { name: "X", files: ["libx.so.2", "libx.so.1"] };
    const x86 = candidatePaths(library, { os: "linux", arch: "x86_64" });
    assert.deepEqual(x86.slice(0, 2), ["/usr/lib/x86_64-linux-gnu/libx.so.2", "/lib/x86_64-linux-gnu/libx.so.2"]);
    assert.ok(x86.indexOf("/usr/lib64/libx.so.2") < x86.indexOf("/usr/lib/x86_64-linux-gnu/libx.so.1"));
    const arm = candidatePaths(library, { os: "linux", arch: "aarch64" });
    assert.equal(arm[0], "/usr/lib/aarch64-linux-gnu/libx.so.2");
    assert.ok([...x86, ...arm].every((path) => path.startsWith("/")));
    assert.deepEqual(candidatePaths(library, { os: "darwin", arch: "aarch64" }), []);
  },
});

Deno.test({
  name: "B147: a library that is not permitted is not opened, and nobody is asked",
  permissions: "none",
  ignore: Deno.build.os !== "linux",
  fn() {
    const opened = openForGood(OPENSSL, {});
    const reason = `it may not be opened without --allow-ffi=${candidatePaths(OPENSSL)[0]}`;
    assert.deepEqual(opened, { ok: false, reason });
  },
});

const missing = { name: "Nowhere", files: ["switchboard/libnowhere.so.1"] };
const [missingPath] = candidatePaths(missing);

Deno.test({
  name: "a library that is not installed is said to be so",
  permissions: { ffi: [missingPath] },
  ignore: Deno.build.os !== "linux" ||
    Deno.permissions.querySync({ name: "ffi", path: missingPath }).state !== "granted",
  fn() {
    assert.deepEqual(openForGood(missing, {}), { ok: false, reason: "it is not installed" });
  },
});

const { title, permissions, ignore } = needsOf(OPENSSL);

Deno.test({
  name: `a function that ${title} does not have is named in the reason`,
  permissions,
  ignore,
  fn() {
    const opened = openForGood(OPENSSL, { EVP_no_such_function: { parameters: [], result: "void" } });
    assert.ok(!opened.ok && opened.reason.includes("EVP_no_such_function"));
  },
});
