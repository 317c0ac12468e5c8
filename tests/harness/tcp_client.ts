import { FRAME_HEADROOM, FrameReader } from "../../src/webrtc/frame_reader.ts";
import { frame, frames } from "./frames.ts";
import { Journal } from "./journal.ts";

const LOOPBACK = "127.0.0.1";

/** A client's end of one TCP connection: datagrams behind their lengths, or whatever bytes a test wants. */
export class TcpClient implements AsyncDisposable {
  readonly address: Deno.NetAddr;
  /** What came, datagram by datagram. */
  readonly received = new Journal<Uint8Array>();
  /** Resolves when the server has ended the connection, or `close` was called. */
  readonly ended: Promise<void>;
  /** Sends that failed, as they do once the server has ended the connection. */
  readonly failures: unknown[] = [];
  readonly #connection: Deno.TcpConn;
  #sending: Promise<unknown> = Promise.resolve();
  #isReading = Promise.withResolvers<void>();
  #isClosed = false;

  private constructor(connection: Deno.TcpConn, reads: boolean) {
    this.#connection = connection;
    this.address = connection.localAddr;
    if (reads) this.startReading();
    this.ended = this.#read();
  }

  /** `reads`: false where it is to leave what comes in the kernel's buffer until `startReading`. */
  static async connect(port: number, { reads = true, hostname = LOOPBACK } = {}): Promise<TcpClient> {
    const connection = await Deno.connect({ hostname, port });
    connection.setNoDelay(true);
    return new TcpClient(connection, reads);
  }

  startReading(): void {
    this.#isReading.resolve();
  }

  /** Sends datagrams as one piece, one after the other. */
  send(...datagrams: readonly Uint8Array[]): Promise<void> {
    return this.sendBytes(datagrams.length === 1 ? frame(datagrams[0]) : frames(datagrams));
  }

  /** Sends bytes as they are. A failure is in `failures`. */
  async sendBytes(bytes: Uint8Array): Promise<void> {
    const sending = this.#sending.then(async () => {
      for (let at = 0; at < bytes.length;) at += await this.#connection.write(bytes.subarray(at));
    }).catch((error) => void this.failures.push(error));
    this.#sending = sending;
    await sending;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.startReading();
    this.#connection.close();
    await this.ended;
    await this.#sending;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #read(): Promise<void> {
    await this.#isReading.promise;
    const buffer = new Uint8Array(FRAME_HEADROOM + 64 * 1024);
    const reader = new FrameReader();
    try {
      for (;;) {
        const length = await this.#connection.read(buffer.subarray(FRAME_HEADROOM));
        if (length === null) return;
        reader.begin(buffer, FRAME_HEADROOM, FRAME_HEADROOM + length);
        while (reader.next()) this.received.add(buffer.slice(reader.offset, reader.offset + reader.length));
      }
    } catch (error) {
      // The server closed a connection with unread bytes, or the test closed it.
      if (!this.#isClosed && !(error instanceof Deno.errors.ConnectionReset)) throw error;
    }
  }
}
