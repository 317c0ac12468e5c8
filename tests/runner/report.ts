/** Tests counted. Steps inside a test are not counted. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** How a `deno test` ended. */
export interface SuiteEnd {
  readonly exitCode: number;
  readonly timedOut: boolean;
  /** What it wrote to standard output. */
  readonly output: string;
}

export interface SuiteReport {
  readonly tally: Tally;
  /** What went wrong beside failed tests: one sentence. */
  readonly problem?: string;
}

const NONE: Tally = { passed: 0, failed: 0, skipped: 0 };

/** `ok | 2 passed (1 step) | 0 failed | 1 ignored (84ms)`, as deno's reporter ends. */
const CLOSING_LINE = /^(?:ok|FAILED) \| (\d+) passed.*? \| (\d+) failed.*$/gm;

/** The tally of the reporter's last closing line; undefined where it has not written any. */
export function readTally(output: string): Tally | undefined {
  const line = [...stripColours(output).matchAll(CLOSING_LINE)].at(-1);
  if (line === undefined) return undefined;
  return {
    passed: Number(line[1]),
    failed: Number(line[2]),
    skipped: Number(/\| (\d+) ignored/.exec(line[0])?.[1] ?? 0),
  };
}

/** Counts a suite. One that crashed, hung, did not compile or ran nothing has failed, by one at least. */
export function reportSuite(end: SuiteEnd, options: { readonly filtered: boolean }): SuiteReport {
  const tally = readTally(end.output);
  const problem = problemOf(end, tally, options.filtered);
  if (problem === undefined) return { tally: tally ?? NONE };
  return { tally: { ...(tally ?? NONE), failed: (tally?.failed ?? 0) + 1 }, problem };
}

function problemOf(end: SuiteEnd, tally: Tally | undefined, filtered: boolean): string | undefined {
  if (end.timedOut) return "it took too long and was ended";
  if (tally === undefined) return `it ended with code ${end.exitCode} before its tests did`;
  if (end.exitCode !== 0 && tally.failed === 0) return `no test failed, yet it ended with code ${end.exitCode}`;
  if (tally.passed + tally.failed + tally.skipped === 0 && !filtered) return "it has no tests";
  return undefined;
}

export function addTallies(tallies: readonly Tally[]): Tally {
  return tallies.reduce((sum, tally) => ({
    passed: sum.passed + tally.passed,
    failed: sum.failed + tally.failed,
    skipped: sum.skipped + tally.skipped,
  }), NONE);
}

/** What is to be added for so many tests that failed, and passed when they were run again. */
export function correction(count: number): Tally {
  return { passed: count, failed: -count, skipped: 0 };
}

/** The last line of a run: `12 passed, 0 failed, 3 skipped`. */
export function closingLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

export function stripColours(text: string): string {
  // deno-lint-ignore no-control-regex -- ESC begins a colour
  return text.replace(/\x1b\[[\d;]*m/g, "");
}
