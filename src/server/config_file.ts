/** What a file of settings says of one of them. */
export interface FileEntry {
  readonly value: string;
  /** Where it says so, as in `config/switchboard.env:3`. */
  readonly place: string;
}

export interface ConfigFile {
  /** By the name of their variable. */
  readonly entries: ReadonlyMap<string, FileEntry>;
  /** What is wrong, one sentence each. No value is repeated: it may be a secret. */
  readonly problems: readonly string[];
}

const ASSIGNMENT = /^([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$/;
/** A part of a value: in quotes of either kind, or what begins without one and goes on to the end, quotes in it included. */
const PART = /\s*(?:'(?<single>[^']*)'|"(?<double>(?:[^"\\]|\\.)*)"|(?<bare>(?:[^'"\\\s]|\\.)(?:[^\\]|\\.)*))/y;

/**
 * Reads `NAME=value` lines as systemd reads an EnvironmentFile (systemd.exec(5)): empty lines, and those that begin with #
 * or ;, say nothing; quotes around a value are no part of it; of what is said twice the last counts. Only a value that goes
 * on in the next line is refused. `variables` are the names that there may be, `path` is how places are told.
 */
export function parseConfigFile(text: string, variables: ReadonlySet<string>, path: string): ConfigFile {
  const entries = new Map<string, FileEntry>();
  const problems: string[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const place = `${path}:${index + 1}`;
    const content = line.trim();
    if (content === "" || /^[#;]/.test(content)) continue;
    const [, name, written] = ASSIGNMENT.exec(content) ?? [];
    const value = written === undefined ? undefined : readValue(written);
    if (name === undefined) problems.push(`${place}: this is no line NAME=value`);
    else if (!variables.has(name)) problems.push(`${place}: ${name} is no setting that a file can have`);
    else if (value === undefined) problems.push(`${place}: ${name} has a value that does not end in its line`);
    else entries.set(name, { value, place });
  }
  return { entries, problems };
}

/** Undefined for what does not end. */
function readValue(written: string): string | undefined {
  let value = "";
  for (PART.lastIndex = 0; PART.lastIndex < written.length;) {
    const { single, double, bare } = PART.exec(written)?.groups ?? {};
    if (single !== undefined) value += single;
    else if (double !== undefined) value += double.replace(/\\(["\\$`])/g, "$1");
    else if (bare !== undefined) value += bare.replace(/\\(.)/g, "$1");
    else return undefined;
  }
  return value;
}
