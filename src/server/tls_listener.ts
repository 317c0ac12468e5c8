import { getLogger } from "@logtape/logtape";
import type { Buffer } from "node:buffer";
import { type SecureContext, TLSSocket } from "node:tls";
import { type Clock, systemClock } from "../io/clock.ts";
import { messageOf } from "../webrtc/error_message.ts";
import { ConnectionStream } from "./connection_stream.ts";
import { type Handler, Listener, type Serve } from "./listener.ts";
import type { TlsCertificate } from "./tls_certificate.ts";

const log = getLogger(["switchboard", "http"]);

const LOOPBACK = "127.0.0.1";
/** Milliseconds for a client to shake hands and to begin a request. */
const FIRST_BYTE_MS = 10_000;
/** Milliseconds for a client to take the last bytes and to end its side; so many when the server shuts down. */
const DRAIN_MS = 30_000;
const SHUTDOWN_DRAIN_MS = 1000;
/** Milliseconds until a connection is accepted again after that has failed. */
const ACCEPT_DELAY = 500;

export interface TlsListenerOptions {
  readonly hostname: string;
  /** 0 for any free one. */
  readonly port: number;
  readonly certificate: TlsCertificate;
  /** Told once, when the listener is open. */
  readonly onListen: (address: Deno.NetAddr) => void;
  readonly clock?: Clock;
  readonly listen?: (options: Deno.TcpListenOptions) => Deno.TcpListener;
  readonly serve?: Serve;
}

/**
 * HTTPS whose certificate can be changed while it serves. Deno.serve has one certificate for its life, so it listens in
 * the clear on a loopback port that serves the connections of this listener alone, and TLS is node's: each connection
 * takes the certificate of the moment at which it is accepted, by the one listener that there is. Throws where it cannot
 * be opened.
 */
export class TlsListener {
  readonly #listener: Deno.TcpListener;
  readonly #server: Listener;
  readonly #clock: Clock;
  readonly #connections = new Set<TlsConnection>();
  /** Clients by the port of the connection that carries their bytes inside. */
  readonly #clients = new Map<number, Deno.NetAddr>();
  #context: SecureContext;
  #serverPort = 0;
  #timer: number | undefined;
  #closed = false;

  constructor(handler: Handler, options: TlsListenerOptions) {
    const { hostname, port, clock = systemClock, listen = Deno.listen } = options;
    this.#clock = clock;
    this.#context = options.certificate.context;
    this.#listener = listen({ hostname, port });
    this.#server = new Listener((request, info) => this.#handle(handler, request, info), {
      hostname: LOOPBACK,
      port: 0,
      onListen: ({ port }) => this.#serverPort = port,
      ...(options.serve !== undefined && { serve: options.serve }),
    });
    void this.#accept();
    options.onListen(this.#listener.addr as Deno.NetAddr);
  }

  /** Connections that are accepted from now on get this one. */
  setCertificate(certificate: TlsCertificate): void {
    this.#context = certificate.context;
  }

  /** Ends every connection, the listener first. */
  async shutdown(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#listener.close();
    await this.#server.shutdown();
    await Promise.all([...this.#connections].map((connection) => connection.end(SHUTDOWN_DRAIN_MS)));
  }

  async #accept(): Promise<void> {
    try {
      for (;;) this.#open(await this.#listener.accept());
    } catch (error) {
      if (this.#closed) return;
      // Without a file descriptor for a connection: the listener itself stays.
      log.error("no connection can be accepted: {error}", { error });
      this.#timer = this.#clock.setTimeout(() => void this.#accept(), ACCEPT_DELAY);
    }
  }

  #open(accepted: Deno.TcpConn): void {
    const connection = new TlsConnection(accepted, {
      context: this.#context,
      clock: this.#clock,
      connect: () => this.#connect(accepted.remoteAddr),
      onClose: () => this.#connections.delete(connection),
    });
    this.#connections.add(connection);
  }

  async #connect(client: Deno.NetAddr): Promise<ConnectionStream> {
    const connection = await Deno.connect({ hostname: LOOPBACK, port: this.#serverPort });
    const { port } = connection.localAddr;
    this.#clients.set(port, client);
    return new ConnectionStream(connection).on("close", () => this.#clients.delete(port));
  }

  #handle(handler: Handler, request: Request, info: Deno.ServeHandlerInfo<Deno.NetAddr>) {
    const remoteAddr = this.#clients.get(info.remoteAddr.port);
    // Another program of this machine, which found the port.
    if (remoteAddr === undefined) return new Response("This port is not served\n", { status: 403 });
    return handler(request, {
      remoteAddr,
      get completed() {
        return info.completed;
      },
    });
  }
}

interface TlsConnectionOptions {
  readonly context: SecureContext;
  readonly clock: Clock;
  /** Connects to the server inside. */
  readonly connect: () => Promise<ConnectionStream>;
  readonly onClose: () => void;
}

/** A client's connection, by TLS, and the one inside that its bytes go on by once the first of them has come. */
class TlsConnection {
  readonly #client: TLSSocket;
  readonly #options: TlsConnectionOptions;
  readonly #closed = Promise.withResolvers<void>();
  #timer: number | undefined;

  constructor(connection: Deno.TcpConn, options: TlsConnectionOptions) {
    this.#options = options;
    const stream = new ConnectionStream(connection);
    // What the stream fails of, the client fails of.
    stream.on("error", () => this.#client.destroy());
    this.#client = new TLSSocket(stream, {
      isServer: true,
      secureContext: options.context,
      ALPNProtocols: ["http/1.1"],
    });
    this.#client.on("error", (error: Error) => log.debug("TLS failed: {reason}", { reason: error.message }));
    this.#client.on("close", () => {
      stream.destroy();
      this.#stopTimer();
      options.onClose();
      this.#closed.resolve();
    });
    this.#client.once("data", (bytes: Buffer) => void this.#begin(bytes));
    this.#destroyAfter(FIRST_BYTE_MS);
  }

  /** Sends what is left, which the client has so many ms to take. Resolves when it is closed. */
  async end(drainMs: number): Promise<void> {
    this.#client.end();
    this.#destroyAfter(drainMs);
    await this.#closed.promise;
  }

  async #begin(bytes: Buffer): Promise<void> {
    this.#stopTimer();
    const client = this.#client.pause();
    try {
      const server = await this.#options.connect();
      if (client.destroyed) return void server.destroy();
      server.on("error", (error: Error) => log.debug("a connection broke off: {reason}", { reason: error.message }));
      server.on("close", () => void this.end(DRAIN_MS));
      client.on("close", () => server.destroy());
      server.write(bytes);
      client.pipe(server);
      server.pipe(client);
    } catch (error) {
      log.error("a connection cannot be served: {reason}", { reason: messageOf(error) });
      client.destroy();
    }
  }

  #destroyAfter(delayMs: number): void {
    this.#stopTimer();
    if (!this.#client.destroyed) this.#timer = this.#options.clock.setTimeout(() => this.#client.destroy(), delayMs);
  }

  #stopTimer(): void {
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
