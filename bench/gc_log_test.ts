import assert from "node:assert/strict";
import { GcLog } from "./gc_log.ts";

const MAIN = "0x5623da609000";
const WORKER = "0x7fe33c0ca000";
/** When the main isolate came to be, and the worker. */
const MAIN_BORN_MS = 1000;
const WORKER_BORN_MS = 1560;

interface Line {
  readonly isolate?: string;
  readonly atMs: number;
  /** From the collection to when it is told here. */
  readonly delayMs?: number;
  readonly pauseMs?: number;
}

/** Gives the log lines as V8 14 writes them. */
function logOf(lines: readonly Line[]): GcLog {
  const log = new GcLog();
  for (const { isolate = MAIN, atMs, delayMs = 0, pauseMs = 1 } of lines) {
    const age = atMs - (isolate === MAIN ? MAIN_BORN_MS : WORKER_BORN_MS);
    const text = `[29269:${isolate}]       ${age} ms: Scavenge 4.1 (4.2) -> 4.0 (5.5) MB, pooled: 0.0 MB, ` +
      `${pauseMs.toFixed(2)} / 0.00 ms (average mu = 1.000, current mu = 1.000) allocation failure; `;
    assert.equal(log.handleLine(text, atMs + delayMs), true);
  }
  return log;
}

const lengths = (pauses: GcLog["main"]) => pauses?.map(({ pauseMs }) => pauseMs);

Deno.test({
  name: "a scavenge is read: when it was told, its pause, and what is left",
  permissions: "none",
  fn() {
    const log = logOf([{ atMs: 1089, pauseMs: 4.06 }]);
    assert.deepEqual(log.main, [{ atMs: 1089, pauseMs: 4.06, megabytesLeft: 4, full: false }]);
  },
});

Deno.test({
  name: "of a full collection the longest step counts where it is longer than the pause",
  permissions: "none",
  fn() {
    const log = new GcLog();
    const text = `[1:${MAIN}]   900 ms: Mark-Compact 20.0 (30.0) -> 12.5 (31.0) MB, pooled: 0.0 MB, 2.10 / 0.00 ms ` +
      "(+ 3.2 ms in 4 steps since start of marking, biggest step 2.9 ms, walltime since start of marking 9 ms) " +
      "(average mu = 0.9, current mu = 0.9) finalize incremental marking via task; GC in old space requested";
    assert.equal(log.handleLine(text, 1900), true);
    assert.deepEqual(log.main, [{ atMs: 1900, pauseMs: 2.9, megabytesLeft: 12.5, full: true }]);
  },
});

Deno.test({
  name: "other lines are none of the log",
  permissions: "none",
  fn() {
    const log = new GcLog();
    assert.equal(log.handleLine("Switchboard is ready at http://127.0.0.1:8080", 0), false);
    assert.equal(log.main, undefined);
  },
});

Deno.test({
  name: "without a line no isolate is known, and with lines of one alone no worker is",
  permissions: "none",
  fn() {
    assert.equal(new GcLog().main, undefined);
    assert.equal(new GcLog().workers, undefined);
    assert.equal(logOf([{ isolate: MAIN, atMs: 1100 }]).workers, undefined);
    assert.equal(logOf([{ isolate: WORKER, atMs: 1600 }]).workers, undefined);
  },
});

Deno.test({
  name: "the main isolate is the oldest, whichever collects first",
  permissions: "none",
  fn() {
    const log = logOf([
      { isolate: WORKER, atMs: 1600, pauseMs: 2 },
      { isolate: MAIN, atMs: 1700, pauseMs: 3 },
      { isolate: WORKER, atMs: 1800, pauseMs: 4 },
    ]);
    assert.deepEqual(lengths(log.main), [3]);
    assert.deepEqual(lengths(log.workers), [2, 4]);
  },
});

Deno.test({
  name: "a line of the main isolate that is told late does not make it the younger one",
  permissions: "none",
  fn() {
    const log = logOf([
      { isolate: MAIN, atMs: 1100, pauseMs: 2 },
      { isolate: WORKER, atMs: 1600, pauseMs: 3 },
      { isolate: MAIN, atMs: 1700, delayMs: 5000, pauseMs: 4 },
    ]);
    assert.deepEqual(lengths(log.main), [2, 4]);
    assert.deepEqual(lengths(log.workers), [3]);
  },
});

Deno.test({
  name: "all isolates but the oldest are workers",
  permissions: "none",
  fn() {
    const log = logOf([
      { isolate: MAIN, atMs: 1100 },
      { isolate: WORKER, atMs: 1600, pauseMs: 2 },
      { isolate: "0x7fe340000000", atMs: 1601, pauseMs: 3 },
    ]);
    assert.deepEqual(lengths(log.workers)?.toSorted(), [2, 3]);
  },
});
