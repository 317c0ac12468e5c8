/**
 * Makes a token for trying out: `deno task token --room=lobby`. It is signed by AUTH_SECRET, as the server asks for, and
 * names what AUTH_ISSUER and AUTH_AUDIENCE say.
 */
import { SignJWT } from "jose";
import { z } from "zod";
import { grantsOf } from "../signaling/grants.ts";
import { publishable } from "../signaling/messages.ts";
import { splitArguments } from "./arguments.ts";
import { isLongEnough, MIN_SECRET_BYTES } from "./auth_options.ts";

/** Exit code of a process that was called wrongly. */
const USAGE_ERROR = 2;
/** Seconds by unit. */
const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
const MAX_TTL = 366 * 86_400;
const VARIABLES = ["AUTH_SECRET", "AUTH_ISSUER", "AUTH_AUDIENCE"];

const yesOrNo = z.enum(["yes", "no"]).transform((text) => text === "yes");

/** What each flag takes, and what is said of it. */
const FLAGS = {
  "--room": [z.string(), "the room, as in lobby, or team-* for several; must be given"],
  "--identity": [z.string(), "who the bearer is, for you"],
  "--name": [z.string(), "what others in the room see"],
  "--publish": [
    z.string().transform((text) => text === "none" ? [] : text.split(",")).pipe(z.array(publishable)),
    `any of ${publishable.options.join(", ")}, separated by commas, or none; all where it is not given`,
  ],
  "--subscribe": [yesOrNo, "yes or no; yes where it is not given"],
  "--admin": [yesOrNo, "yes or no, whether it is for the admin API too; no where it is not given"],
  "--max-bitrate": [
    z.string().regex(/^\d{1,12}$/).transform(Number),
    "bit/s that may be published; no limit where it is not given",
  ],
  "--ttl": [
    z.string().regex(/^\d{1,9}[smhd]$/).transform((text) => Number(text.slice(0, -1)) * UNITS[text.slice(-1)])
      .pipe(z.number().min(1).max(MAX_TTL)),
    "a time from 1s to 366d for which it is good, as in 90s, 10m, 2h or 7d; 1h where it is not given",
  ],
} as const;

type Flag = keyof typeof FLAGS;

export type TokenCommandResult =
  | { readonly ok: true; readonly text: string }
  /** A line for each thing that is wrong; none repeats the secret. */
  | { readonly ok: false; readonly message: string };

/** What the command prints: a token, or its help. */
export async function runTokenCommand(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  nowMs: number,
): Promise<TokenCommandResult> {
  const { values, help, problems } = splitArguments(args, Object.keys(FLAGS));
  if (help) return { ok: true, text: helpText() };
  const refused = [...values].flatMap(([flag, value]) => problemOf(flag, value));
  const missing = values.has("--room") ? [] : ["--room is missing: give it as --room=<room>"];
  const wrong = [...problems, ...missing, ...refused, ...secretProblem(env.AUTH_SECRET)];
  if (wrong.length > 0) return { ok: false, message: wrong.join("\n") };
  const claims = claimsOf(values, env);
  const granted = grantsOf(claims);
  if (!granted.ok) return { ok: false, message: granted.message };
  const nowSeconds = Math.floor(nowMs / 1000);
  const token = new SignJWT(claims).setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setIssuedAt(nowSeconds).setExpirationTime(nowSeconds + (read("--ttl", values) ?? UNITS.h));
  return { ok: true, text: `${await token.sign(new TextEncoder().encode(env.AUTH_SECRET))}\n` };
}

function claimsOf(values: ReadonlyMap<string, string>, env: Readonly<Record<string, string | undefined>>) {
  const switchboard = {
    room: read("--room", values),
    publish: read("--publish", values),
    subscribe: read("--subscribe", values),
    admin: read("--admin", values),
    maxBitrate: read("--max-bitrate", values),
  };
  // What is undefined is not in the token.
  return {
    sub: read("--identity", values),
    name: read("--name", values),
    iss: env.AUTH_ISSUER || undefined,
    aud: env.AUTH_AUDIENCE || undefined,
    switchboard,
  };
}

/** The value of a flag that was found to be right. */
function read<F extends Flag>(flag: F, values: ReadonlyMap<string, string>) {
  const value = values.get(flag);
  return value === undefined ? undefined : FLAGS[flag][0].parse(value) as z.output<(typeof FLAGS)[F][0]>;
}

function problemOf(flag: string, value: string): string[] {
  const [type, expected] = FLAGS[flag as Flag];
  return type.safeParse(value).success ? [] : [`${flag}=${value} is not allowed: expected ${expected}`];
}

function secretProblem(secret: string | undefined): string[] {
  if (secret && isLongEnough(secret)) return [];
  const what = secret ? "is too short" : "is missing";
  return [`AUTH_SECRET ${what}: give the server's own, of ${MIN_SECRET_BYTES} bytes at least`];
}

function helpText(): string {
  const flags = Object.entries(FLAGS).map(([flag, [, meaning]]) => `  ${flag}=<value>\n      ${meaning}`);
  return [
    "Makes a token (JWT) for trying out, signed by AUTH_SECRET; AUTH_ISSUER and AUTH_AUDIENCE are put into it.",
    "",
    "Usage: AUTH_SECRET=... deno task token --room=lobby [--key=value ...]",
    "",
    ...flags,
    "",
  ].join("\n");
}

if (import.meta.main) {
  const env = Object.fromEntries(VARIABLES.map((variable) => [variable, Deno.env.get(variable)]));
  const result = await runTokenCommand(Deno.args, env, Date.now());
  const [output, text] = result.ok
    ? [Deno.stdout, result.text] as const
    : [Deno.stderr, `${result.message}\n`] as const;
  output.writeSync(new TextEncoder().encode(text));
  Deno.exit(result.ok ? 0 : USAGE_ERROR);
}
