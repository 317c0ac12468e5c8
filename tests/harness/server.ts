import type { NetworkNamespace } from "./network_namespace.ts";

const ROOT = new URL("../../", import.meta.url);
const MAIN = "main.ts";
const READY = /^Switchboard is ready at (https?:\/\/\S+)$/m;
const READY_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 10_000;

/** What a test needs to start a server. */
export const SERVER_PERMISSIONS = {
  run: [Deno.execPath()],
  read: [new URL("deno.json", ROOT)],
  net: ["localhost"],
} satisfies Deno.PermissionOptionsObject;

/** The tasks of deno.json that start a server. */
export type StartTask = "dev" | "start";

/** How a server is started. */
export interface ServerSetup {
  /** Left out: the native backend where it runs. */
  readonly task?: StartTask;
  /** What is run in place of main.ts, by its path in the project. */
  readonly script?: string;
  /** More flags than the task has. */
  readonly flags?: readonly string[];
  /** More permissions than the task has, as flags of Deno. */
  readonly permissions?: readonly string[];
  /** More variables than those of the test. */
  readonly env?: Readonly<Record<string, string>>;
  /** File descriptors that it may have, which takes a shell to say; left out, as many as the test. */
  readonly descriptors?: number;
  /** What is logged. Left out: all down to debug. */
  readonly log?: string;
  /** Left out: a free one. */
  readonly port?: number;
  /** With HTTPS: the certificate that vouches for it, in PEM. */
  readonly caCert?: string;
  /** Left out: the one of the test. */
  readonly namespace?: NetworkNamespace;
}

const HAS_NATIVE = Deno.build.os === "linux";

/** Media workers of servers whose test does not say how many; of several each gets one peer of a room. Empty: the default. */
const WORKERS = Deno.env.get("TEST_WORKERS") ?? "";
const WORKER_FLAGS = WORKERS === "" ? [] : [`--workers=${WORKERS}`, "--room-peers-per-worker=1"];
const SAYS_WORKERS = /^--workers=/;

export const MORTAL_WORKERS = 3;

/** A server whose media workers `strike` ends: a room takes one for each peer. */
export const MORTAL_SETUP = {
  task: "start",
  script: "tests/harness/mortal_server.ts",
  permissions: ["--allow-read=tests"],
  flags: [`--workers=${MORTAL_WORKERS}`, "--room-peers-per-worker=1"],
  ignore: !HAS_NATIVE,
} satisfies ServerSetup & { readonly ignore: boolean };

/** Where the media of peers can be; most tests have the first. */
export const MEDIA_SETUPS: readonly (ServerSetup & { readonly name: string; readonly ignore: boolean })[] = [
  { name: "native, a media worker", task: "start", flags: ["--workers=1"], ignore: !HAS_NATIVE },
  { name: "native, no media worker", task: "start", flags: ["--workers=0"], ignore: !HAS_NATIVE },
  {
    name: "native, rooms over two media workers with a port each",
    task: "start",
    flags: ["--udp-port=0", "--workers=2", "--room-peers-per-worker=1"],
    ignore: !HAS_NATIVE,
  },
  { name: "portable", task: "dev", flags: ["--backend=portable", "--workers=0"], ignore: false },
  {
    name: "portable, rooms over two media workers",
    task: "dev",
    flags: ["--backend=portable", "--workers=2", "--room-peers-per-worker=1"],
    ignore: false,
  },
];

/** What is alive in the server, as /healthz tells it. */
export type Health = Readonly<Record<string, number | string>>;

/** The server as a task of deno.json runs it, in a process of its own. */
export class ServerProcess {
  /** Where the page is. */
  readonly url: string;
  readonly #child: Deno.ChildProcess;
  readonly #log: Log;
  readonly #caCerts: string[];
  #running = true;

  private constructor(child: Deno.ChildProcess, log: Log, url: string, caCerts: string[]) {
    this.#child = child;
    this.#log = log;
    this.#caCerts = caCerts;
    this.url = url;
    child.status.then(() => this.#running = false);
  }

  /** Throws an Error that holds the log where it does not get ready. */
  static async start(setup: ServerSetup = {}): Promise<ServerProcess> {
    const {
      task = HAS_NATIVE ? "start" : "dev",
      script = MAIN,
      flags = [],
      permissions = [],
      env = {},
      descriptors,
      log: filter = "switchboard=debug",
      port = 0,
      caCert,
      namespace,
    } = setup;
    const [, subcommand, ...words] = startCommand(task).map((word) => word === MAIN ? script : word);
    const workers = flags.some((flag) => SAYS_WORKERS.test(flag)) ? [] : WORKER_FLAGS;
    const started = [subcommand, ...permissions, ...words, `--port=${port}`, `--log=${filter}`, ...workers, ...flags];
    const command = withDescriptors({ program: Deno.execPath(), args: started }, descriptors);
    const { program, args } = namespace?.command(command) ?? command;
    const child = new Deno.Command(program, {
      args: [...args],
      cwd: ROOT,
      env: { ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const log = new Log(child);
    const timer = setTimeout(() => child.kill("SIGKILL"), READY_TIMEOUT_MS);
    const url = await log.match(READY);
    clearTimeout(timer);
    if (url === undefined) {
      const { code } = await child.status;
      throw new Error(`the server ended with ${code} before it was ready:\n${log.text}`);
    }
    return new ServerProcess(child, log, url, caCert === undefined ? [] : [caCert]);
  }

  /** Where clients connect by WebSocket. */
  get signalingUrl(): string {
    return new URL("/ws", this.url.replace("http", "ws")).href;
  }

  /** All that it has written. */
  get log(): string {
    return this.#log.text;
  }

  get running(): boolean {
    return this.#running;
  }

  get pid(): number {
    return this.#child.pid;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  async health(): Promise<Health> {
    using client = Deno.createHttpClient({ caCerts: this.#caCerts });
    const response = await fetch(new URL("healthz", this.url), { client });
    return await response.json();
  }

  /** Ends it with SIGTERM, if it has not ended already. Resolves to its exit code; where it takes longer it is killed. */
  async stop(timeoutMs = STOP_TIMEOUT_MS): Promise<number> {
    if (this.#running) this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.#running && this.#child.kill("SIGKILL"), timeoutMs);
    const { code } = await this.#child.status;
    clearTimeout(timer);
    await this.#log.ended;
    return code;
  }

  /** Has it stand still, without ending its connections. */
  holdUp(): void {
    this.#child.kill("SIGSTOP");
  }

  goOn(): void {
    this.#child.kill("SIGCONT");
  }

  /** Tells it by SIGHUP that its files have changed. */
  hangUp(): void {
    this.#child.kill("SIGHUP");
  }

  /** Waits for what it writes, or has written: the first group of the first match, undefined where it ends before. */
  async written(pattern: RegExp): Promise<string | undefined> {
    return await this.#log.match(pattern);
  }

  /** Ends it without a word to anybody, as a crash does. */
  async crash(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
    await this.#log.ended;
  }
}

/** A program and its arguments. */
interface Command {
  readonly program: string;
  readonly args: readonly string[];
}

function withDescriptors({ program, args }: Command, descriptors: number | undefined): Command {
  if (descriptors === undefined) return { program, args };
  return { program: "sh", args: ["-c", `ulimit -n ${descriptors} && exec "$0" "$@"`, program, ...args] };
}

/** Where the metrics of a server are that logs at least `info`: it has a port of its own for them. */
export function metricsUrl({ log }: ServerProcess): URL {
  const found = /metrics are at (http:\/\/\S+\/metrics)/.exec(log)?.[1];
  if (found === undefined) throw new Error(`the server has not told where its metrics are:\n${log}`);
  return new URL(found);
}

/** The words of a task: tests run the server with the very permissions that users give it. */
function startCommand(task: StartTask): string[] {
  const { tasks } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT)));
  return String(tasks[task]).split(/\s+/);
}

/** The output of a process, both streams in one text. */
export class Log {
  text = "";
  /** Resolves when both streams have ended. */
  readonly ended: Promise<void>;
  #heard = () => {};

  constructor(child: Deno.ChildProcess) {
    const ended = Promise.all([this.#read(child.stdout), this.#read(child.stderr)]);
    this.ended = ended.then(() => this.#heard());
  }

  /** The first group of the first match; undefined where the process ends without one. */
  async match(pattern: RegExp): Promise<string | undefined> {
    let open = true;
    const end = this.ended.then(() => void (open = false));
    for (;;) {
      const found = pattern.exec(this.text)?.[1];
      if (found !== undefined || !open) return found;
      await Promise.race([new Promise<void>((resolve) => this.#heard = resolve), end]);
    }
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      this.text += decoder.decode(chunk, { stream: true });
      this.#heard();
    }
  }
}
