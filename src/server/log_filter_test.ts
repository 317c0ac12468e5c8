import assert from "node:assert/strict";
import { parseLogFilter } from "./log_filter.ts";

Deno.test({
  name: "a level alone is for everything",
  permissions: "none",
  fn() {
    assert.deepEqual(parseLogFilter("debug"), [{ area: [], level: "debug" }]);
  },
});

Deno.test({
  name: "an area alone is logged at all levels",
  permissions: "none",
  fn() {
    assert.deepEqual(parseLogFilter("switchboard.ice"), [{ area: ["switchboard", "ice"], level: "trace" }]);
  },
});

Deno.test({
  name: "directives are separated by commas, and warn means warning",
  permissions: "none",
  fn() {
    assert.deepEqual(parseLogFilter("switchboard=warn, switchboard.ice=TRACE"), [
      { area: ["switchboard"], level: "warning" },
      { area: ["switchboard", "ice"], level: "trace" },
    ]);
  },
});

Deno.test({
  name: "off is no level at all",
  permissions: "none",
  fn() {
    assert.deepEqual(parseLogFilter("off"), [{ area: [], level: null }]);
  },
});

for (
  const text of [
    "",
    "loud",
    "switchboard=loud",
    "switchboard.iec=info",
    "toString",
    "switchboard=toString",
    "info,",
    "info,debug",
    "switchboard=info,switchboard=debug",
    "switchboard=info=debug",
    "=info",
  ]
) {
  Deno.test({
    name: `${JSON.stringify(text)} is no filter`,
    permissions: "none",
    fn() {
      assert.equal(parseLogFilter(text), undefined);
    },
  });
}
