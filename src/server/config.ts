import { splitArguments } from "./arguments.ts";
import { type ReadTextFile, reasonOf } from "./certificate_files.ts";
import { type ConfigFile, parseConfigFile } from "./config_file.ts";
import { type Config, schema, SETTINGS } from "./config_schema.ts";
import { contradictionsOf } from "./contradictions.ts";

export type ConfigResult =
  | { readonly ok: true; readonly help: true }
  | { readonly ok: true; readonly help: false; readonly config: Config }
  | { readonly ok: false; readonly message: string };

/** Names the file, and so cannot stand in it. */
const FILE_FLAG = "--config-file";
const FILE_VARIABLE = "CONFIG_FILE";
const IN_FILE: ReadonlySet<string> = new Set(
  SETTINGS.map(({ variable }) => variable).filter((variable) => variable !== FILE_VARIABLE),
);

const NO_FILE: ConfigFile = { entries: new Map(), problems: [] };

/** What was given for a setting, and where. */
interface Given {
  readonly source: string;
  readonly value: string;
}

/**
 * Reads the settings: flags first, then the environment, then the file that one of these names, then the defaults. An empty
 * value of a variable counts as not set. The message of a failure has one line for each thing that is wrong.
 */
export function parseConfig(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  readTextFile: ReadTextFile = Deno.readTextFileSync,
): ConfigResult {
  const flags = SETTINGS.map(({ flag }) => flag);
  const secrets = SETTINGS.filter(({ isSecret }) => isSecret).map(({ flag }) => flag);
  const switches = SETTINGS.filter(({ isSwitch }) => isSwitch).map(({ flag }) => flag);
  const { values, help, problems } = splitArguments(args, flags, { secrets, switches });
  if (help) return { ok: true, help: true };
  const place = firstGiven([
    { source: FILE_FLAG, value: values.get(FILE_FLAG) },
    { source: FILE_VARIABLE, value: env[FILE_VARIABLE] },
  ]);
  const file = place === undefined ? NO_FILE : readConfigFile(place, readTextFile);
  const given = new Map<string, Given>();
  for (const { key, flag, variable } of SETTINGS) {
    const entry = file.entries.get(variable);
    const found = firstGiven([
      { source: flag, value: values.get(flag) },
      { source: variable, value: env[variable] },
      { source: `${entry?.place}: ${variable}`, value: entry?.value },
    ]);
    if (found !== undefined) given.set(key, found);
  }
  return check(given, [...problems, ...file.problems]);
}

/** What is empty counts as not given. */
function firstGiven(places: readonly { readonly source: string; readonly value: string | undefined }[]) {
  for (const { source, value } of places) if (value) return { source, value };
  return undefined;
}

function readConfigFile({ source, value: path }: Given, readTextFile: ReadTextFile): ConfigFile {
  try {
    return parseConfigFile(readTextFile(path), IN_FILE, path);
  } catch (error) {
    return { entries: new Map(), problems: [`${source}=${path} is of no use: ${reasonOf(error, path)}`] };
  }
}

function check(given: ReadonlyMap<string, Given>, problems: readonly string[]): ConfigResult {
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
