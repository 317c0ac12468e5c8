import assert from "node:assert/strict";
import { WITH_LIBC } from "../../../tests/harness/native_libc.ts";
import { openLibrary } from "./library.ts";

const SYMBOLS = { getpid: { parameters: [], result: "i32" } } as const;

Deno.test({
  name: "the first path that may be opened is taken, whatever the others are",
  permissions: WITH_LIBC.permissions,
  ignore: WITH_LIBC.ignore,
  fn() {
    const [path] = WITH_LIBC.permissions.ffi;
    const library = openLibrary(["/nowhere/libc.so.6", path], SYMBOLS);
    assert.ok(library.ok);
    assert.equal(library.path, path);
    assert.equal(library.symbols.getpid(), Deno.pid);
    library.close();
  },
});

Deno.test({
  name: "B159: a library that lacks a symbol gives a reason in words",
  permissions: WITH_LIBC.permissions,
  ignore: WITH_LIBC.ignore,
  fn() {
    const lacking = openLibrary(WITH_LIBC.permissions.ffi, { no_such_symbol: { parameters: [], result: "i32" } });
    assert.match(lacking.ok ? "" : lacking.reason, /no_such_symbol/);
  },
});

Deno.test({
  name: "B159: without permission the paths that need it are told",
  permissions: "none",
  fn() {
    assert.deepEqual(openLibrary(["/a/b.so", "/c.so"], SYMBOLS), {
      ok: false,
      reason: "FFI is not allowed: --allow-ffi=/a/b.so,/c.so",
    });
  },
});
