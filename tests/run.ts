/**
 * Runs the suites: `deno task test [suite ...] [--filter=text]`. Installs what is missing where it can, gives each suite
 * the permissions that it needs, and ends with one line, `N passed, N failed`, and code 0 only where nothing failed.
 */
import { readArguments, type Selection, UsageError } from "./runner/arguments.ts";
import { hasDenort } from "./runner/denort.ts";
import { installInterop, thisInstaller } from "./runner/interop.ts";
import { runInGroup } from "./runner/process_group.ts";
import { environmentOf, PROGRAMS, type Provision, provision, thisMachine } from "./runner/provision.ts";
import { addTallies, closingLine, reportSuite, type SuiteReport } from "./runner/report.ts";
import { type Suite, suites } from "./runner/suites.ts";

const ROOT = new URL("../", import.meta.url).pathname;

const CHECK_TIMEOUT_MS = 5 * 60_000;

const FAILED = 1;
const CALLED_WRONGLY = 2;

const encoder = new TextEncoder();
const print = (line: string) => void writeAll(Deno.stdout, encoder.encode(`${line}\n`));
const printError = (line: string) => void writeAll(Deno.stderr, encoder.encode(`${line}\n`));

function writeAll(stream: { writeSync(bytes: Uint8Array): number }, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += stream.writeSync(bytes.subarray(at));
}

/**
 * `--frozen`: the tests run what deno.lock says. The sanitizers, off by default, fail a test that leaves a timer, a socket
 * or a promise behind. Types were checked before, once: each worker that a test starts would be checked again meanwhile.
 */
function testArguments(suite: Suite, filter: string | undefined): string[] {
  const flags = ["--frozen", "--no-check", "--no-prompt", "--sanitize-ops", "--sanitize-resources"];
  const narrowed = filter === undefined ? [] : [`--filter=${filter}`];
  return ["test", ...flags, ...suite.permissions, ...narrowed, ...suite.folders];
}

async function runSuite(suite: Suite, filter: string | undefined, env: Record<string, string>, signal: AbortSignal) {
  print(`\n${suite.name}: ${suite.folders.join(" ")}`);
  const end = await runInGroup(Deno.execPath(), {
    args: testArguments(suite, filter),
    cwd: ROOT,
    env,
    timeoutMs: suite.timeoutMs,
    signal,
    print: (bytes) => writeAll(Deno.stdout, bytes),
  });
  const report = reportSuite(end, { filtered: filter !== undefined });
  if (report.problem !== undefined) print(`The suite ${suite.name} failed: ${report.problem}.`);
  return report;
}

/** Checks the types of all there is; what is wrong counts as one failure. */
async function checkTypes(env: Record<string, string>, signal: AbortSignal): Promise<SuiteReport> {
  print("\ntypes");
  const end = await runInGroup(Deno.execPath(), {
    args: ["check", "--frozen"],
    cwd: ROOT,
    env,
    timeoutMs: CHECK_TIMEOUT_MS,
    signal,
    print: (bytes) => writeAll(Deno.stdout, bytes),
  });
  const passed = end.exitCode === 0 && !end.timedOut;
  if (!passed) print("The types are not right, or took too long to check.");
  return { tally: { passed: 0, failed: passed ? 0 : 1, skipped: 0 } };
}

async function runSuites({ names, filter }: Selection, provisions: readonly Provision[], signal: AbortSignal) {
  const temporaryFolder = await Deno.makeTempDir({ prefix: "switchboard-test-" });
  try {
    const programs = provisions.flatMap(({ path }) => path ?? []);
    const env = { ...environmentOf(provisions), TMPDIR: temporaryFolder };
    const reports: SuiteReport[] = [await checkTypes(env, signal)];
    for (const suite of suites({ temporaryFolder, programs })) {
      if (signal.aborted || (names.length > 0 && !names.includes(suite.name))) continue;
      const interop = suite.usesInterop ? await interopFolder(temporaryFolder) : "";
      const denort = suite.usesDenort && await hasDenort(temporaryFolder, thisInstaller(print)) ? "1" : "";
      reports.push(await runSuite(suite, filter, { ...env, INTEROP: interop, DENORT: denort }, signal));
    }
    return reports;
  } finally {
    await Deno.remove(temporaryFolder, { recursive: true });
  }
}

/** Where clients are installed that are no part of the project; empty where they cannot be. */
async function interopFolder(temporaryFolder: string): Promise<string> {
  const folder = `${temporaryFolder}/interop`;
  await Deno.mkdir(folder);
  return await installInterop(`${ROOT}tests/interop`, folder, thisInstaller(print)) ? folder : "";
}

/** Ends the running suite, and with it the run, when the user or CI stops it. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(name, () => stop.abort());
  return stop.signal;
}

async function main(): Promise<number> {
  const suiteNames = suites({ temporaryFolder: "", programs: [] }).map((suite) => suite.name);
  const selection = readArguments(Deno.args, suiteNames);
  const signal = stopSignal();
  const machine = thisMachine(print);
  const provisions: Provision[] = [];
  for (const program of PROGRAMS) provisions.push(await provision(program, Deno.env.get(program.variable), machine));

  const total = addTallies((await runSuites(selection, provisions, signal)).map((report) => report.tally));
  const ranNothing = total.passed + total.failed + total.skipped === 0;
  if (ranNothing) printError("No test was run: the filter matches none.");
  print(`\n${closingLine(total)}`);
  return total.failed > 0 || ranNothing || signal.aborted ? FAILED : 0;
}

try {
  Deno.exit(await main());
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  printError(error.message);
  Deno.exit(CALLED_WRONGLY);
}
