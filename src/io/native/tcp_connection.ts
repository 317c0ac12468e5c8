import type { RemoteAddress } from "../../webrtc/datagram.ts";
import { FrameQueue } from "../../webrtc/frame_queue.ts";
import { FRAME_HEADROOM } from "../../webrtc/frame_reader.ts";
import { TcpConnection, type TcpPort } from "../tcp/tcp_connection.ts";
import { trySetOption } from "./bind_socket.ts";
import { EAGAIN, EINTR } from "./errors.ts";
import type { FlushableQueue, FlushList } from "./flush_list.ts";
import type { Libc } from "./libc.ts";
import type { LoopSocket, SocketLoop } from "./loop.ts";
import { NativeMemory } from "./memory.ts";
import type { TcpMemory } from "./tcp_memory.ts";

const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const TCP_NOTSENT_LOWAT = 25;
/** Bytes that the kernel takes beyond what the network does: what waits there is not dropped when it gets old. */
const UNSENT_BYTES = 64 * 1024;

/** Bytes that go to another isolate with a connection: before it has an answer a client sends its checks and no more. */
export const MAX_HANDED_OVER = 8 * 1024;

/** A connection on its way to the isolate that has its peer. Can be copied from one isolate to another. */
export interface TcpHandover {
  /** Whose it is by now closes it. */
  readonly fd: number;
  readonly hostname: string;
  readonly port: number;
  /** Of the peer that it is for. */
  readonly ufrag: string;
  /** What was received, from the first frame on. */
  readonly received: Uint8Array;
}

/** What the connections of one loop have in common. */
export interface TcpContext {
  readonly libc: Libc;
  readonly loop: SocketLoop;
  readonly flushList: FlushList;
  readonly memory: TcpMemory;
  /** Takes connections for peers that are not here; undefined where all peers are. */
  readonly handOver: ((connection: TcpHandover) => void) | undefined;
}

/** A connection by its descriptor, which it owns. */
export class NativeTcpConnection extends TcpConnection implements LoopSocket, FlushableQueue {
  readonly fd: number;
  isListed = false;
  readonly #context: TcpContext;
  readonly #queue: FrameQueue<NativeMemory>;
  /** The kernel takes nothing more at present. */
  #isBlocked = false;
  /** The descriptor is closed, and may be another one's by now. */
  #isEnded = false;

  /** Throws SocketError, and does not own the descriptor, where it cannot be watched. */
  constructor(common: TcpPort, context: TcpContext, fd: number, address: RemoteAddress) {
    super(common, address);
    const { libc, loop } = context;
    this.fd = fd;
    this.#context = context;
    this.#queue = new FrameQueue((byteLength) => new NativeMemory(libc, byteLength));
    trySetOption(libc, fd, IPPROTO_TCP, TCP_NODELAY, 1);
    trySetOption(libc, fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT_BYTES);
    loop.add(this);
  }

  receive(): void {
    // What was to be sent may have ended it a moment ago.
    if (this.isClosed) return;
    const { memory, libc } = this.#context;
    const length = memory.receive(this.fd);
    if (length > 0) return this.handleReceived(memory.bytes, FRAME_HEADROOM, FRAME_HEADROOM + length);
    const errno = length < 0 ? libc.errno() : 0;
    if (errno !== EAGAIN && errno !== EINTR) this.close();
  }

  /** Takes what another isolate has received before it handed the connection over. */
  handleHandedOver(received: Uint8Array): void {
    const { bytes } = this.#context.memory;
    bytes.set(received, FRAME_HEADROOM);
    this.handleReceived(bytes, FRAME_HEADROOM, FRAME_HEADROOM + received.length);
  }

  override takeWaiting(): void {
    this.receive();
  }

  resume(): void {
    this.#isBlocked = false;
    this.send();
  }

  /** Sends what is queued, by one call as far as the kernel takes it. */
  send(): void {
    const queue = this.#queue;
    const { memory, libc, loop } = this.#context;
    while (!this.#isEnded && queue.memory !== undefined && queue.waiting > 0 && !this.#isBlocked) {
      const sent = memory.send(this.fd, queue.memory, queue.start, queue.end);
      if (sent >= 0) {
        queue.consume(sent);
        continue;
      }
      const errno = libc.errno();
      if (errno === EINTR) continue;
      this.#isBlocked = errno === EAGAIN;
      if (this.#isBlocked) return loop.awaitWritable(this.fd);
      queue.clear();
      this.close();
    }
  }

  protected override frame(_buffer: Uint8Array, offset: number, length: number, index: number): Uint8Array {
    return this.#context.memory.frame(index, offset, length);
  }

  protected override queue(datagram: Uint8Array): number {
    const queue = this.#queue;
    const before = queue.dropped;
    // Where much waits this sends it, which may end the connection.
    this.#context.flushList.add(this);
    if (this.#isEnded) return 1;
    queue.push(datagram);
    return queue.dropped - before;
  }

  protected override end(): void {
    this.send();
    this.#isEnded = true;
    this.#queue.clear();
    this.#context.loop.remove(this);
    this.#context.libc.call.close(this.fd);
  }

  protected override handOver(ufrag: string, received: Uint8Array): boolean {
    const { handOver, loop } = this.#context;
    if (handOver === undefined || received.length > MAX_HANDED_OVER) return false;
    loop.remove(this);
    handOver({ fd: this.fd, hostname: this.hostname, port: this.port, ufrag, received: received.slice() });
    return true;
  }
}
