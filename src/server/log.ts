import { configureSync, type LogLevel, type LogRecord } from "@logtape/logtape";
import type { LogFilter } from "./log_filter.ts";

const COLORS: Readonly<Record<LogLevel, number>> = {
  trace: 90,
  debug: 34,
  info: 32,
  warning: 33,
  error: 31,
  fatal: 35,
};

const NAMES: Readonly<Record<LogLevel, string>> = {
  trace: "TRACE",
  debug: "DEBUG",
  info: "INFO",
  warning: "WARN",
  error: "ERROR",
  fatal: "FATAL",
};

export interface LogOptions {
  /** Takes one line, with its line end. Writes to stderr by default. */
  readonly write?: (line: string) => void;
  /** Colours the level; by default on a terminal where NO_COLOR is not set. */
  readonly colors?: boolean;
}

/**
 * Sends what `filter` lets through to `write`, from now on. Called at the start, and where the filter changes; embedders
 * configure LogTape themselves.
 */
export function configureLogs(filter: LogFilter, options: LogOptions = {}): void {
  const write = options.write ?? writeToStderr;
  const colors = options.colors ?? (!Deno.noColor && Deno.stderr.isTerminal());
  configureSync({
    reset: true,
    sinks: { lines: (record) => write(formatRecord(record, colors) + "\n") },
    loggers: [
      { category: ["logtape", "meta"], lowestLevel: "warning", parentSinks: "override", sinks: ["lines"] },
      // LogTape hands a record to the parents' sinks too, under the parents' levels; each directive stands for itself.
      ...filter.map(({ area, level }) => ({
        category: [...area],
        lowestLevel: level,
        parentSinks: "override" as const,
        sinks: ["lines" as const],
      })),
    ],
  });
}

function writeToStderr(line: string): void {
  let rest = new TextEncoder().encode(line);
  while (rest.length > 0) rest = rest.subarray(Deno.stderr.writeSync(rest));
}

/** One record as one line without its end: ISO time, level, area, message, and the properties that the message lacks. */
export function formatRecord(record: LogRecord, colors: boolean): string {
  const time = new Date(record.timestamp).toISOString();
  const name = NAMES[record.level].padEnd(5);
  const level = colors ? `\x1b[${COLORS[record.level]}m${name}\x1b[0m` : name;
  const text = escapeControls(formatMessage(record) + formatProperties(record));
  return `${time} ${level} ${record.category.join(".")} ${text}`;
}

/** A message alternates text and values: text comes at the even places. */
function formatMessage(record: LogRecord): string {
  return record.message.map((part, index) => index % 2 === 0 ? String(part) : formatValue(part)).join("");
}

function formatProperties(record: LogRecord): string {
  const template = typeof record.rawMessage === "string" ? record.rawMessage : "";
  return Object.entries(record.properties)
    .filter(([key]) => !template.includes(`{${key}}`))
    .map(([key, value]) => ` ${key}=${formatValue(value)}`)
    .join("");
}

function formatValue(value: unknown): string {
  if (typeof value === "string") return /^[\w.:/@+-]+$/.test(value) ? value : JSON.stringify(value);
  return Deno.inspect(value, { breakLength: Infinity, depth: 3, strAbbreviateSize: 200 });
}

/** Names come from clients: without this they could forge a line, or send commands to the terminal. */
function escapeControls(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}
