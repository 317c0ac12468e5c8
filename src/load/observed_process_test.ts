import assert from "node:assert/strict";
import { ObservedProcess } from "./observed_process.ts";

const STAT = "42 (a) b (c)) S 1 42 42 0 -1 4194560 9 0 0 0 150 50 0 0 20 0 9 0 100 1000 25 18446744073709551615\n";
const FILES: Readonly<Record<string, string>> = {
  "/proc/42/stat": STAT,
  "/proc/42/status": "Name:\ta) b (c)\nVmPeak:\t   900 kB\nVmRSS:\t   100 kB\nThreads:\t9\n",
};

Deno.test({
  name: "CPU time and memory of a process are read, whatever it is called",
  permissions: "none",
  fn() {
    const look = new ObservedProcess(42, (path) => FILES[path]).look();
    assert.deepEqual(look, { cpuMicroseconds: 2_000_000, residentBytes: 102_400 });
  },
});

Deno.test({
  name: "B513, B518: a process that is not there, or ends while it is looked at, is told as none, and ends no run",
  permissions: "none",
  fn() {
    assert.equal(new ObservedProcess(43, (path) => FILES[path]).look(), undefined);
    const zombie = { "/proc/42/stat": STAT, "/proc/42/status": "Name:\ta) b (c)\nState:\tZ (zombie)\n" };
    assert.equal(new ObservedProcess(42, (path) => new Map(Object.entries(zombie)).get(path)).look(), undefined);
  },
});
