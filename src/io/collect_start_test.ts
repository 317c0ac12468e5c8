import assert from "node:assert/strict";
import { collectStart } from "./collect_start.ts";

Deno.test({
  name: "what the start took is collected once, by a whole collection, and only where V8 lets itself be asked",
  permissions: "none",
  fn() {
    const asked: unknown[] = [];
    collectStart({ gc: (options) => asked.push(options) });
    assert.deepEqual(asked, [{ type: "major", flavor: "last-resort" }]);
    collectStart({});
  },
});
