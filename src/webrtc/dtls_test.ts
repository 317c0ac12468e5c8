import assert from "node:assert/strict";
import { wipeKeying } from "./dtls.ts";

Deno.test({
  name: "B210: keying material of both directions is overwritten, and the arrays stay",
  permissions: "none",
  fn() {
    const keys = (fill: number) => ({ key: new Uint8Array(16).fill(fill), salt: new Uint8Array(12).fill(fill) });
    const [local, remote] = [keys(1), keys(2)];
    wipeKeying({ local, remote });
    assert.deepEqual([local, remote], [keys(0), keys(0)]);
  },
});
