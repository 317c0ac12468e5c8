/** The command line, split into flags and values; no value is looked at. */
export interface Arguments {
  readonly values: ReadonlyMap<string, string>;
  readonly help: boolean;
  /** What is wrong, one sentence each. */
  readonly problems: readonly string[];
}

/** Flags that are something special; all of them are in `flags` too. */
export interface SpecialFlags {
  /** No problem tells their values. */
  readonly secrets?: readonly string[];
  /** Alone they mean `yes`. */
  readonly switches?: readonly string[];
}

/**
 * Splits `--key=value` and `--key value`. `flags` are the keys that exist, as in `--port`. A lone `--`, which task runners
 * pass on, is skipped.
 */
export function splitArguments(
  args: readonly string[],
  flags: readonly string[],
  { secrets = [], switches = [] }: SpecialFlags = {},
): Arguments {
  const values = new Map<string, string>();
  const problems: string[] = [];
  let help = false;
  for (let index = 0; index < args.length; index++) {
    const arg = args[index];
    if (arg === "--") continue;
    if (arg === "--help" || arg === "-h") {
      help = true;
      continue;
    }
    const equals = arg.indexOf("=");
    const flag = equals < 0 ? arg : arg.slice(0, equals);
    if (!flags.includes(flag)) {
      problems.push(`${flag} is not known: allowed are ${flags.join(", ")} and --help`);
      // The word behind an unknown flag is most likely its value: one complaint is enough.
      if (equals < 0 && flag.startsWith("-") && !isFlag(args[index + 1])) index++;
      continue;
    }
    const isSwitch = equals < 0 && switches.includes(flag);
    const value = isSwitch ? "yes" : equals < 0 ? valueBehind(args, index) : arg.slice(equals + 1);
    if (equals < 0 && !isSwitch && value !== "") index++;
    if (value === "") problems.push(`${flag} has no value: give it as ${flag}=<value>`);
    else if (values.has(flag) && secrets.includes(flag)) problems.push(`${flag} is given twice`);
    else if (values.has(flag)) problems.push(`${flag} is given twice: ${values.get(flag)} and ${value}`);
    else values.set(flag, value);
  }
  return { values, help, problems };
}

function valueBehind(args: readonly string[], index: number): string {
  return isFlag(args[index + 1]) ? "" : args[index + 1];
}

function isFlag(arg: string | undefined): boolean {
  return arg === undefined || arg.startsWith("-");
}
