import { getLogger } from "@logtape/logtape";

const log = getLogger(["switchboard", "http"]);

/** Milliseconds until a listener that failed is opened again. */
const REOPEN_DELAY = 500;

export type Handler = (request: Request, info: Deno.ServeHandlerInfo<Deno.NetAddr>) => Response | Promise<Response>;

/** Deno.serve, as far as a listener needs it. */
export type Serve = (
  options: Deno.ServeTcpOptions & { onListen: (address: Deno.NetAddr) => void },
  handler: Handler,
) => Pick<Deno.HttpServer<Deno.NetAddr>, "finished" | "shutdown" | "addr">;

export interface ListenerOptions {
  readonly hostname: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Told once, when the listener is first open. */
  readonly onListen: (address: Deno.NetAddr) => void;
  readonly serve?: Serve;
  readonly reopenDelay?: number;
  /** It is opened again at any free port then, not at its own, which another program may have taken. False by default. */
  readonly mayMove?: boolean;
}

/**
 * An HTTP listener that survives its own failures: without a file descriptor for a new connection Deno.serve ends, which
 * must not end the calls that go on. Throws where it cannot be opened at first.
 */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #handler: Handler;
  #server: ReturnType<Serve>;
  #isOpen = true;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(handler: Handler, options: ListenerOptions) {
    this.#options = options;
    this.#handler = handler;
    this.#server = this.#open(options.port, options.onListen);
  }

  /** Where it listens now, unless it has failed or is shut down. */
  get port(): number | undefined {
    return this.#isOpen ? this.#server.addr.port : undefined;
  }

  /** Ends every connection, the listener last. */
  async shutdown(): Promise<void> {
    this.#closed = true;
    this.#isOpen = false;
    clearTimeout(this.#timer);
    await this.#server.shutdown();
  }

  #open(port: number, onListen: (address: Deno.NetAddr) => void): ReturnType<Serve> {
    const { hostname, serve = Deno.serve } = this.#options;
    const server = serve({ hostname, port, onListen }, this.#handler);
    server.finished.catch((error) => {
      log.error("no connection can be accepted: {error}", { error });
      this.#isOpen = false;
      this.#reopenLater(this.#options.mayMove === true ? 0 : server.addr.port);
    });
    return server;
  }

  #reopenLater(port: number): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => this.#reopen(port), this.#options.reopenDelay ?? REOPEN_DELAY);
  }

  #reopen(port: number): void {
    try {
      this.#server = this.#open(port, () => log.info("connections are accepted again"));
      this.#isOpen = true;
    } catch (error) {
      log.error("the listener cannot be opened again yet: {error}", { error });
      this.#reopenLater(port);
    }
  }
}
