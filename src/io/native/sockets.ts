import type { RandomSource } from "../../sfu/random.ts";
import type { DatagramHandler, DatagramSocket } from "../backend.ts";
import { bindUdp, type BoundSocket, type BufferSizes, bufferSizes, hasSegmentation } from "./bind_udp.ts";
import { FlushList } from "./flush_list.ts";
import { type Libc, openLibc } from "./libc.ts";
import { SocketLoop } from "./loop.ts";
import { Poller } from "./poller.ts";
import { type PortLimits, PortRange } from "./port_range.ts";
import { ReceiveBatch } from "./receive_batch.ts";
import { SendBatch } from "./send_batch.ts";
import { SharedSocket } from "./shared_socket.ts";
import { SlotPool } from "./slot_pool.ts";
import type { SocketContext } from "./socket_context.ts";
import { UdpSocket } from "./udp_socket.ts";

/** 32 MB: what may wait to be sent, of all sockets together. */
const MAX_SLOTS = 16_384;
/** For 8 packets each 33 ms, and a pause of the loop of 0.5 s. */
const PEER_BUFFERS: BufferSizes = { receive: 256 * 1024, send: 256 * 1024 };
const LOOPBACK = "127.0.0.1";
const SHARED_BUFFERS: BufferSizes = { receive: 4 * 1024 * 1024, send: 1024 * 1024 };

export interface NativeSocketOptions {
  readonly random: RandomSource;
  /** One port of this address for all peers, 0 for any port; left out, each peer has a port of its own. */
  readonly shared?: { readonly hostname: string; readonly port: number };
  /** The ports that peers may have; left out, any. */
  readonly ports?: PortLimits;
  /** Bytes of the kernel's buffers for each socket. */
  readonly buffers?: BufferSizes;
  /** False: no UDP GSO, though the kernel knows it. */
  readonly segmentation?: boolean;
  /** Instead of the machine's own, and closed with the sockets. */
  readonly libc?: Libc;
}

/** Datagrams that were of no use, since the start. */
export interface NativeCounters {
  /** Longer than a slot, or from port 0. */
  readonly refused: number;
  /** On the shared port, for no peer. */
  readonly unrouted: number;
  /** Receive calls that failed. */
  readonly errors: number;
}

export interface NativeSockets {
  readonly ok: true;
  /** What was opened, for the log and /healthz. */
  readonly description: string;
  readonly counters: NativeCounters;
  /** See Backend; the shared port is what it is. Throws SocketError, NoFreePortError. */
  openSocket(hostname: string, handler: DatagramHandler): DatagramSocket;
  flush(): void;
  /** Closes what is still open. Resolves when nothing of it is left. */
  close(): Promise<void>;
}

export type OpenedSockets = NativeSockets | { readonly ok: false; readonly reason: string };

/** Opens what native sockets need: the C library, epoll and, where peers share one, their port. Throws nothing. */
export function openNativeSockets(options: NativeSocketOptions): OpenedSockets {
  const opened = options.libc === undefined ? openLibc() : { ok: true as const, libc: options.libc };
  if (!opened.ok) return opened;
  const { libc } = opened;
  try {
    return new OpenSockets(libc, options);
  } catch (error) {
    libc.close();
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

class OpenSockets implements NativeSockets {
  readonly ok = true;
  readonly description: string;
  readonly #context: SocketContext;
  readonly #poller: Poller;
  readonly #buffers: BufferSizes;
  readonly #ports: PortRange | undefined;
  readonly #shared: SharedSocket | undefined;
  readonly #open = new Set<UdpSocket>();

  constructor(libc: Libc, { random, shared, ports, buffers, segmentation = true }: NativeSocketOptions) {
    this.#buffers = buffers ?? (shared === undefined ? PEER_BUFFERS : SHARED_BUFFERS);
    this.#ports = ports && new PortRange(ports, random);
    // Where each peer has a socket of its own this one is for asking what the kernel can do.
    const first = bindUdp(libc, { hostname: LOOPBACK, port: 0, ...shared, buffers: this.#buffers });
    try {
      this.#poller = new Poller(libc);
      this.#context = createContext(libc, this.#poller, segmentation && hasSegmentation(libc, first.fd), random);
      this.description = describe(this.#context, first, shared !== undefined);
      this.#shared = shared && new SharedSocket(this.#context, first);
    } catch (error) {
      libc.call.close(first.fd);
      throw error;
    }
    if (shared === undefined) libc.call.close(first.fd);
  }

  get counters(): NativeCounters {
    const { refused, errors } = this.#context.received;
    return { refused, errors, unrouted: this.#shared?.unrouted ?? 0 };
  }

  openSocket(hostname: string, handler: DatagramHandler): DatagramSocket {
    if (this.#shared !== undefined) return this.#shared.open(handler);
    const { libc } = this.#context;
    const bound = bindUdp(libc, { hostname, port: this.#ports ?? 0, buffers: this.#buffers });
    try {
      const socket: UdpSocket = new UdpSocket(this.#context, bound, handler, () => {
        this.#open.delete(socket);
        this.#ports?.release(bound.port);
      });
      this.#open.add(socket);
      return socket;
    } catch (error) {
      libc.call.close(bound.fd);
      this.#ports?.release(bound.port);
      throw error;
    }
  }

  flush(): void {
    this.#context.loop.flush();
  }

  async close(): Promise<void> {
    for (const socket of this.#open) socket.close();
    this.#shared?.close();
    await this.#context.loop.ended();
    this.#poller.close();
    this.#context.libc.close();
  }
}

function createContext(libc: Libc, poller: Poller, segmentation: boolean, random: RandomSource): SocketContext {
  const flushList = new FlushList();
  return {
    libc,
    loop: new SocketLoop(poller, flushList),
    flushList,
    received: new ReceiveBatch(libc),
    sent: new SendBatch(libc),
    pool: new SlotPool(libc, MAX_SLOTS),
    segmentation,
    hashSeed: random.uint32(),
  };
}

function describe({ libc, segmentation }: SocketContext, { fd, port }: BoundSocket, isShared: boolean): string {
  const { receive, send } = bufferSizes(libc, fd);
  const kilobytes = (bytes: number) => `${Math.round(bytes / 1024)} kB`;
  return `${libc.path}, ${segmentation ? "UDP GSO" : "no UDP GSO"}, ` +
    `${isShared ? `UDP port ${port} for all peers` : "a UDP port for each peer"}, ` +
    `buffers of ${kilobytes(receive)} to receive and ${kilobytes(send)} to send`;
}
