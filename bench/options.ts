import { parseArgs } from "node:util";

/** What the command line of the bench says. */
export interface BenchOptions {
  /** In the order in which they run. */
  readonly scenarios: readonly string[];
  /** The folder of the server that is measured: this one, or another version of it. */
  readonly server: string;
  /** The folder of a version to compare it with, for the scenario `before`. */
  readonly before: string | undefined;
  /** Whether to measure all sizes and ways to run in `big-room`, and the reference in `saturation`. */
  readonly whole: boolean;
  readonly windows: number;
  readonly windowMs: number;
  /** How long the scenario `flat` takes. */
  readonly minutes: number;
  /** Another server, for the scenario of that name. */
  readonly other: OtherServer | undefined;
  /** How many it gets. */
  readonly subscribers: number;
}

/** A server that runs already, and speaks WHIP and WHEP at `<url>/whip/<room>` and `<url>/whep/<room>`. */
export interface OtherServer {
  readonly url: string;
  /** Of the process that forwards. */
  readonly pid: number;
}

const FLAGS = {
  windows: { type: "string", default: "3" },
  seconds: { type: "string", default: "5" },
  minutes: { type: "string", default: "10" },
  subscribers: { type: "string", default: "400" },
  whole: { type: "boolean", default: false },
  server: { type: "string", default: new URL("..", import.meta.url).pathname },
  before: { type: "string" },
  url: { type: "string" },
  pid: { type: "string" },
} as const;

/** What the command line names scenarios by. */
export interface ScenarioNames {
  /** All but those that ask for more: flags, or browsers. */
  readonly all: readonly string[];
  /** Where none is named. */
  readonly usual: readonly string[];
  readonly known: readonly string[];
}

/** Throws an error that says what is wrong with the command line. */
export function parseOptions(args: readonly string[], { all, usual, known }: ScenarioNames): BenchOptions {
  const { values, positionals } = parseArgs({ args: [...args], options: FLAGS, allowPositionals: true });
  const unknown = positionals.find((name) => name !== "all" && !known.includes(name));
  if (unknown !== undefined) {
    throw new RangeError(`${unknown} is unknown: expected all, ${known.join(", ")}, ${flagNames()}`);
  }
  const isAll = positionals.includes("all");
  const { url, pid, before } = values;
  return {
    scenarios: isAll ? all : positionals.length > 0 ? positionals : usual,
    server: Deno.realPathSync(values.server),
    before: before && Deno.realPathSync(before),
    whole: values.whole || isAll,
    windows: wholeNumber("windows", values.windows),
    windowMs: 1000 * wholeNumber("seconds", values.seconds),
    minutes: wholeNumber("minutes", values.minutes),
    subscribers: wholeNumber("subscribers", values.subscribers),
    other: url === undefined || pid === undefined
      ? undefined
      : { url: url.replace(/\/$/, ""), pid: wholeNumber("pid", pid) },
  };
}

function wholeNumber(flag: string, text: string): number {
  if (!/^[1-9]\d*$/.test(text)) {
    throw new RangeError(`--${flag}=${text} is not allowed: expected a whole number above 0`);
  }
  return Number(text);
}

function flagNames(): string {
  return Object.keys(FLAGS).map((name) => `--${name}`).join(", ");
}
