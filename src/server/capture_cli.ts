/**
 * Captures the packets of one peer of a running server, for a report of a fault:
 * `deno task capture --url=https://sfu.example.org --room=lobby --peer=k2Jd --out=peer.pcapng`. ADMIN_TOKEN is a token with
 * the grant `admin`. Without `--out` the file goes to stdout.
 */
import { z } from "zod";
import { MAX_CAPTURE_BYTES, MAX_CAPTURE_SECONDS } from "../io/capture.ts";
import { messageOf } from "../webrtc/error_message.ts";
import { splitArguments } from "./arguments.ts";
import { reasonOf } from "./certificate_files.ts";
import { yesOrNo } from "./setting.ts";

/** Exit code of a process that was called wrongly, and of one that got no capture. */
const USAGE_ERROR = 2;
const FAILED = 1;
const TOKEN_VARIABLE = "ADMIN_TOKEN";

const wholeNumber = (max: number) => z.string().regex(/^\d{1,9}$/).transform(Number).pipe(z.number().min(1).max(max));

/** What each flag takes, and what is said of it. */
const FLAGS = {
  "--url": [z.url({ protocol: /^https?$/ }), "where the server's page is; must be given"],
  "--room": [z.string(), "the room; must be given"],
  "--peer": [z.string(), "the id of the peer, as the live view and the API tell it; must be given"],
  "--token": [
    z.string(),
    `a token with the grant admin; other users of the machine see it: better by ${TOKEN_VARIABLE}`,
  ],
  "--out": [z.string(), "the file to write, which must not be there; stdout where it is not given"],
  "--seconds": [
    wholeNumber(MAX_CAPTURE_SECONDS),
    `a whole number from 1 to ${MAX_CAPTURE_SECONDS}; 10 where it is not given`,
  ],
  "--bytes": [
    wholeNumber(MAX_CAPTURE_BYTES),
    `a whole number from 1 to ${MAX_CAPTURE_BYTES}; 10000000 where it is not given`,
  ],
  "--payload": [yesOrNo, "yes or no: whether what was said and shown is in the file; no where it is not given"],
} as const;

type Flag = keyof typeof FLAGS;

/** What of a problem document is told again. */
const problemText = z.string().transform((text, context) => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue("it is no JSON");
    return z.NEVER;
  }
}).pipe(z.object({ code: z.string(), detail: z.string() }));

const NEEDED: readonly Flag[] = ["--url", "--room", "--peer"];

export interface CaptureWays {
  /** Opens a new file. */
  readonly create: (path: string) => Promise<WritableStream<Uint8Array>>;
  readonly stdout: WritableStream<Uint8Array>;
  readonly fetch: (url: URL, init: RequestInit) => Promise<Response>;
}

/** What came of it: the text is for stderr. */
export interface CaptureOutcome {
  readonly exitCode: number;
  readonly text: string;
}

export async function runCaptureCommand(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  ways: CaptureWays,
): Promise<CaptureOutcome> {
  const { values, help, problems } = splitArguments(args, Object.keys(FLAGS), { secrets: ["--token"] });
  if (help) return { exitCode: 0, text: helpText() };
  const token = values.get("--token") ?? env[TOKEN_VARIABLE];
  const missing = NEEDED.filter((flag) => !values.has(flag)).map((flag) =>
    `${flag} is missing: give it as ${flag}=<value>`
  );
  const refused = [...values].flatMap(([flag, value]) => problemOf(flag as Flag, value));
  const tokenless = token ? [] : [`a token is missing: give it by ${TOKEN_VARIABLE} or --token`];
  const wrong = [...problems, ...missing, ...tokenless, ...refused];
  if (wrong.length > 0) return { exitCode: USAGE_ERROR, text: `${wrong.join("\n")}\n` };
  try {
    const response = await ask(values, token ?? "", ways);
    if (!response.ok || response.body === null) return { exitCode: FAILED, text: await refusalOf(response) };
    return { exitCode: 0, text: await save(response.body, values.get("--out"), ways) };
  } catch (error) {
    return { exitCode: FAILED, text: `${messageOf(error)}\n` };
  }
}

function ask(values: ReadonlyMap<string, string>, token: string, { fetch }: CaptureWays): Promise<Response> {
  const [url, room, peer] = NEEDED.map((flag) => values.get(flag) ?? "");
  const path = `/api/rooms/${encodeURIComponent(room)}/peers/${encodeURIComponent(peer)}/capture`;
  const body = {
    seconds: read("--seconds", values),
    bytes: read("--bytes", values),
    payload: read("--payload", values),
  };
  return fetch(new URL(path, url), {
    method: "POST",
    headers: { "Authorization": `Bearer ${token}`, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

async function save(
  body: ReadableStream<Uint8Array>,
  path: string | undefined,
  { create, stdout }: CaptureWays,
): Promise<string> {
  let bytes = 0;
  const counted = body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.length;
        controller.enqueue(chunk);
      },
    }),
  );
  if (path === undefined) await counted.pipeTo(stdout, { preventClose: true });
  else await counted.pipeTo(await opened(path, create));
  return `${bytes} bytes in ${path ?? "stdout"}\n`;
}

async function opened(path: string, create: CaptureWays["create"]): Promise<WritableStream<Uint8Array>> {
  try {
    return await create(path);
  } catch (error) {
    const reason = error instanceof Deno.errors.AlreadyExists ? "there is such a file already" : reasonOf(error, path);
    throw new Error(`--out=${path} is of no use: ${reason}`);
  }
}

async function refusalOf(response: Response): Promise<string> {
  const parsed = problemText.safeParse(await response.text());
  const reason = parsed.success ? `${parsed.data.detail} (${parsed.data.code})` : "it is no server with an admin API";
  return `the server answers ${response.status}: ${reason}\n`;
}

/** The value of a flag that was found to be right. */
function read<F extends Flag>(flag: F, values: ReadonlyMap<string, string>) {
  const value = values.get(flag);
  return value === undefined ? undefined : FLAGS[flag][0].parse(value) as z.output<(typeof FLAGS)[F][0]>;
}

function problemOf(flag: Flag, value: string): string[] {
  const [type, expected] = FLAGS[flag];
  return type.safeParse(value).success ? [] : [`${flag}=${value} is not allowed: expected ${expected}`];
}

function helpText(): string {
  const flags = Object.entries(FLAGS).map(([flag, [, meaning]]) => `  ${flag}=<value>\n      ${meaning}`);
  return [
    "Captures the packets of one peer, both ways and decrypted, as a pcapng file, which Wireshark opens.",
    "",
    `Usage: ${TOKEN_VARIABLE}=... deno task capture --url=<url> --room=<room> --peer=<id> --out=<file> [--key=value ...]`,
    "",
    ...flags,
    "",
  ].join("\n");
}

/** A new file, which its user alone may read: who speaks to whom is in it, and perhaps what was said. */
export async function createPrivately(path: string): Promise<WritableStream<Uint8Array>> {
  return (await Deno.open(path, { write: true, createNew: true, mode: 0o600 })).writable;
}

/** Runs the command in this process; resolves to its exit code. */
export async function captureCommand(args: readonly string[]): Promise<number> {
  const { exitCode, text } = await runCaptureCommand(args, { [TOKEN_VARIABLE]: Deno.env.get(TOKEN_VARIABLE) }, {
    create: createPrivately,
    stdout: Deno.stdout.writable,
    fetch,
  });
  Deno.stderr.writeSync(new TextEncoder().encode(text));
  return exitCode;
}

if (import.meta.main) Deno.exit(await captureCommand(Deno.args));
