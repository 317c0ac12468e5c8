import assert from "node:assert/strict";
import { testLibc, WITH_LIBC } from "../../../tests/harness/native_libc.ts";
import { openLibc } from "./libc.ts";

const EBADF = 9;

Deno.test({
  name: "the error number is that of the call before, again and again",
  permissions: WITH_LIBC.permissions,
  ignore: WITH_LIBC.ignore,
  fn() {
    const libc = testLibc();
    for (let i = 0; i < 1000; i++) {
      assert.equal(libc.call.close(-1), -1);
      assert.equal(libc.errno(), EBADF);
    }
    libc.close();
  },
});

Deno.test({
  name: "B159: a path without a library gives a reason",
  permissions: "none",
  fn() {
    const opened = openLibc(["/nowhere/libc.so.6"]);
    assert.ok(!opened.ok && opened.reason !== "");
  },
});
