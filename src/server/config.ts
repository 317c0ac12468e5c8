import { splitArguments } from "./arguments.ts";
import { type Config, schema, SETTINGS } from "./config_schema.ts";
import { contradictionsOf } from "./contradictions.ts";

export type ConfigResult =
  | { readonly ok: true; readonly help: true }
  | { readonly ok: true; readonly help: false; readonly config: Config }
  | { readonly ok: false; readonly message: string };

/**
 * Reads the settings: flags first, then the environment, then the defaults. An empty environment variable counts as not
 * set. The message of a failure has one line for each thing that is wrong.
 */
export function parseConfig(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ConfigResult {
  const flags = SETTINGS.map(({ flag }) => flag);
  const secrets = SETTINGS.filter(({ isSecret }) => isSecret).map(({ flag }) => flag);
  const switches = SETTINGS.filter(({ isSwitch }) => isSwitch).map(({ flag }) => flag);
  const { values, help, problems } = splitArguments(args, flags, { secrets, switches });
  if (help) return { ok: true, help: true };
  const given = new Map<string, { readonly source: string; readonly value: string }>();
  for (const { key, flag, variable } of SETTINGS) {
    const value = values.get(flag) ?? env[variable];
    if (value) given.set(key, { source: values.has(flag) ? flag : variable, value });
  }
  const parsed = schema.safeParse(Object.fromEntries([...given].map(([key, { value }]) => [key, value])));
  const wrong = new Set(parsed.error?.issues.map((issue) => issue.path[0]));
  const refused = SETTINGS.filter(({ key }) => wrong.has(key)).map(({ key, allowed, isSecret }) => {
    const entry = given.get(key);
    const value = isSecret ? "" : `=${entry?.value}`;
    return `${entry?.source}${value} is not allowed: expected ${allowed}`;
  });
  const contradictions = parsed.success ? contradictionsOf(parsed.data) : [];
  if (parsed.success && problems.length + contradictions.length === 0) {
    return { ok: true, help: false, config: parsed.data };
  }
  return { ok: false, message: [...problems, ...refused, ...contradictions].join("\n") };
}
