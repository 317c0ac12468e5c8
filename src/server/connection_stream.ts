import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";

/** Bytes that one read takes. */
const READ_LENGTH = 16_384;

type Callback = (error?: Error | null) => void;

/** A connection of Deno's as a stream of node's, which node:tls speaks over. It closes the connection when it ends. */
export class ConnectionStream extends Duplex {
  readonly #connection: Deno.TcpConn;

  constructor(connection: Deno.TcpConn) {
    super();
    this.#connection = connection;
  }

  override _read(): void {
    const buffer = Buffer.allocUnsafe(READ_LENGTH);
    this.#connection.read(buffer).then(
      (length) => this.push(length === null ? null : buffer.subarray(0, length)),
      (error) => this.destroy(error),
    );
  }

  override _write(chunk: Buffer, _encoding: string, done: Callback): void {
    this.#writeAll(chunk).then(() => done(), done);
  }

  override _final(done: Callback): void {
    // Who has gone already needs no end.
    this.#connection.closeWrite().then(() => done(), () => done());
  }

  override _destroy(error: Error | null, done: Callback): void {
    this.#connection.close();
    done(error);
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length;) sent += await this.#connection.write(bytes.subarray(sent));
  }
}
