import type { TcpConnections } from "../sockets.ts";
import { type TcpCounters, TcpRoutes } from "../tcp/tcp_routes.ts";
import { SOCK_CLOEXEC, SOCK_NONBLOCK } from "./bind_socket.ts";
import { EAGAIN, isExhaustion } from "./errors.ts";
import type { FlushList } from "./flush_list.ts";
import type { Libc } from "./libc.ts";
import type { LoopSocket, SocketLoop } from "./loop.ts";
import { ADDRESS_WORDS, SocketAddress } from "./socket_address.ts";
import { NativeTcpConnection, type TcpContext, type TcpHandover } from "./tcp_connection.ts";
import { TcpMemory } from "./tcp_memory.ts";

/** Connections that are accepted before other sockets have their turn. */
const ACCEPTS_AT_ONCE = 32;
/** Where the process has no file descriptor for a connection: until it may have one again. */
const PAUSE_MS = 1000;

export interface TcpPortOptions {
  /** The socket to accept from, which stays open; undefined where another isolate does. */
  readonly listener: number | undefined;
  /** Takes connections for peers that are not here; undefined where all peers are. */
  readonly handOver?: ((connection: TcpHandover) => void) | undefined;
}

export interface TcpSurroundings {
  readonly libc: Libc;
  readonly loop: SocketLoop;
  readonly flushList: FlushList;
  /** Milliseconds that never go back. */
  readonly now: () => number;
}

/** What one isolate has of the TCP port: the connections of its peers, and perhaps the port itself. */
export class NativeTcpPort implements TcpConnections, LoopSocket {
  readonly routes = new TcpRoutes();
  readonly #context: TcpContext;
  readonly #now: () => number;
  readonly #listener: number | undefined;
  readonly #address = new Uint32Array(new ArrayBuffer(4 * ADDRESS_WORDS));
  readonly #addressLength = new Uint32Array(new ArrayBuffer(4));
  #isWatched = false;
  #resumeMs = Infinity;
  #closed = false;

  /** Throws SocketError where the port cannot be watched. */
  constructor({ libc, loop, flushList, now }: TcpSurroundings, { listener, handOver }: TcpPortOptions) {
    this.#context = { libc, loop, flushList, memory: new TcpMemory(libc), handOver };
    this.#now = now;
    this.#listener = listener;
    this.#watch();
  }

  get fd(): number {
    return this.#listener ?? -1;
  }

  get counters(): TcpCounters {
    return this.routes.counters;
  }

  get size(): number {
    return this.routes.size;
  }

  get needsTicks(): boolean {
    return this.routes.strangerCount > 0 || this.#resumeMs < Infinity;
  }

  handleTimeout(nowMs: number): void {
    this.routes.handleTimeout(nowMs);
    if (nowMs < this.#resumeMs) return;
    this.#resumeMs = Infinity;
    try {
      this.#watch();
    } catch {
      // epoll has no memory for it yet.
      this.#resumeMs = nowMs + PAUSE_MS;
    }
  }

  /** Accepts connections. */
  receive(): void {
    const { libc } = this.#context;
    for (let i = 0; i < ACCEPTS_AT_ONCE && this.#isWatched; i++) {
      this.#addressLength[0] = this.#address.fill(0).byteLength;
      const fd = libc.call.accept4(this.fd, this.#address, this.#addressLength, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd >= 0) {
        this.#admit(fd);
        continue;
      }
      const errno = libc.errno();
      if (errno === EAGAIN) return;
      // Any other error is that of a connection that has ended meanwhile (accept(2)).
      if (isExhaustion(errno)) this.#pause();
    }
  }

  resume(): void {}

  /** Takes a connection that another isolate has accepted, for a peer that is here or just was. */
  adopt({ fd, received, hostname, port }: TcpHandover): void {
    this.#open(fd, { hostname, port })?.handleHandedOver(received);
  }

  /** Closes all connections; the port stays bound. */
  close(): void {
    this.#closed = true;
    this.#resumeMs = Infinity;
    if (this.#isWatched) this.#context.loop.remove(this);
    this.#isWatched = false;
    this.routes.close();
  }

  /** Where there is no peer there is nobody that a client could mean, nor a tick that would end a silent one. */
  #admit(fd: number): void {
    if (this.routes.hasPeers || this.#context.handOver !== undefined) this.#open(fd, new SocketAddress(this.#address));
    else this.#refuse(fd);
  }

  #open(fd: number, address: { readonly hostname: string; readonly port: number }): NativeTcpConnection | undefined {
    if (this.#closed) return this.#refuse(fd);
    try {
      const connection = new NativeTcpConnection(this.routes, this.#context, fd, address);
      this.routes.add(connection, this.#now());
      return connection;
    } catch {
      // epoll has no memory for another one.
      return this.#refuse(fd);
    }
  }

  #refuse(fd: number): undefined {
    this.routes.countRefusal();
    this.#context.libc.call.close(fd);
  }

  #watch(): void {
    if (this.#listener === undefined || this.#closed) return;
    this.#context.loop.add(this);
    this.#isWatched = true;
  }

  /** The port would be reported at each poll. */
  #pause(): void {
    this.#context.loop.remove(this);
    this.#isWatched = false;
    this.#resumeMs = this.#now() + PAUSE_MS;
  }
}
