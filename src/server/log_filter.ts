import type { LogLevel } from "@logtape/logtape";

const ROOT = "switchboard";

/** What can be logged apart; each is a LogTape category, as in `["switchboard", "ice"]`. */
export const AREAS: readonly string[] = [
  ROOT,
  ...["http", "signaling", "room", "ice", "dtls", "media", "bus", "webhook"].map((area) => `${ROOT}.${area}`),
];

/** The words for levels, as RUST_LOG has them. `off` logs nothing. */
const LEVELS: Readonly<Record<string, LogLevel | null>> = {
  trace: "trace",
  debug: "debug",
  info: "info",
  warn: "warning",
  warning: "warning",
  error: "error",
  fatal: "fatal",
  off: null,
};

/** The lowest level that one area logs, null for none. An empty area stands for everything. */
export interface LogDirective {
  readonly area: readonly string[];
  readonly level: LogLevel | null;
}

export type LogFilter = readonly LogDirective[];

/**
 * Parses a filter in the manner of RUST_LOG: directives separated by commas, each of them `area=level`, `area` alone
 * (all its levels) or `level` alone (everything). The longest area that matches decides; what no directive names is not
 * logged. Undefined where an area or a level does not exist, or an area is named twice.
 */
export function parseLogFilter(text: string): LogFilter | undefined {
  const filter = new Map<string, LogDirective>();
  for (const part of text.split(",")) {
    const directive = parseDirective(part.trim());
    if (directive === undefined) return undefined;
    const area = directive.area.join(".");
    if (filter.has(area)) return undefined;
    filter.set(area, directive);
  }
  return [...filter.values()];
}

/** The text that `parseLogFilter` makes the filter of. */
export function formatLogFilter(filter: LogFilter): string {
  return filter.map(({ area, level }) => area.length === 0 ? wordFor(level) : `${area.join(".")}=${wordFor(level)}`)
    .join(",");
}

/** Of several words for a level the first one. */
function wordFor(level: LogLevel | null): string {
  return Object.keys(LEVELS).find((word) => LEVELS[word] === level) ?? "off";
}

function parseDirective(text: string): LogDirective | undefined {
  const equals = text.indexOf("=");
  if (equals < 0) {
    const level = parseLevel(text);
    if (level !== undefined) return { area: [], level };
    return AREAS.includes(text) ? { area: text.split("."), level: "trace" } : undefined;
  }
  const area = text.slice(0, equals);
  const level = parseLevel(text.slice(equals + 1));
  return AREAS.includes(area) && level !== undefined ? { area: area.split("."), level } : undefined;
}

function parseLevel(text: string): LogLevel | null | undefined {
  const name = text.toLowerCase();
  return Object.hasOwn(LEVELS, name) ? LEVELS[name] : undefined;
}
