import { getLogger } from "@logtape/logtape";
import { Buffer } from "node:buffer";
import { type SecureContext, TLSSocket } from "node:tls";
import type { Clock } from "../io/clock.ts";
import { ConnectionStream } from "./connection_stream.ts";

const log = getLogger(["switchboard", "http"]);

/** Milliseconds for a client to shake hands and to begin a request. */
const FIRST_BYTE_MS = 10_000;
/** Milliseconds from the first byte of a request to the first of its answer: who sends it slowly gets no more. */
const ANSWER_MS = 30_000;
/** Milliseconds in which nothing comes from either side. A WebSocket that lives is pinged more often. */
const IDLE_MS = 90_000;
/** Milliseconds for a client to end its side once the server inside has ended its own. */
const DRAIN_MS = 30_000;

/** How the answer to a WebSocket's handshake begins; the server inside sends no such header but at the start of a piece. */
const SWITCHING = Buffer.from("HTTP/1.1 101 ");

export interface TlsConnectionOptions {
  readonly context: SecureContext;
  readonly clock: Clock;
  /** Connects to the server inside. Where it rejects, the client is closed. */
  readonly connect: () => Promise<ConnectionStream>;
  readonly onClose: () => void;
}

/** A client's connection, by TLS, and the one inside that its bytes go on by once the first of them has come. */
export class TlsConnection {
  readonly #client: TLSSocket;
  readonly #options: TlsConnectionOptions;
  readonly #closed = Promise.withResolvers<void>();
  #server: ConnectionStream | undefined;
  #timer: number | undefined;
  #isAnswered = false;
  /** What came from the client last is a request that has no byte of an answer yet. */
  #isAsking = true;
  /** It is a WebSocket: neither side answers the other. */
  #isUpgraded = false;
  #isEnding = false;

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
    // What the server inside has sent may be on its way still: the client is ended after the last byte of it.
    if (this.#server === undefined || this.#server.readableEnded) this.#client.end();
    this.#endWithin(drainMs);
    await this.#closed.promise;
  }

  async #begin(bytes: Buffer): Promise<void> {
    const client = this.#client.pause();
    if (!this.#isEnding) this.#destroyAfter(ANSWER_MS);
    try {
      const server = await this.#options.connect();
      if (client.destroyed || this.#isEnding) return void server.destroy();
      this.#join(server);
      server.write(bytes);
    } catch {
      client.destroy();
    }
  }

  #join(server: ConnectionStream): void {
    const client = this.#client;
    this.#server = server;
    server.on("error", (error: Error) => log.debug("a connection broke off: {reason}", { reason: error.message }));
    // The client may keep its own side open for ever, and then neither of the two closes.
    server.once("end", () => this.#serverEnded());
    server.on("close", () => this.#serverEnded());
    server.on("data", (bytes: Buffer) => this.#handleAnswer(bytes));
    client.on("data", () => this.#handleRequest());
    client.on("close", () => server.destroy());
    client.pipe(server);
    server.pipe(client);
  }

  #handleAnswer(bytes: Buffer): void {
    this.#isAnswered = true;
    this.#isAsking = false;
    this.#isUpgraded ||= bytes.subarray(0, SWITCHING.length).equals(SWITCHING);
    if (!this.#isEnding) this.#destroyAfter(IDLE_MS);
  }

  /** The first byte of another request; what comes behind it gains nothing. Who has had the last answer has no more time. */
  #handleRequest(): void {
    if (!this.#isAnswered || this.#isEnding || this.#isAsking) return;
    this.#isAsking = !this.#isUpgraded;
    this.#destroyAfter(this.#isAsking ? ANSWER_MS : IDLE_MS);
  }

  #serverEnded(): void {
    this.#client.end();
    if (!this.#isEnding) this.#endWithin(DRAIN_MS);
  }

  #endWithin(drainMs: number): void {
    this.#isEnding = true;
    this.#destroyAfter(drainMs);
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
