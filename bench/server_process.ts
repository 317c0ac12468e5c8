import { SignJWT } from "jose";
import { hasProgram, killProcess, lines, pinned } from "./child.ts";
import type { CandidateTarget } from "./candidate.ts";
import { GcLog, type GcPause } from "./gc_log.ts";
import type { Target } from "./load/protocol.ts";

/** How the server runs: by which task of deno.json, and with which flags more. */
export interface ServerKind {
  readonly task: "dev" | "start";
  readonly flags: readonly string[];
  /** Whether media is forwarded by a worker and not by the main isolate. */
  readonly hasWorker: boolean;
  /** Whether it has a port for /metrics. */
  readonly hasMetrics?: boolean;
  /** Whether it asks for tokens; then the load has one, which administers as well. */
  readonly hasAuth?: boolean;
}

export const SERVER_KINDS = {
  native: { task: "start", flags: ["--backend=native", "--workers=1"], hasWorker: true },
  "native-metrics": {
    task: "start",
    flags: ["--backend=native", "--workers=1"],
    hasWorker: true,
    hasMetrics: true,
  },
  "native-admin": {
    task: "start",
    flags: ["--backend=native", "--workers=1"],
    hasWorker: true,
    hasAuth: true,
  },
  /** 400 subscribers and a publisher are half in one worker and half in the other. */
  "native-workers-2": {
    task: "start",
    flags: ["--backend=native", "--workers=2", "--room-peers-per-worker=201"],
    hasWorker: true,
  },
  "native-workers-0": { task: "start", flags: ["--backend=native", "--workers=0"], hasWorker: false },
  portable: { task: "dev", flags: ["--backend=portable"], hasWorker: false },
} as const satisfies Record<string, ServerKind>;

const COMMON_FLAGS = ["--port=0", "--host=127.0.0.1", "--log=switchboard=warn"];
const READY = /Switchboard is ready at (http:\/\/\S+)/;
const START_TIMEOUT_MS = 20_000;

/** The server as a user starts it, on one core, with the garbage collector's log on. */
export class ServerProcess implements CandidateTarget {
  readonly reach: Target;
  readonly metricsUrl: string | undefined;
  readonly #process: Deno.ChildProcess;
  readonly #gc: GcLog;
  readonly #hasWorker: boolean;
  readonly #output: Promise<void>;

  private constructor(
    process: Deno.ChildProcess,
    started: { reach: Target; metricsUrl: string | undefined; gc: GcLog; output: Promise<void> },
    hasWorker: boolean,
  ) {
    this.#process = process;
    this.#hasWorker = hasWorker;
    this.reach = started.reach;
    this.metricsUrl = started.metricsUrl;
    this.#gc = started.gc;
    this.#output = started.output;
  }

  /** `root` is the folder of the server's deno.json. */
  static async start(kind: ServerKind, { root, core }: { root: string; core: number }): Promise<ServerProcess> {
    const metricsPort = kind.hasMetrics ? freePort() : undefined;
    const metricsUrl = metricsPort === undefined ? undefined : `http://127.0.0.1:${metricsPort}/metrics`;
    const command = serverCommand(kind, root, core);
    const [program, ...args] = metricsPort !== undefined ? [...command, `--metrics-port=${metricsPort}`] : command;
    const secret = kind.hasAuth ? crypto.randomUUID() : undefined;
    const env: Record<string, string> = secret === undefined ? {} : { AUTH_SECRET: secret };
    const process = new Deno.Command(program, { args, cwd: root, env, stdin: "null", stdout: "piped" }).spawn();
    const gc = new GcLog();
    const ready = Promise.withResolvers<string>();
    const output = readOutput(process, gc, ready.resolve)
      .then(() => ready.reject(new Error(`the server ended before it was ready: ${[program, ...args].join(" ")}`)));
    const timer = setTimeout(() => ready.reject(new Error("the server was not ready in time")), START_TIMEOUT_MS);
    try {
      const token = secret === undefined ? {} : { token: await tokenBy(secret) };
      const reach = { kind: "http", url: await ready.promise, ...token } as const;
      return new ServerProcess(process, { reach, metricsUrl, gc, output }, kind.hasWorker);
    } finally {
      clearTimeout(timer);
    }
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Collections of the isolate that forwards media, since `sinceMs` of performance.now(); undefined where not known. */
  gcPauses(sinceMs: number): readonly GcPause[] | undefined {
    if (!hasProgram("stdbuf")) return undefined;
    return (this.#hasWorker ? this.#gc.workers : this.#gc.main)?.filter(({ atMs }) => atMs >= sinceMs);
  }

  async stop(): Promise<void> {
    this.#process.kill("SIGTERM");
    await this.#process.status;
    await this.#output;
  }

  kill(): void {
    killProcess(this.#process);
  }
}

/** For everything, longer than any run. */
function tokenBy(secret: string): Promise<string> {
  const claims = { switchboard: { room: "*", admin: true } };
  return new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).setExpirationTime("1 day")
    .sign(new TextEncoder().encode(secret));
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** What the task says, with the flags of the bench behind it. */
function serverCommand(kind: ServerKind, root: string, core: number): string[] {
  const { tasks } = JSON.parse(Deno.readTextFileSync(`${root}/deno.json`));
  const [program, verb, ...rest] = tasks[kind.task].split(" ");
  if (program !== "deno" || verb !== "run") throw new Error(`the task ${kind.task} is no deno run`);
  const flags = kind.flags.filter((flag) => !rest.includes(flag));
  const deno = [Deno.execPath(), "run", "--v8-flags=--trace-gc", ...rest, ...flags, ...COMMON_FLAGS];
  // V8 writes its log by the C library, which keeps it back where the output is no terminal.
  return pinned(hasProgram("stdbuf") ? ["stdbuf", "-oL", ...deno] : deno, core);
}

async function readOutput(process: Deno.ChildProcess, gc: GcLog, ready: (url: string) => void): Promise<void> {
  for await (const line of process.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(lines())) {
    const url = READY.exec(line)?.[1];
    if (url !== undefined) ready(url);
    else gc.handleLine(line, performance.now());
  }
}
