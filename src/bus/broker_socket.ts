import { closeConnection } from "./close_connection.ts";

/** Frames that wait while one is written go together, up to so many bytes. */
const WRITE_BYTES = 64 * 1024;

export interface TlsTrust {
  /** Certificate authorities in PEM to be trusted instead of the usual ones. */
  readonly ca?: string | undefined;
}

/** A TCP connection to a broker, encrypted or not: what is to be sent waits in a queue, which its user bounds. */
export class BrokerSocket {
  /** Why it has ended; undefined where the other side has ended it, or we have. */
  failure: Error | undefined;
  readonly #hostname: string;
  readonly #tcp: Deno.TcpConn;
  /** What is read from and written to. */
  #connection: Deno.Conn;
  #isEncrypted = false;
  #isClosed = false;
  #queue: Uint8Array[] = [];
  #isSending = false;
  readonly #together = new Uint8Array(WRITE_BYTES);

  private constructor(hostname: string, connection: Deno.TcpConn) {
    this.#hostname = hostname;
    this.#tcp = connection;
    this.#connection = connection;
  }

  /** Rejects where nobody listens. `signal` closes it, in whatever state it is. */
  static async open(hostname: string, port: number, signal: AbortSignal): Promise<BrokerSocket> {
    const connection = await Deno.connect({ hostname, port, signal });
    connection.setNoDelay();
    const socket = new BrokerSocket(hostname, connection);
    signal.addEventListener("abort", () => socket.close());
    return socket;
  }

  get isEncrypted(): boolean {
    return this.#isEncrypted;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** To be called when nothing is sent nor read. Rejects, and is closed, where the other side is not who it should be. */
  async startTls({ ca }: TlsTrust): Promise<void> {
    const options = { hostname: this.#hostname, ...(ca !== undefined && { caCerts: [ca] }) };
    try {
      const connection = await Deno.startTls(this.#tcp, options);
      this.#connection = connection;
      if (this.#isClosed) closeConnection(connection);
      // What begins the handshake, which else waits until something is sent.
      await connection.handshake();
      this.#isEncrypted = true;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** The frame is not to be changed any more. */
  send(frame: Uint8Array): void {
    if (this.#isClosed) return;
    this.#queue.push(frame);
    if (!this.#isSending) void this.#sendQueue();
  }

  /** How many bytes have come; 0 at the end, whatever has ended it. */
  async read(buffer: Uint8Array): Promise<number> {
    if (this.#isClosed) return 0;
    try {
      return await this.#connection.read(buffer) ?? 0;
    } catch (error) {
      this.#fail(error);
      return 0;
    }
  }

  /** What is not sent yet is lost. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#queue = [];
    closeConnection(this.#connection);
  }

  /** What our own close breaks off has not failed. */
  #fail(error: unknown): void {
    if (this.#isClosed) return;
    this.failure = error instanceof Error ? error : new Error(String(error));
    this.close();
  }

  async #sendQueue(): Promise<void> {
    this.#isSending = true;
    try {
      while (this.#queue.length > 0) {
        const bytes = this.#next();
        for (let at = 0; at < bytes.length && !this.#isClosed;) {
          at += await this.#connection.write(at === 0 ? bytes : bytes.subarray(at));
        }
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#isSending = false;
  }

  /** The first frame of the queue, or several as one: a call of the kernel costs more than a copy. */
  #next(): Uint8Array {
    const [first, second] = this.#queue;
    if (second === undefined || first.length + second.length > WRITE_BYTES) {
      this.#queue.shift();
      return first;
    }
    let length = 0;
    let count = 0;
    for (const frame of this.#queue) {
      if (length + frame.length > WRITE_BYTES) break;
      this.#together.set(frame, length);
      length += frame.length;
      count++;
    }
    this.#queue.splice(0, count);
    return this.#together.subarray(0, length);
  }
}
