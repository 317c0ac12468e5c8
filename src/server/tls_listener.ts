import { getLogger } from "@logtape/logtape";
import type { SecureContext } from "node:tls";
import { type Clock, systemClock } from "../io/clock.ts";
import { messageOf } from "../webrtc/error_message.ts";
import { ConnectionStream } from "./connection_stream.ts";
import { type Handler, Listener, type Serve } from "./listener.ts";
import type { TlsCertificate } from "./tls_certificate.ts";
import { TlsConnection } from "./tls_connection.ts";

const log = getLogger(["switchboard", "http"]);

const LOOPBACK = "127.0.0.1";
/** Milliseconds for a client to take the last bytes and to end its side when the server shuts down. */
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
  #timer: number | undefined;
  #closed = false;
  /** Descriptors are out, perhaps for hours, and each connection fails of it: it is told once. */
  #isFailing = false;

  constructor(handler: Handler, options: TlsListenerOptions) {
    const { hostname, port, clock = systemClock, listen = Deno.listen } = options;
    this.#clock = clock;
    this.#context = options.certificate.context;
    this.#listener = listen({ hostname, port });
    this.#server = new Listener((request, info) => this.#handle(handler, request, info), {
      hostname: LOOPBACK,
      port: 0,
      onListen: () => {},
      mayMove: true,
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
      this.#tellFailure("no connection can be accepted", error);
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
    try {
      const connection = await this.#connectInside();
      const { port } = connection.localAddr;
      this.#isFailing = false;
      this.#clients.set(port, client);
      return new ConnectionStream(connection).on("close", () => this.#clients.delete(port));
    } catch (error) {
      if (!this.#closed) this.#tellFailure("connections cannot be served", error);
      throw error;
    }
  }

  /** To this process alone: while it does not listen, anybody may at the port that it had. */
  async #connectInside(): Promise<Deno.TcpConn> {
    const port = this.#server.port;
    if (port === undefined) throw new Error("the server inside does not listen");
    const connection = await Deno.connect({ hostname: LOOPBACK, port });
    if (this.#server.port === port) return connection;
    connection.close();
    throw new Error("the server inside has just failed");
  }

  #tellFailure(what: string, error: unknown): void {
    if (!this.#isFailing) log.error(`${what}: {reason}`, { reason: messageOf(error) });
    this.#isFailing = true;
  }

  #handle(handler: Handler, request: Request, info: Deno.ServeHandlerInfo<Deno.NetAddr>) {
    // Ports are told apart by the address: another program may have the same one at 127.0.0.2.
    const { hostname, port } = info.remoteAddr;
    const remoteAddr = hostname === LOOPBACK ? this.#clients.get(port) : undefined;
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
