import { stripColours } from "./report.ts";

/** A test that failed, as the reporter names it. */
export interface FailedTest {
  readonly name: string;
  /** As `tests/e2e/media_test.ts`. */
  readonly file: string;
}

/** A line of the list with which deno's reporter ends: `name => ./tests/e2e/media_test.ts:12:6`. */
const FAILED_LINE = /^(.+) => \.\/(\S+):\d+:\d+$/gm;
/** What that list begins with. */
const LIST = "\n FAILURES \n";

/** The tests in the reporter's closing list. What failed outside of a test is not among them. */
export function readFailedTests(output: string): FailedTest[] {
  const text = stripColours(output);
  const list = text.lastIndexOf(LIST);
  if (list < 0) return [];
  return [...text.slice(list).matchAll(FAILED_LINE)].map(([, name, file]) => ({ name, file }));
}

/** What `deno test --filter` takes to run the tests of this name alone. */
export function filterOf({ name }: FailedTest): string {
  return `/^${name.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")}$/`;
}

/** As the last lines of a run name it. */
export function describe({ name, file }: FailedTest): string {
  return `${name} (${file})`;
}
