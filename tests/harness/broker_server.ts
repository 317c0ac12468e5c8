import { Journal } from "./journal.ts";
import type { Pem } from "./certificate_folder.ts";

const FOLDER = Deno.env.get("TMPDIR") ?? "/tmp";

/** The real brokers that tests start. */
export const BROKER_KINDS = ["nats", "redis"] as const;
export type BrokerKind = (typeof BROKER_KINDS)[number];

interface Account {
  readonly username: string;
  readonly password: string;
}

/** How a broker is started. */
export interface BrokerSetup {
  /** Left out: whoever comes may do anything. */
  readonly account?: Account;
  /** Left out: in the clear. */
  readonly tls?: Pem;
  /** Bytes that NATS takes of one message. */
  readonly maxPayload?: number;
}

interface Kind {
  readonly program: string;
  readonly name: string;
  readonly protocols: readonly [string, string];
  readonly ready: RegExp;
  readonly files: (port: number, folder: string, setup: BrokerSetup) => string;
}

const KINDS: Readonly<Record<BrokerKind, Kind>> = {
  nats: {
    name: "nats-server",
    program: Deno.env.get("NATS_SERVER") || "nats-server",
    protocols: ["nats:", "tls:"],
    ready: /Server is ready/,
    files: (port, folder, { account, tls, maxPayload }) =>
      [
        `listen: 127.0.0.1:${port}`,
        ...(account ? [`authorization { user: "${account.username}", password: "${account.password}" }`] : []),
        ...(tls ? [`tls { cert_file: "${folder}/cert.pem", key_file: "${folder}/key.pem" }`] : []),
        ...(maxPayload ? [`max_payload: ${maxPayload}`] : []),
      ].join("\n"),
  },
  redis: {
    name: "redis-server",
    program: Deno.env.get("REDIS_SERVER") || "redis-server",
    protocols: ["redis:", "rediss:"],
    ready: /Ready to accept connections/,
    files: (port, folder, { account, tls }) =>
      [
        "bind 127.0.0.1",
        `dir ${folder}`,
        'save ""',
        ...(account
          ? ["user default off", `user ${account.username} on >${account.password} allchannels allkeys +@all`]
          : []),
        ...(tls
          ? [
            "port 0",
            `tls-port ${port}`,
            `tls-cert-file ${folder}/cert.pem`,
            `tls-key-file ${folder}/key.pem`,
            "tls-auth-clients no",
          ]
          : [`port ${port}`]),
      ].join("\n"),
  },
};

/** What a test needs to start a broker of that kind. */
export function brokerPermissions(kind: BrokerKind) {
  return {
    run: [KINDS[kind].program],
    net: ["127.0.0.1", "localhost"],
    read: [FOLDER],
    write: [FOLDER],
  } satisfies Deno.PermissionOptionsObject;
}

/** The program's name, by which it is known whether it is missing. */
export function brokerProgram(kind: BrokerKind): string {
  return KINDS[kind].name;
}

/** A real broker of this machine, in a process that can be killed, stopped and started again on the same port. */
export class BrokerServer implements AsyncDisposable {
  readonly port: number;
  readonly #kind: Kind;
  readonly #folder: string;
  #setup: BrokerSetup;
  #running: RunningProcess | undefined;

  private constructor(kind: Kind, folder: string, setup: BrokerSetup) {
    this.#kind = kind;
    this.#folder = folder;
    this.#setup = setup;
    this.port = freePort();
  }

  /** Throws an Error that holds what it has written where it does not start. */
  static async start(kind: BrokerKind, setup: BrokerSetup = {}): Promise<BrokerServer> {
    const server = await BrokerServer.prepare(kind, setup);
    await server.restart();
    return server;
  }

  /** Has a port for it, and does not start it. */
  static async prepare(kind: BrokerKind, setup: BrokerSetup = {}): Promise<BrokerServer> {
    return new BrokerServer(KINDS[kind], await Deno.makeTempDir({ dir: FOLDER }), setup);
  }

  /** `credentials` stand before the host, as `name:password`. */
  url(credentials = "", host = "127.0.0.1"): URL {
    const protocol = this.#kind.protocols[this.#setup.tls === undefined ? 0 : 1];
    return new URL(`${protocol}//${credentials && `${credentials}@`}${host}:${this.port}`);
  }

  /** Kills it, if it runs. */
  async kill(): Promise<void> {
    await this.#running?.kill();
    this.#running = undefined;
  }

  /** Resolves when it takes connections. */
  async restart(setup: BrokerSetup = this.#setup): Promise<void> {
    this.#setup = setup;
    const { program, files, ready } = this.#kind;
    if (setup.tls !== undefined) {
      await Deno.writeTextFile(`${this.#folder}/cert.pem`, setup.tls.certPem);
      await Deno.writeTextFile(`${this.#folder}/key.pem`, setup.tls.keyPem);
    }
    const config = `${this.#folder}/broker.conf`;
    await Deno.writeTextFile(config, `${files(this.port, this.#folder, setup)}\n`);
    this.#running = new RunningProcess(program, this.#kind.name === "nats-server" ? ["-c", config] : [config]);
    await this.#running.find(ready);
  }

  /** Stops it without ending its connections: the kernel takes them, and what comes by them, all the same. */
  holdUp(): void {
    this.#running?.signal("SIGSTOP");
  }

  goOn(): void {
    this.#running?.signal("SIGCONT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

class RunningProcess {
  readonly #child: Deno.ChildProcess;
  /** All that it has written so far, each time it has written. */
  readonly #written = new Journal<string>();
  readonly #reading: Promise<unknown>;
  #text = "";
  #hasEnded = false;

  constructor(program: string, args: readonly string[]) {
    const streams = { stdin: "null", stdout: "piped", stderr: "piped" } as const;
    this.#child = new Deno.Command(program, { args: [...args], ...streams }).spawn();
    this.#child.status.then(() => this.#hasEnded = true);
    this.#reading = Promise.all([this.#read(this.#child.stdout), this.#read(this.#child.stderr)]);
  }

  async find(line: RegExp): Promise<void> {
    try {
      await this.#written.find((text) => line.test(text), `a line like ${line}`);
    } catch (cause) {
      await this.kill();
      throw new Error(`a broker does not start:\n${this.#text}`, { cause });
    }
  }

  signal(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  async kill(): Promise<void> {
    if (!this.#hasEnded) this.#child.kill("SIGKILL");
    await this.#child.status;
    await this.#reading;
  }

  async #read(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) this.#written.add(this.#text += text);
  }
}

/**
 * Outside of the range from which the kernel takes ports for connections: who tries in vain to reach a broker that is away
 * could be given its very port, and be connected to itself.
 */
const [FIRST_PORT, PORTS] = [20_000, 12_000];

function freePort(): number {
  for (;;) {
    const port = FIRST_PORT + crypto.getRandomValues(new Uint32Array(1))[0] % PORTS;
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}
