import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { runInGroup, runSideBySide } from "./process_group.ts";

// Signals need the permission to run anything.
const permissions: Deno.PermissionOptions = { run: true, read: true, write: true };
const never = new AbortController().signal;
const quiet = () => {};

/** Leaves a child behind that holds standard output open: the end of the output shows that the child is dead too. */
const LEAVES_A_CHILD = "sleep 600 & echo started";

Deno.test({
  name: "a program's output and exit code are returned, and its output is passed on",
  permissions,
  async fn() {
    const printed: Uint8Array[] = [];
    const end = await runInGroup("sh", {
      args: ["-c", "echo $GREETING; exit 3"],
      env: { GREETING: "hello" },
      timeoutMs: 60_000,
      signal: never,
      print: (bytes) => void printed.push(bytes),
    });
    deepStrictEqual(end, { exitCode: 3, timedOut: false, output: "hello\n" });
    strictEqual(new TextDecoder().decode(printed[0]), "hello\n");
  },
});

Deno.test({
  name: "what a program leaves behind is killed with its group",
  permissions,
  async fn() {
    const end = await runInGroup("sh", {
      args: ["-c", LEAVES_A_CHILD],
      timeoutMs: 60_000,
      signal: never,
      print: quiet,
    });
    deepStrictEqual(end, { exitCode: 0, timedOut: false, output: "started\n" });
  },
});

Deno.test({
  name: "a program that takes too long is killed with its group, and so is one that is aborted",
  permissions,
  async fn() {
    const args = ["-c", `${LEAVES_A_CHILD}; sleep 600`];
    const late = await runInGroup("sh", { args, timeoutMs: 100, signal: never, print: quiet });
    deepStrictEqual([late.timedOut, late.output], [true, "started\n"]);

    const abort = new AbortController();
    const print = () => abort.abort();
    const aborted = await runInGroup("sh", { args, timeoutMs: 60_000, signal: abort.signal, print });
    strictEqual(aborted.timedOut, false);
    strictEqual(aborted.exitCode === 0, false);
  },
});

Deno.test({
  name: "programs run side by side, and what they print is not mixed up",
  permissions,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      // Each waits for what the other one does.
      const untilThere = (name: string) => `until [ -e ${folder}/${name} ]; do sleep 0.01; done`;
      const scripts = [
        `echo first; touch ${folder}/a; ${untilThere("b")}; echo first ends`,
        `${untilThere("a")}; echo second; touch ${folder}/b`,
      ];
      let printed = "";
      const ends = await runSideBySide(
        scripts.map((script) => (print) =>
          runInGroup("sh", { args: ["-c", script], timeoutMs: 60_000, signal: never, print })
        ),
        (bytes) => void (printed += new TextDecoder().decode(bytes)),
      );
      strictEqual(printed, "first\nfirst ends\nsecond\n");
      deepStrictEqual(ends.map(({ output }) => output), ["first\nfirst ends\n", "second\n"]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "of many only so many run at once, each as soon as another one has ended",
  permissions: "none",
  async fn() {
    const begun: number[] = [];
    const running = Array.from({ length: 5 }, () => Promise.withResolvers<number>());
    const over = runSideBySide(running.map(({ promise }, i) => () => (begun.push(i), promise)), quiet, 2);
    deepStrictEqual(begun, [0, 1]);
    for (const [ended, started] of [[1, [0, 1, 2]], [2, [0, 1, 2, 3]], [0, [0, 1, 2, 3, 4]]] as const) {
      running[ended].resolve(ended);
      await Promise.race([running[ended].promise, over]);
      for (let turns = 0; turns < 10; turns++) await Promise.resolve();
      deepStrictEqual(begun, started);
    }
    for (const i of [3, 4]) running[i].resolve(i);
    deepStrictEqual(await over, [0, 1, 2, 3, 4]);
  },
});
