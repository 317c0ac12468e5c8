/**
 * Runs the suites: `deno task test [suite ...] [--filter=text]`. Installs what is missing where it can, gives each suite
 * the permissions that it needs, and ends with one line, `N passed, N failed`, and code 0 only where nothing failed.
 */
import { readArguments, type Selection, UsageError } from "./runner/arguments.ts";
import { hasDenort } from "./runner/denort.ts";
import { describe, type FailedTest, filterOf, readFailedTests } from "./runner/failed_tests.ts";
import { installInterop, thisInstaller } from "./runner/interop.ts";
import { runInGroup, runSideBySide } from "./runner/process_group.ts";
import { environmentOf, PROGRAMS, type Provision, provision, thisMachine } from "./runner/provision.ts";
import { addTallies, closingLine, correction, reportSuite, type Tally } from "./runner/report.ts";
import { shareFiles, testFiles } from "./runner/files.ts";
import { SharedBrowsers } from "./runner/shared_browsers.ts";
import { type Suite, suites } from "./runner/suites.ts";

const ROOT = new URL("../", import.meta.url).pathname;

const CHECK_TIMEOUT_MS = 5 * 60_000;
/** More failed tests than that are no matter of the machine's time, and are not run again. */
const MAX_SECOND_TRIES = 5;
/** Of what gets the time that others leave. */
const LOWEST_PRIORITY = 19;

const FAILED = 1;
const CALLED_WRONGLY = 2;

const encoder = new TextEncoder();
const writeOut = (bytes: Uint8Array) => writeAll(Deno.stdout, bytes);
/** Prints lines by what prints bytes. */
const linesTo = (write: (bytes: Uint8Array) => void) => (line: string) => write(encoder.encode(`${line}\n`));
const print = linesTo(writeOut);
const printError = (line: string) => void writeAll(Deno.stderr, encoder.encode(`${line}\n`));

function writeAll(stream: { writeSync(bytes: Uint8Array): number }, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += stream.writeSync(bytes.subarray(at));
}

/**
 * `--frozen`: the tests run what deno.lock says. The sanitizers, off by default, fail a test that leaves a timer, a socket
 * or a promise behind. Types were checked before, once: each worker that a test starts would be checked again meanwhile.
 */
function testArguments(suite: Suite, files: readonly string[], filter: string | undefined): string[] {
  const flags = ["--frozen", "--no-check", "--no-prompt", "--sanitize-ops", "--sanitize-resources"];
  const narrowed = filter === undefined ? [] : [`--filter=${filter}`];
  return ["test", ...flags, ...suite.permissions, ...narrowed, ...files];
}

/** What became of a suite: its tests counted, and those that failed. */
interface SuiteResult {
  readonly suite: Suite;
  readonly tally: Tally;
  readonly failed: readonly FailedTest[];
}

async function runSuite(suite: Suite, filter: string | undefined, { env, signal, print }: Run): Promise<SuiteResult> {
  const say = linesTo(print);
  say(`\n${suite.name}: ${suite.folders.join(" ")}`);
  const { processes = 1 } = suite;
  const shares = shareFiles(suite.folders.flatMap((folder) => testFiles(ROOT, folder)), suite.shares ?? processes);
  const { niceness = suite.givesWay ? LOWEST_PRIORITY : 0 } = suite;
  const deno = Deno.execPath();
  const [program, ...words] = niceness === 0 ? [deno] : ["nice", "-n", `${niceness}`, deno];
  const ends = await runSideBySide(
    shares.map((files) => (print) => {
      const args = [...words, ...testArguments(suite, files, filter)];
      return runInGroup(program, { args, cwd: ROOT, env, timeoutMs: suite.timeoutMs, signal, print });
    }),
    print,
    processes,
  );
  const reports = ends.map((end) => reportSuite(end, { filtered: filter !== undefined }));
  for (const { problem } of reports) if (problem !== undefined) say(`The suite ${suite.name} failed: ${problem}.`);
  const tally = addTallies(reports.map(({ tally }) => tally));
  return { suite, tally, failed: ends.flatMap(({ output }) => readFailedTests(output)) };
}

/** Checks the types of all there is; what is wrong counts as one failure. */
async function checkTypes(env: Record<string, string>, signal: AbortSignal): Promise<Tally> {
  print("\ntypes");
  const end = await runInGroup(Deno.execPath(), {
    args: ["check", "--frozen"],
    cwd: ROOT,
    env,
    timeoutMs: CHECK_TIMEOUT_MS,
    signal,
    print: writeOut,
  });
  const passed = end.exitCode === 0 && !end.timedOut;
  if (!passed) print("The types are not right, or took too long to check.");
  return { passed: 0, failed: passed ? 0 : 1, skipped: 0 };
}

/** What a suite is run with. */
interface Run {
  readonly env: Readonly<Record<string, string>>;
  /** Ends it early. */
  readonly signal: AbortSignal;
  readonly print: (bytes: Uint8Array) => void;
}

/** What became of all suites. */
interface Outcome {
  readonly total: Tally;
  readonly failed: readonly FailedTest[];
  /** They failed, and passed when they were run again. */
  readonly passedAlone: readonly FailedTest[];
}

async function runSuites(
  { names, filter }: Selection,
  provisions: readonly Provision[],
  signal: AbortSignal,
): Promise<Outcome> {
  const temporaryFolder = await Deno.makeTempDir({ prefix: "switchboard-test-" });
  try {
    const programs = provisions.flatMap(({ path }) => path ?? []);
    const env = { ...environmentOf(provisions), TMPDIR: temporaryFolder };
    const types = await checkTypes(env, signal);
    const selected = suites({ temporaryFolder, programs }).filter(({ name }) =>
      names.length === 0 || names.includes(name)
    );
    const surrounded = async <T>(suite: Suite, print: Run["print"], action: (run: Run) => Promise<T>) => {
      await using surroundings = await surroundingsOf(suite, provisions, temporaryFolder, linesTo(print));
      return await action({ env: { ...env, ...surroundings.env }, signal, print });
    };
    const inTurn = async (suites: readonly Suite[], print: Run["print"]) => {
      const results: SuiteResult[] = [];
      for (const suite of suites) {
        if (signal.aborted) break;
        results.push(await surrounded(suite, print, (run) => runSuite(suite, filter, run)));
      }
      return results;
    };
    const groups = [selected.filter(({ givesWay }) => !givesWay), selected.filter(({ givesWay }) => givesWay)];
    const results = (await runSideBySide(groups.map((suites) => (print) => inTurn(suites, print)), writeOut)).flat();
    const passedAlone: FailedTest[] = [];
    for (const { suite, tests } of secondTries(results)) {
      if (!signal.aborted) passedAlone.push(...await surrounded(suite, writeOut, (run) => tryAgain(suite, tests, run)));
    }
    return {
      total: addTallies([types, ...results.map(({ tally }) => tally), correction(passedAlone.length)]),
      failed: results.flatMap(({ failed }) => failed).filter((test) => !passedAlone.includes(test)),
      passedAlone,
    };
  } finally {
    await Deno.remove(temporaryFolder, { recursive: true });
  }
}

/**
 * The few tests that failed where something had to happen in real time. The hypervisor may keep the whole machine from them
 * for as long as they may take, which nobody sees from within; a fault of ours fails them again.
 */
function secondTries(
  results: readonly SuiteResult[],
): { readonly suite: Suite; readonly tests: readonly FailedTest[] }[] {
  const all = addTallies(results.map(({ tally }) => tally)).failed;
  const named = results.reduce((count, { failed }) => count + failed.length, 0);
  // What is no test, as a suite that hung, is not run again, and then the rest need not be.
  if (all > MAX_SECOND_TRIES || all !== named) return [];
  return results.filter(({ suite, failed }) => suite.isTimed && failed.length > 0)
    .map(({ suite, failed }) => ({ suite, tests: failed }));
}

/** Runs each test by itself, and gives back those that pass now. */
async function tryAgain(
  suite: Suite,
  tests: readonly FailedTest[],
  { env, signal, print }: Run,
): Promise<FailedTest[]> {
  const passed: FailedTest[] = [];
  for (const test of tests) {
    linesTo(print)(`\nagain, alone: ${describe(test)}`);
    const args = testArguments(suite, [test.file], filterOf(test));
    const end = await runInGroup(Deno.execPath(), { args, cwd: ROOT, env, timeoutMs: suite.timeoutMs, signal, print });
    const { tally, problem } = reportSuite(end, { filtered: true });
    if (problem === undefined && tally.failed === 0 && tally.passed === 1) passed.push(test);
  }
  return passed;
}

/** What a suite needs beside programs, and where its tests find it. */
async function surroundingsOf(
  suite: Suite,
  provisions: readonly Provision[],
  folder: string,
  print: (line: string) => void,
) {
  const interop = suite.usesInterop ? await interopFolder(folder, print) : "";
  const denort = suite.usesDenort && await hasDenort(folder, thisInstaller(print)) ? "1" : "";
  const browsers = await SharedBrowsers.start(suite.sharesBrowsers ? provisions : [], thisMachine(print));
  const env = { ...browsers.env, INTEROP: interop, DENORT: denort };
  return { env, [Symbol.asyncDispose]: () => browsers[Symbol.asyncDispose]() };
}

/** Where clients are installed that are no part of the project; empty where they cannot be. */
async function interopFolder(temporaryFolder: string, print: (line: string) => void): Promise<string> {
  const folder = `${temporaryFolder}/interop`;
  await Deno.mkdir(folder, { recursive: true });
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

  const { total, failed, passedAlone } = await runSuites(selection, provisions, signal);
  const ranNothing = total.passed + total.failed + total.skipped === 0;
  if (ranNothing) printError("No test was run: the filter matches none.");
  if (failed.length + passedAlone.length > 0) print("");
  for (const test of failed) print(`failed: ${describe(test)}`);
  for (const test of passedAlone) print(`failed, and passed when it was run again, alone: ${describe(test)}`);
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
