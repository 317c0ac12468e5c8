import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { addTallies, closingLine, correction, readTally, reportSuite } from "./report.ts";

const end = (output: string, exitCode = 0, timedOut = false) => ({ output, exitCode, timedOut });
const all = { filtered: false };

Deno.test({
  name: "the reporter's closing line is read, with steps, colours, ignored and filtered tests",
  permissions: "none",
  fn() {
    deepStrictEqual(readTally("x\nok | 3 passed | 0 failed (8ms)\n"), { passed: 3, failed: 0, skipped: 0 });
    deepStrictEqual(readTally("FAILED | 2 passed (1 step) | 5 failed (1 step) | 1 ignored (84ms)"), {
      passed: 2,
      failed: 5,
      skipped: 1,
    });
    deepStrictEqual(readTally("ok | 1 passed | 0 failed | 2 ignored (1 step) | 4 filtered out (8ms)"), {
      passed: 1,
      failed: 0,
      skipped: 2,
    });
    deepStrictEqual(readTally("\x1b[32mok\x1b[0m | 1 passed | 0 failed \x1b[38;5;245m(8ms)\x1b[0m"), {
      passed: 1,
      failed: 0,
      skipped: 0,
    });
    strictEqual(readTally("error: Type checking failed"), undefined);
  },
});

Deno.test({
  name: "what a test prints does not count where the reporter's own line follows",
  permissions: "none",
  fn() {
    deepStrictEqual(readTally("ok | 99 passed | 0 failed (1ms)\nFAILED | 1 passed | 1 failed (2ms)")?.failed, 1);
  },
});

Deno.test({
  name: "a suite counts as its tests do",
  permissions: "none",
  fn() {
    deepStrictEqual(reportSuite(end("FAILED | 2 passed | 1 failed (1ms)", 1), all), {
      tally: { passed: 2, failed: 1, skipped: 0 },
    });
  },
});

Deno.test({
  name: "a suite that hangs, crashes, does not compile or runs nothing has failed",
  permissions: "none",
  fn() {
    const failures = [
      end("ok | 1 passed | 0 failed (1ms)", 0, true),
      end("", 137, true),
      end("error: Type checking failed.", 1),
      end('ok | 1 passed | 0 failed (1ms)\nerror: Test failed because the "only" option was used', 1),
      end("ok | 0 passed | 0 failed (1ms)"),
      end("", 0),
    ];
    for (const failure of failures) {
      const { tally, problem } = reportSuite(failure, all);
      strictEqual(tally.failed, 1, failure.output);
      strictEqual(typeof problem, "string");
    }
  },
});

Deno.test({
  name: "a suite of which a filter leaves nothing has not failed",
  permissions: "none",
  fn() {
    const { tally, problem } = reportSuite(end("ok | 0 passed | 0 failed | 4 filtered out (8ms)"), { filtered: true });
    deepStrictEqual(tally, { passed: 0, failed: 0, skipped: 0 });
    strictEqual(problem, undefined);
  },
});

Deno.test({
  name: "the closing line tells of skipped tests only where there are any",
  permissions: "none",
  fn() {
    const some = { passed: 2, failed: 1, skipped: 3 };
    strictEqual(closingLine(some), "2 passed, 1 failed, 3 skipped");
    strictEqual(closingLine({ ...some, skipped: 0 }), "2 passed, 1 failed");
    strictEqual(closingLine(addTallies([some, some])), "4 passed, 2 failed, 6 skipped");
    strictEqual(closingLine(addTallies([])), "0 passed, 0 failed");
  },
});

Deno.test({
  name: "a test that passes when it is run again counts as passed, once",
  permissions: "none",
  fn() {
    const first = { passed: 2, failed: 2, skipped: 1 };
    deepStrictEqual(addTallies([first, correction(1)]), { passed: 3, failed: 1, skipped: 1 });
    deepStrictEqual(addTallies([first, correction(0)]), first);
  },
});
