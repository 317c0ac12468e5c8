import { splitArguments } from "../server/arguments.ts";
import { FLAG_NAMES, FLAGS, type FlagValues, MAX_PEERS } from "./flags.ts";
import { isLoopbackHost, Reach } from "./reach.ts";

const SPECIAL = { secrets: ["--token"], switches: ["--video", "--audio", "--simulcast"] };

/** Where peers join, and how. */
export type Endpoints =
  /** Templates of URLs, in which `{room}` stands for the room. */
  | { readonly transport: "whip"; readonly whip: string; readonly whep: string }
  | { readonly transport: "websocket"; readonly url: string };

export interface LoadSettings {
  readonly endpoints: Endpoints;
  readonly token: string | undefined;
  readonly reach: Reach;
  readonly room: string;
  readonly rooms: number;
  /** In each room. */
  readonly publishers: number;
  /** In each room: in the first step, and more in each other one. */
  readonly subscribers: number;
  readonly step: number;
  readonly steps: number;
  readonly stepSeconds: number;
  readonly concurrency: number;
  readonly video: { readonly bitsPerSecond: number; readonly fps: number } | null;
  readonly audio: boolean;
  readonly simulcast: boolean;
  /** 0 to 1. */
  readonly loss: number;
  readonly pid: number | undefined;
  readonly json: string | undefined;
  readonly plot: string | undefined;
}

export type SettingsResult =
  | { readonly ok: true; readonly help: true }
  | { readonly ok: true; readonly help: false; readonly settings: LoadSettings }
  /** A line for each thing that is wrong. */
  | { readonly ok: false; readonly message: string };

/** Reads the command line of `deno task load`. */
export function parseSettings(args: readonly string[]): SettingsResult {
  const { values, help, problems } = splitArguments(args, FLAG_NAMES, SPECIAL);
  if (help) return { ok: true, help: true };
  const parsed = FLAG_NAMES.map((name) =>
    [name, FLAGS[name].type.safeParse(values.get(name) ?? FLAGS[name].fallback)] as const
  );
  const refused = parsed.filter(([, { success }]) => !success)
    .map(([name]) => `${name}=${values.get(name)} is not allowed: expected ${FLAGS[name].allowed}`);
  if (problems.length + refused.length > 0) return { ok: false, message: [...problems, ...refused].join("\n") };
  const read = Object.fromEntries(parsed.map(([name, { data }]) => [name, data])) as FlagValues;
  const contradictions = [...contradictionsOf(read, values), ...reachProblems(read)];
  if (contradictions.length > 0) return { ok: false, message: contradictions.join("\n") };
  return { ok: true, help: false, settings: settingsOf(read) };
}

function settingsOf(read: FlagValues): LoadSettings {
  return {
    endpoints: endpointsOf(read),
    token: read["--token"],
    reach: new Reach(read["--i-may-load-this-host"]),
    room: read["--room"],
    rooms: read["--rooms"],
    publishers: read["--publishers"],
    subscribers: read["--subscribers"],
    step: read["--step"],
    steps: read["--steps"],
    stepSeconds: read["--step-seconds"],
    concurrency: read["--concurrency"],
    video: read["--video"] ? { bitsPerSecond: read["--bitrate"], fps: read["--fps"] } : null,
    audio: read["--audio"],
    simulcast: read["--simulcast"],
    loss: read["--loss"],
    pid: read["--pid"],
    json: read["--json"],
    plot: read["--plot"],
  };
}

function endpointsOf(read: FlagValues): Endpoints {
  const base = read["--url"].replace(/\/$/, "");
  if (read["--transport"] === "websocket") {
    return { transport: "websocket", url: `${base.replace(/^http/, "ws")}/ws` };
  }
  const { "--whip": whip = `${base}/whip/{room}`, "--whep": whep = `${base}/whep/{room}` } = read;
  return { transport: "whip", whip, whep };
}

function contradictionsOf(read: FlagValues, given: ReadonlyMap<string, string>): string[] {
  const { "--whip": whip, "--whep": whep } = read;
  const named = [whip, whep].filter((url) => url !== undefined);
  const peers = read["--rooms"] *
    (read["--publishers"] + read["--subscribers"] + (read["--steps"] - 1) * read["--step"]);
  return [
    named.length === 1 ? ["--whip and --whep belong together: one of them is missing"] : [],
    named.length > 0 && read["--transport"] === "websocket" ? ["--whip and --whep are for --transport=whip"] : [],
    named.length > 0 && given.has("--url") ? ["--url is for a Switchboard, --whip and --whep are for any server"] : [],
    named.some((url) => read["--rooms"] > 1 && !url.includes("{room}"))
      ? ["--rooms above 1 wants {room} in --whip and --whep"]
      : [],
    read["--video"] || read["--audio"] ? [] : ["--video=no without --audio leaves nothing to send"],
    read["--simulcast"] && !read["--video"] ? ["--simulcast is for video"] : [],
    peers > MAX_PEERS ? [`${peers} peers are too many: ${MAX_PEERS} at most`] : [],
  ].flat();
}

function reachProblems(read: FlagValues): string[] {
  const endpoints = endpointsOf(read);
  const urls = endpoints.transport === "whip" ? [endpoints.whip, endpoints.whep] : [endpoints.url];
  const named = read["--i-may-load-this-host"];
  const reach = new Reach(named);
  const hosts = urls.map((url) => new URL(url.replaceAll("{room}", "room")));
  const refusals = hosts.flatMap((url) => reach.refusalOf(url) ?? []);
  const isIdle = named !== undefined && !isLoopbackHost(named) && !hosts.some(({ hostname }) => hostname === named);
  return [...new Set(refusals), ...(isIdle ? [`--i-may-load-this-host=${named} is no host of the URLs`] : [])];
}
