/** The runner was called in a way that cannot work; the message says what to do. */
export class UsageError extends Error {}

/** What `deno task test` was asked to run. */
export interface Selection {
  /** Names of suites; empty for all. */
  readonly names: readonly string[];
  /** Handed on to `deno test --filter`. */
  readonly filter?: string;
}

/** Reads `[suite ...] [--filter=text]`. Throws a UsageError that says what is allowed. */
export function readArguments(args: readonly string[], suiteNames: readonly string[]): Selection {
  const names: string[] = [];
  let filter: string | undefined;
  for (const arg of args) {
    // `deno task test -- unit` hands the two dashes on.
    if (arg === "--") continue;
    if (arg.startsWith("--filter=")) filter = arg.slice("--filter=".length);
    else if (suiteNames.includes(arg)) names.push(arg);
    else throw new UsageError(`${arg} is not known: give --filter=<text> or suites (${suiteNames.join(", ")})`);
  }
  return filter ? { names, filter } : { names };
}
