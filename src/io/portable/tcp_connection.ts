import { getLogger } from "@logtape/logtape";
import { FrameQueue } from "../../webrtc/frame_queue.ts";
import { FRAME_HEADROOM } from "../../webrtc/frame_reader.ts";
import type { Clock } from "../clock.ts";
import { TcpConnection, type TcpPort } from "../tcp/tcp_connection.ts";

/** Bytes that are received at once. */
const RECEIVE_SIZE = 16 * 1024;
/** Bytes that are given to the system at once: what waits behind them may still be dropped. */
const SEND_SIZE = 64 * 1024;

/** For the system to take what was queued before the end. */
const LINGER_MS = 1000;

const log = getLogger(["switchboard", "media"]);

/** What the connections of one port have in common. */
export interface PortableTcpPort {
  readonly clock: Clock;
  /** Those that have something to send. */
  readonly dirty: PortableTcpConnection[];
  /** Those that are closed and still send what was queued. */
  readonly lingering: Set<PortableTcpConnection>;
}

/** A connection of Deno's. */
export class PortableTcpConnection extends TcpConnection {
  readonly #connection: Deno.TcpConn;
  readonly #port: PortableTcpPort;
  readonly #queue = new FrameQueue((byteLength) => ({ bytes: new Uint8Array(byteLength) }));
  #isDirty = false;
  #isSending = false;
  #isCut = false;
  #linger: number | undefined;

  constructor(common: TcpPort, connection: Deno.TcpConn, port: PortableTcpPort) {
    super(common, connection.remoteAddr);
    this.#connection = connection;
    this.#port = port;
  }

  /** Reads until the connection ends. To be called once. */
  async receive(): Promise<void> {
    const buffer = new Uint8Array(FRAME_HEADROOM + RECEIVE_SIZE);
    try {
      this.#connection.setNoDelay(true);
      while (!this.isClosed) {
        const length = await this.#connection.read(buffer.subarray(FRAME_HEADROOM));
        if (length === null) break;
        this.handleReceived(buffer, FRAME_HEADROOM, FRAME_HEADROOM + length);
      }
    } catch (error) {
      if (!this.isClosed) log.debug("a TCP connection of a client has failed: {error}", { error });
    }
    this.close();
  }

  /** Begins to send what is queued. A send loop that is under way takes it along. */
  flush(): void {
    this.#isDirty = false;
    if (!this.#isSending && !this.isClosed) this.#send();
  }

  /** Gives up what a closed connection has not sent yet. */
  cut(): void {
    if (this.#isCut) return;
    this.#isCut = true;
    if (this.#linger !== undefined) this.#port.clock.clearTimeout(this.#linger);
    this.#port.lingering.delete(this);
    this.#queue.clear();
    this.#connection.close();
  }

  protected override frame(buffer: Uint8Array, offset: number, length: number): Uint8Array {
    return buffer.subarray(offset, offset + length);
  }

  protected override queue(datagram: Uint8Array): number {
    const before = this.#queue.dropped;
    this.#queue.push(datagram);
    if (!this.#isDirty) {
      this.#isDirty = true;
      this.#port.dirty.push(this);
    }
    return this.#queue.dropped - before;
  }

  protected override end(): void {
    if (!this.#isSending && this.#queue.waiting === 0) return this.cut();
    if (!this.#isSending) this.#send();
    this.#port.lingering.add(this);
    this.#linger = this.#port.clock.setTimeout(() => this.cut(), LINGER_MS);
  }

  /** What waits longest, in memory that stays while the system sends from it. */
  #take(): Uint8Array {
    const { memory, start, end } = this.#queue;
    const taken = memory?.bytes.slice(start, Math.min(end, start + SEND_SIZE)) ?? new Uint8Array(0);
    this.#queue.consume(taken.length);
    return taken;
  }

  async #send(): Promise<void> {
    this.#isSending = true;
    try {
      while (this.#queue.waiting > 0) {
        const bytes = this.#take();
        for (let sent = 0; sent < bytes.length;) sent += await this.#connection.write(bytes.subarray(sent));
      }
    } catch (error) {
      if (!this.isClosed) log.debug("a TCP connection of a client takes nothing more: {error}", { error });
      this.#queue.clear();
    }
    this.#isSending = false;
    if (this.isClosed) this.cut();
  }
}
