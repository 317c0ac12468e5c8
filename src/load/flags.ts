import { z } from "zod";

/** Peers beyond that are a slip: each has a socket of its own. */
export const MAX_PEERS = 10_000;
const MAX_STEPS = 1000;
const MAX_STEP_SECONDS = 3600;
const MAX_BITRATE = 100_000_000;
const MIN_BITRATE = 30_000;
const UNITS: Readonly<Record<string, number>> = { "": 1, k: 1000, M: 1_000_000 };

/** What a flag takes, and what `--help` says of it. */
interface Flag<T> {
  readonly type: z.ZodType<T, string>;
  readonly placeholder: string;
  readonly fallback: string;
  readonly meaning: string;
  /** Completes "expected ...". */
  readonly allowed: string;
}

function flag<T>(type: z.ZodType<T, string>, placeholder: string, fallback: string, meaning: string, allowed: string) {
  return { type, placeholder, fallback, meaning, allowed } satisfies Flag<T>;
}

function number(min: number, max: number, fallback: number, meaning: string) {
  const type = z.string().regex(/^\d{1,5}$/).transform(Number).pipe(z.number().min(min).max(max));
  return flag(type, "number", `${fallback}`, meaning, `a whole number from ${min} to ${max}`);
}

/** Given without a value it means yes. */
function yesOrNo(fallback: "yes" | "no", meaning: string) {
  return flag(z.enum(["yes", "no"]).transform((text) => text === "yes"), "yes|no", fallback, meaning, "yes or no");
}

const optional = z.string().transform((text) => text === "" ? undefined : text);
const httpUrl = z.string().refine(isHttpUrl);
const template = optional.refine((text) => text === undefined || isHttpUrl(text));
const HTTP_URL = "a URL that begins with http:// or https://";

/** All that the command line may say, by flag. */
export const FLAGS = {
  "--url": flag(httpUrl, "url", "http://127.0.0.1:3000", "a Switchboard, where its page is", HTTP_URL),
  "--transport": flag(
    z.enum(["whip", "websocket"]),
    "name",
    "whip",
    "how peers join: by WHIP and WHEP, or by Switchboard's WebSocket",
    "whip or websocket",
  ),
  "--whip": flag(
    template,
    "url",
    "",
    "the WHIP endpoint of any server in place of --url; {room} is the room",
    HTTP_URL,
  ),
  "--whep": flag(template, "url", "", "its WHEP endpoint; {room} is the room", HTTP_URL),
  "--token": flag(optional, "token", "", "a bearer token for all requests", "a token"),
  "--room": flag(
    z.string().regex(/^[\w.-]{1,64}$/),
    "name",
    "load",
    "what rooms are called: this, a dash, and a number from 0 on",
    "up to 64 letters, digits, dots, dashes and underscores",
  ),
  "--rooms": number(1, 1000, 1, "rooms"),
  "--publishers": number(1, 1000, 1, "publishers in each room; they stay for the whole run"),
  "--subscribers": number(0, MAX_PEERS, 10, "subscribers in each room in the first step; each receives all publishers"),
  "--step": number(0, MAX_PEERS, 10, "subscribers that join each room before each further step"),
  "--steps": number(1, MAX_STEPS, 4, "steps"),
  "--step-seconds": number(1, MAX_STEP_SECONDS, 10, "seconds that are measured in each step"),
  "--concurrency": number(1, 1000, 16, "joins that are under way at once"),
  "--video": yesOrNo("yes", "whether publishers send video (VP8)"),
  "--audio": yesOrNo("no", "whether publishers send audio (Opus, 50 packets of 100 bytes a second)"),
  "--bitrate": flag(
    z.string().regex(/^\d{1,9}[kM]?$/).transform(bitsPerSecond).pipe(z.number().min(MIN_BITRATE).max(MAX_BITRATE)),
    "rate",
    "2000k",
    "bit/s of each video; with --simulcast of its best encoding",
    "bit/s from 30k to 100M, as in 500k or 2M",
  ),
  "--fps": number(1, 240, 30, "frames of video in a second"),
  "--simulcast": yesOrNo(
    "no",
    "whether each video has two encodings more, of a quarter and a sixteenth of the bitrate",
  ),
  "--loss": flag(
    z.string().regex(/^\d{1,2}(?:\.\d{1,3})?%$/).transform((text) => Number(text.slice(0, -1)) / 100),
    "share",
    "0%",
    "share of the RTP packets to subscribers that is dropped at random as it arrives",
    "a share from 0% to 99.9%, as in 2% or 0.5%",
  ),
  "--pid": flag(
    z.string().regex(/^(?:[1-9]\d{0,8})?$/).transform((text) => text === "" ? undefined : Number(text)),
    "number",
    "",
    "the server's process on this machine, whose CPU time and memory are measured",
    "the number of a process",
  ),
  "--json": flag(optional, "file", "", "where the result goes as JSON", "a path"),
  "--plot": flag(
    optional.refine((path) => path === undefined || /\.(?:svg|html)$/.test(path)),
    "file",
    "",
    "where a plot of the steps goes",
    "a path that ends in .svg or .html",
  ),
  "--i-may-load-this-host": flag(
    optional,
    "host",
    "",
    "a host other than this machine that may be loaded, as it stands in the URLs",
    "a host",
  ),
} as const;

export type FlagName = keyof typeof FLAGS;

/** What each flag came to. */
export type FlagValues = { readonly [F in FlagName]: z.output<(typeof FLAGS)[F]["type"]> };

export const FLAG_NAMES = Object.keys(FLAGS) as FlagName[];

/** What `--help` prints. */
export function helpText(): string {
  const flags = FLAG_NAMES.map((name) => {
    const { placeholder, fallback, meaning, allowed } = FLAGS[name];
    return `  ${name}=<${placeholder}>\n      ${meaning}.\n      Allowed: ${allowed}. Default: ${fallback || "none"}.`;
  });
  return [
    "Loads a WHIP and WHEP server, or a Switchboard, with publishers and subscribers, and tells what becomes of it.",
    "",
    "Usage: deno task load [--key=value ...]",
    "",
    ...flags,
    "  --help, -h",
    "      This text.",
    "",
    "Exit codes: 0 where all went well; 1 where peers could not join or be ended, or packets came damaged; 2 where it was",
    "called wrongly.",
    "",
  ].join("\n");
}

function isHttpUrl(text: string): boolean {
  return /^https?:/.test(text) && URL.canParse(text.replaceAll("{room}", "room"));
}

function bitsPerSecond(text: string): number {
  const [, digits, unit] = /^(\d+)([kM]?)$/.exec(text) ?? [];
  return Number(digits) * UNITS[unit];
}
