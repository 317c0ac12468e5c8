import { getLogger } from "@logtape/logtape";
import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import { messageOf } from "../webrtc/error_message.ts";

const log = getLogger(["switchboard", "http"]);

/** Bytes that one read takes. */
const READ_LENGTH = 16_384;

type Callback = (error?: Error | null) => void;

/** A connection of Deno's as a stream of node's, which node:tls speaks over. It closes the connection when it ends. */
export class ConnectionStream extends Duplex {
  readonly #connection: Deno.TcpConn;

  constructor(connection: Deno.TcpConn) {
    super();
    this.#connection = connection;
    try {
      // Else the kernel keeps a short message back until the one before is acknowledged, up to 40 ms.
      connection.setNoDelay();
    } catch (error) {
      // On some systems a connection that its peer has reset already takes no options; it fails when it is read.
      log.debug("a connection takes no options: {reason}", { reason: messageOf(error) });
    }
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
