import { checkOptions, type ConnectionOptions, errors, type Server, type Transport } from "@nats-io/nats-core/internal";
import { BrokerSocket } from "./broker_socket.ts";

const READ_BYTES = 64 * 1024;
/** Of what a server says first, and that it says by one line. */
const MAX_INFO_BYTES = 64 * 1024;
const NEWLINE = 10;
const INFO = /^INFO\s+(\{.*\})\s*$/;

/** The library hands them on as they are. */
export interface NatsOptions extends ConnectionOptions {
  /** Breaks off what is under way. */
  readonly signal: AbortSignal;
}

/**
 * Carries NATS by the sockets of Deno. That of NATS itself is made for Node.js: there a socket that is thrown away does not
 * tell of an error any more, but in Deno 2.9 it does, and ends the process where a server has refused it.
 */
export class NatsTransport implements Transport {
  readonly lang = "typescript";
  readonly version = "1";
  closeError?: Error;
  #socket: BrokerSocket | undefined;
  #isClosed = false;
  /** What the server has said before anybody has read: the parser gets it as well. */
  #first = new Uint8Array(0);
  readonly #closed = Promise.withResolvers<void | Error>();

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Rejects where there is no such server, or not one that we trust. */
  async connect({ hostname, port }: Server, options: NatsOptions): Promise<void> {
    const socket = await BrokerSocket.open(hostname, port, options.signal);
    this.#socket = socket;
    try {
      if (this.#isClosed) throw new errors.ClosedConnectionError();
      const info = await this.#readInfo(socket);
      checkOptions(info, options);
      if (info.tls_required === true || info.tls_available === true) await socket.startTls({ ca: options.tls?.ca });
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  async *[Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array> {
    const buffer = new Uint8Array(READ_BYTES);
    const read = () => this.#socket?.read(buffer) ?? Promise.resolve(0);
    try {
      if (this.#first.length > 0) yield this.#first;
      // The parser copies what it keeps.
      for (let length = await read(); length > 0; length = await read()) yield buffer.subarray(0, length);
    } finally {
      // The end of what comes, or of the parser, which throws at what is not NATS.
      await this.close(this.#socket?.failure);
    }
  }

  isEncrypted(): boolean {
    return this.#socket?.isEncrypted === true;
  }

  send(frame: Uint8Array): void {
    this.#socket?.send(frame);
  }

  close(error?: Error): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      if (error !== undefined) this.closeError = error;
      this.#socket?.close();
      this.#closed.resolve(this.closeError);
    }
    return Promise.resolve();
  }

  disconnect(): void {
    void this.close();
  }

  closed(): Promise<void | Error> {
    return this.#closed.promise;
  }

  discard(): void {
    void this.close();
  }

  async #readInfo(socket: BrokerSocket) {
    const buffer = new Uint8Array(MAX_INFO_BYTES);
    for (let end = 0; end < buffer.length;) {
      const length = await socket.read(buffer.subarray(end));
      if (length === 0) throw socket.failure ?? new errors.ConnectionError("the connection was closed");
      end += length;
      const line = buffer.subarray(0, end).indexOf(NEWLINE);
      if (line < 0) continue;
      this.#first = buffer.slice(0, end);
      return parseInfo(new TextDecoder().decode(buffer.subarray(0, line)));
    }
    throw new errors.ConnectionError("it speaks another protocol");
  }
}

function parseInfo(line: string) {
  const json = INFO.exec(line)?.[1];
  try {
    if (json !== undefined) return JSON.parse(json);
  } catch (cause) {
    throw new errors.ConnectionError("what it says of itself is no JSON", { cause });
  }
  throw new errors.ConnectionError("it speaks another protocol");
}
