import { PipeTransport } from "./pipe_transport.ts";

const START_TIMEOUT_MS = 30_000;

/** For a browser that is driven by them. */
const PIPED = { stdin: "piped", stdout: "piped", stderr: "null" } as const;

/** How to start a browser that can be driven. */
export interface BrowserCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Its first group is the endpoint that the browser writes to standard error. Left out where it is driven by its standard
   * input and output.
   */
  readonly endpoint?: RegExp;
}

/** By what a browser is driven, as puppeteer calls it. */
export type BrowserWire = { readonly browserWSEndpoint: string } | { readonly transport: PipeTransport };

/**
 * The process of a browser and the folder that it keeps its profile in. It is started here and not by puppeteer, which
 * would give it a process group that the test runner does not know and cannot end.
 */
export class BrowserProcess {
  readonly wire: BrowserWire;
  /** Its profile. */
  readonly folder: string;
  readonly #child: Deno.ChildProcess;
  /** Resolves when all its processes have closed what it is heard by. */
  readonly #drained: Promise<void>;
  #running = true;

  private constructor(child: Deno.ChildProcess, folder: string, wire: BrowserWire, drained: Promise<void>) {
    this.#child = child;
    this.folder = folder;
    this.wire = wire;
    this.#drained = drained;
    child.status.then(() => this.#running = false);
  }

  /** Starts what `commandIn` gives for a new folder. */
  static async start(commandIn: (folder: string) => Promise<BrowserCommand>): Promise<BrowserProcess> {
    const folder = await Deno.makeTempDir({ prefix: "browser-" });
    try {
      return await BrowserProcess.#startIn(folder, await commandIn(folder));
    } catch (error) {
      await Deno.remove(folder, { recursive: true });
      throw error;
    }
  }

  static async #startIn(folder: string, { program, args, env, endpoint: pattern }: BrowserCommand) {
    if (pattern === undefined) {
      const child = new Deno.Command(program, { args: [...args], env, ...PIPED }).spawn();
      const transport = new PipeTransport(child.stdin, child.stdout);
      return new BrowserProcess(child, folder, { transport }, transport.ended);
    }
    const stdio = { stdin: "null", stdout: "null", stderr: "piped" } as const;
    const child = new Deno.Command(program, { args: [...args], env, ...stdio }).spawn();
    const timer = setTimeout(() => child.kill("SIGKILL"), START_TIMEOUT_MS);
    try {
      const { endpoint, drained } = await readEndpoint(child.stderr, pattern);
      return new BrowserProcess(child, folder, { browserWSEndpoint: endpoint }, drained);
    } catch (error) {
      await child.status;
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends it, unless it has ended. */
  kill(): void {
    if (this.#running) this.#child.kill("SIGKILL");
  }

  /** Resolves when it has ended and its folder is removed. */
  async ended(): Promise<void> {
    await this.#child.status;
    await this.#drained;
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** Reads standard error to its end, and gives the endpoint as soon as the browser tells it. */
async function readEndpoint(stream: ReadableStream<Uint8Array>, pattern: RegExp) {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = "";
  const read = async () => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      text += decoder.decode(chunk, { stream: true });
      const endpoint = pattern.exec(text)?.[1];
      if (endpoint !== undefined) resolve(endpoint);
    }
    reject(new Error(`the browser ended before it was ready:\n${text}`));
  };
  const drained = read();
  return { endpoint: await promise, drained };
}
