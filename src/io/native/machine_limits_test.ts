import { ok, strictEqual } from "node:assert/strict";
import { descriptorLimit, grantedBuffers } from "./machine_limits.ts";

const HAS_NATIVE = Deno.build.os === "linux";

Deno.test({
  name: "the kernel tells how many descriptors a process may have, and what it grants of a buffer",
  ignore: !HAS_NATIVE,
  permissions: { ffi: true },
  fn() {
    ok((descriptorLimit() ?? 0) > 100);
    const small = { receive: 16 * 1024, send: 16 * 1024 };
    const granted = grantedBuffers(small);
    ok(granted !== undefined && granted.receive >= small.receive && granted.send >= small.send);
  },
});

Deno.test({
  name: "B482: without FFI the kernel is not asked",
  permissions: "none",
  fn() {
    strictEqual(descriptorLimit(), undefined);
    strictEqual(grantedBuffers({ receive: 1, send: 1 }), undefined);
  },
});
