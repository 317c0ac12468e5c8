import { getLogger, resetSync } from "@logtape/logtape";
import assert from "node:assert/strict";
import { configureLogs, formatRecord } from "./log.ts";
import { parseLogFilter } from "./log_filter.ts";

/** What `log` writes under a filter, line by line and without the time. */
function written(filter: string, log: () => void): string[] {
  const lines: string[] = [];
  const parsed = parseLogFilter(filter);
  assert(parsed);
  configureLogs(parsed, { write: (line) => lines.push(line), colors: false });
  try {
    log();
  } finally {
    resetSync();
  }
  return lines.map((line) => line.replace(/^\S+ /, ""));
}

const root = getLogger(["switchboard"]);
const ice = getLogger(["switchboard", "ice"]);
const room = getLogger(["switchboard", "room"]);

Deno.test({
  name: "B72: a filter shows what is at its level or above it",
  permissions: "none",
  fn() {
    const lines = written("switchboard=info", () => {
      ice.debug("checked");
      ice.info("connected");
      room.error("failed");
    });
    assert.deepEqual(lines, ["INFO  switchboard.ice connected\n", "ERROR switchboard.room failed\n"]);
  },
});

Deno.test({
  name: "B72: the longest area that matches decides, and logs a record once",
  permissions: "none",
  fn() {
    const lines = written("warn,switchboard.ice=trace,switchboard.room=off", () => {
      ice.trace("checked");
      ice.warn("lost");
      room.fatal("failed");
      root.info("ready");
      root.warn("late");
    });
    assert.deepEqual(lines, [
      "TRACE switchboard.ice checked\n",
      "WARN  switchboard.ice lost\n",
      "WARN  switchboard late\n",
    ]);
  },
});

Deno.test({
  name: "B72: an area that no directive names is not logged",
  permissions: "none",
  fn() {
    assert.deepEqual(written("switchboard.ice=info", () => room.fatal("failed")), []);
  },
});

Deno.test({
  name: "B72: off logs nothing",
  permissions: "none",
  fn() {
    assert.deepEqual(written("off", () => root.fatal("failed")), []);
  },
});

Deno.test({
  name: "LogTape's own advice is not logged",
  permissions: "none",
  fn() {
    assert.deepEqual(written("trace", () => {}), []);
  },
});

Deno.test({
  name: "properties stand behind the message, but those that it names stand in it",
  permissions: "none",
  fn() {
    const lines = written("info", () => {
      room.info("peer {peerId} joined", { peerId: "p1", name: "Ann B", port: 40000, list: [1, "a"] });
    });
    assert.deepEqual(lines, [
      `INFO  switchboard.room peer p1 joined name="Ann B" port=40000 list=[ 1, "a" ]\n`,
    ]);
  },
});

Deno.test({
  name: "B72: what a client sends cannot end a line, command the terminal or turn the text around",
  permissions: "none",
  fn() {
    const name = "a\nb\x1b[31m\x9b\u202e\u2028c";
    const lines = written("info", () => {
      room.info(`peer ${name}`);
      room.info("peer {name}", { name });
      room.info("failed", { error: new Error(name) });
    });
    assert.equal(lines.length, 3);
    for (const line of lines) assert.match(line, /^[^\p{Cc}\p{Cf}\p{Zl}]*\n$/u);
    assert.equal(lines[0], "INFO  switchboard.room peer a\\u{a}b\\u{1b}[31m\\u{9b}\\u{202e}\\u{2028}c\n");
  },
});

Deno.test({
  name: "a line begins with the time in ISO 8601",
  permissions: "none",
  fn() {
    const record = { category: ["switchboard"], level: "info", message: ["ready"], rawMessage: "ready" } as const;
    const text = formatRecord({ ...record, timestamp: 0, properties: {} }, false);
    assert.equal(text, "1970-01-01T00:00:00.000Z INFO  switchboard ready");
  },
});

Deno.test({
  name: "colours go round the level only",
  permissions: "none",
  fn() {
    const record = { category: ["switchboard"], level: "warning", message: ["late"], rawMessage: "late" } as const;
    const text = formatRecord({ ...record, timestamp: 0, properties: {} }, true);
    assert.equal(text, "1970-01-01T00:00:00.000Z \x1b[33mWARN \x1b[0m switchboard late");
  },
});
