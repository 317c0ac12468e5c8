import type { NodeDatagramHandler, NodeSocket } from "../../bus/node_socket.ts";
import type { SocketHandle } from "../../media/messages.ts";
import type { RandomSource } from "../../sfu/random.ts";
import { messageOf } from "../../webrtc/error_message.ts";
import { systemClock } from "../clock.ts";
import type { DatagramHandler, DatagramSocket, Sockets } from "../sockets.ts";
import { bindUdp, type BoundSocket, hasSegmentation } from "./bind_udp.ts";
import { FlushList } from "./flush_list.ts";
import { type Libc, openLibc } from "./libc.ts";
import { SocketLoop } from "./loop.ts";
import { NODE_BUFFERS, NodeUdpSocket } from "./node_socket.ts";
import { Poller } from "./poller.ts";
import { ReceiveBatch } from "./receive_batch.ts";
import { SendBatch } from "./send_batch.ts";
import { SharedSocket } from "./shared_socket.ts";
import { ChunkPool } from "./chunk_pool.ts";
import { type BindPlan, fromHandle, SocketBinder } from "./socket_binder.ts";
import type { SocketContext } from "./socket_context.ts";
import { NativeTcpPort, type TcpPortOptions, type TcpSurroundings } from "./tcp_port.ts";
import { UdpSocket } from "./udp_socket.ts";

/** 32 MB: what may wait to be sent, of all sockets together. */
const MAX_CHUNKS = 1024;
const PROBE = { hostname: "127.0.0.1", port: 0, buffers: { receive: 4096, send: 4096 } };

/** Datagrams that were of no use, since the start. */
export interface NativeCounters {
  /** Longer than a slot, or from port 0. */
  readonly refused: number;
  /** On the shared port, for no peer. */
  readonly unrouted: number;
  /** Receive calls that failed. */
  readonly errors: number;
}

export interface AttachOptions {
  readonly random: RandomSource;
  /** False: no UDP GSO, though the kernel knows it. */
  readonly segmentation?: boolean | undefined;
  /** True: whoever made this polls and calls `loop.handleEvents`; left out, the isolate's event loop is never blocked. */
  readonly blocking?: boolean | undefined;
  /** Milliseconds that never go back; left out, the system's. */
  readonly now?: (() => number) | undefined;
  /** Wakes who polls, and stays open; left out, there is an eventfd of its own. */
  readonly wakeFd?: number | undefined;
}

export interface AttachedSocketOptions extends AttachOptions {
  /** Left out: peers have UDP alone. */
  readonly tcpPort?: TcpPortOptions | undefined;
}

/** Receives from and sends by sockets that are bound, in the isolate that made it. */
export class AttachedSockets {
  readonly poller: Poller;
  readonly loop: SocketLoop;
  /** Whether runs of datagrams leave as one message of the kernel. */
  readonly segmentation: boolean;
  readonly tcp: NativeTcpPort | undefined;
  readonly #context: SocketContext;
  readonly #open = new Set<UdpSocket | NodeUdpSocket>();
  #shared: SharedSocket | undefined;

  /** Throws SocketError where the process has no descriptor left. */
  constructor(libc: Libc, options: AttachedSocketOptions) {
    const { random, segmentation = true, blocking = false, now = systemClock.now, tcpPort, wakeFd } = options;
    const probe = bindUdp(libc, PROBE);
    this.segmentation = segmentation && hasSegmentation(libc, probe.fd);
    libc.call.close(probe.fd);
    const flushList = new FlushList();
    const memory = {
      received: new ReceiveBatch(libc),
      sent: new SendBatch(libc),
      pool: new ChunkPool(libc, MAX_CHUNKS),
    };
    const hashSeed = random.uint32();
    // Last: what cannot be made before it leaves no descriptor open.
    this.poller = new Poller(libc, wakeFd);
    this.loop = new SocketLoop(this.poller, flushList, blocking);
    const surroundings = { libc, loop: this.loop, flushList, now };
    this.tcp = tcpPort && this.#openTcpPort(surroundings, tcpPort);
    const tcp = this.tcp?.routes;
    this.#context = { ...memory, ...surroundings, segmentation: this.segmentation, hashSeed, tcp };
  }

  get counters(): NativeCounters {
    const { refused, errors } = this.#shared?.received ?? this.#context.received;
    return { refused, errors, unrouted: this.#shared?.unrouted ?? 0 };
  }

  #openTcpPort(surroundings: TcpSurroundings, options: TcpPortOptions): NativeTcpPort {
    try {
      return new NativeTcpPort(surroundings, options);
    } catch (error) {
      this.poller.close();
      throw error;
    }
  }

  /** Throws SocketError where the socket cannot be watched. */
  attachSocket(handle: SocketHandle, handler: DatagramHandler): DatagramSocket {
    if (handle.isShared) {
      this.#shared ??= new SharedSocket(this.#context, fromHandle(handle));
      return this.#shared.open(handler);
    }
    const socket: UdpSocket = new UdpSocket(
      this.#context,
      fromHandle(handle),
      handler,
      () => this.#open.delete(socket),
    );
    this.#open.add(socket);
    return socket;
  }

  /** `bound` is closed with the socket. Throws SocketError where it cannot be watched. */
  attachNodeSocket(bound: BoundSocket, handler: NodeDatagramHandler): NodeSocket {
    const socket: NodeUdpSocket = new NodeUdpSocket(this.#context, bound, handler, () => this.#open.delete(socket));
    this.#open.add(socket);
    return socket;
  }

  flush(): void {
    this.loop.flush();
  }

  /** Stops to watch the sockets, which stay bound, and closes the TCP connections; the poller stays open. */
  async detach(): Promise<void> {
    for (const socket of this.#open) socket.close();
    this.#shared?.close();
    this.tcp?.close();
    await this.loop.ended();
  }

  /** As `detach`, and gives back what it watched them by. */
  async close(): Promise<void> {
    await this.detach();
    this.poller.close();
  }
}

export interface NativeSocketOptions extends BindPlan, AttachOptions {
  /** Instead of the machine's own, and closed with the sockets. */
  readonly libc?: Libc;
}

export type OpenedSockets =
  | { readonly ok: true; readonly sockets: NativeSockets }
  | { readonly ok: false; readonly reason: string };

/** Opens what native sockets need: the C library, epoll and, where peers share one, their port. Throws nothing. */
export function openNativeSockets(options: NativeSocketOptions): OpenedSockets {
  const opened = options.libc === undefined ? openLibc() : { ok: true as const, libc: options.libc };
  if (!opened.ok) return opened;
  const { libc } = opened;
  let binder: SocketBinder | undefined;
  try {
    binder = new SocketBinder(libc, options);
    const tcpPort = binder.listener && { listener: binder.listener.fd };
    return { ok: true, sockets: new NativeSockets(libc, binder, new AttachedSockets(libc, { ...options, tcpPort })) };
  } catch (error) {
    binder?.close();
    libc.close();
    return { ok: false, reason: messageOf(error) };
  }
}

/** The sockets of peers whose media is in this isolate. */
export class NativeSockets implements Sockets {
  /** What was opened, for the log and /healthz. */
  readonly description: string;
  /** See SocketBinder. */
  readonly warning: string | undefined;
  readonly #libc: Libc;
  readonly #binder: SocketBinder;
  readonly #attached: AttachedSockets;
  #closing: Promise<void> | undefined;

  constructor(libc: Libc, binder: SocketBinder, attached: AttachedSockets) {
    this.#libc = libc;
    this.#binder = binder;
    this.#attached = attached;
    this.description = `${libc.path}, ${binder.description}`;
    this.warning = binder.warning;
  }

  get counters(): NativeCounters {
    return this.#attached.counters;
  }

  get segmentation(): boolean {
    return this.#attached.segmentation;
  }

  readonly isBatched = true;

  get tcp(): NativeTcpPort | undefined {
    return this.#attached.tcp;
  }

  /** The TCP port that was bound. */
  get tcpPort(): number | undefined {
    return this.#binder.listener?.port;
  }

  openSocket(hostname: string): SocketHandle {
    return this.#binder.openSocket(hostname);
  }

  attachSocket(handle: SocketHandle, handler: DatagramHandler): DatagramSocket {
    return this.#attached.attachSocket(handle, handler);
  }

  openNodeSocket(hostname: string, port: number, handler: NodeDatagramHandler): NodeSocket {
    const bound = bindUdp(this.#libc, { hostname, port, buffers: NODE_BUFFERS });
    try {
      return this.#attached.attachNodeSocket(bound, handler);
    } catch (error) {
      this.#libc.call.close(bound.fd);
      throw error;
    }
  }

  probe(hostname: string): void {
    this.#binder.probe(hostname);
  }

  onFlushed(observer: () => void): void {
    this.#attached.loop.onFlushed(observer);
  }

  closeSocket(handle: SocketHandle): void {
    this.#binder.closeSocket(handle);
  }

  flush(): void {
    this.#attached.flush();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#attached.close();
    this.#binder.close();
    this.#libc.close();
  }
}
