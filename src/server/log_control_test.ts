import { getLogger, resetSync } from "@logtape/logtape";
import assert from "node:assert/strict";
import { ProcessLogs } from "./log_control.ts";
import { formatLogFilter, parseLogFilter } from "./log_filter.ts";

Deno.test({
  name: "B496: another filter counts from the next record on, and what is none changes nothing",
  permissions: "none",
  fn() {
    const lines: string[] = [];
    const logs = new ProcessLogs(parseLogFilter("info") ?? [], { write: (line) => lines.push(line), colors: false });
    try {
      const log = getLogger(["switchboard", "ice"]);
      log.debug("unheard");
      assert.equal(logs.setFilter("warn,switchboard.ice"), true);
      log.debug("heard");
      getLogger(["switchboard", "room"]).info("unheard");
      assert.equal(logs.setFilter("loud"), false);
      log.debug("heard");
      assert.equal(logs.filter, "warn,switchboard.ice=trace");
      assert.deepEqual(lines.map((line) => line.trimEnd().split(" ").at(-1)), ["heard", "heard"]);
    } finally {
      resetSync();
    }
  },
});

Deno.test({
  name: "B496: a filter is told in the words by which it is set",
  permissions: "none",
  fn() {
    for (const text of ["info", "warn,switchboard.ice=debug", "off,switchboard=error,switchboard.bus=fatal"]) {
      assert.equal(formatLogFilter(parseLogFilter(text) ?? []), text);
    }
    assert.equal(formatLogFilter(parseLogFilter("WARNING, switchboard.room") ?? []), "warn,switchboard.room=trace");
  },
});
