import type { NodeDatagramHandler, NodeSocket } from "../bus/node_socket.ts";
import type { SocketHandle } from "../media/messages.ts";
import type { DatagramSender, RemoteAddress } from "../webrtc/datagram.ts";

/** The TCP connections of peers, and of those who may become such. */
export interface TcpConnections {
  /** Connections that are open. */
  readonly size: number;
  /** Whether `handleTimeout` is wanted every TICK_MS: there is something with a deadline. */
  readonly needsTicks: boolean;
  handleTimeout(nowMs: number): void;
}

/** Takes what one peer's socket receives, batch by batch. Neither method may throw. */
export interface DatagramHandler {
  /** Takes one datagram, `bytes[0, length)`. The bytes may be changed, and stay until `endBatch`. */
  handleDatagram(bytes: Uint8Array, length: number, from: RemoteAddress): void;
  /** The batch, of one datagram or more, is complete. */
  endBatch(): void;
}

/** One peer's UDP socket, with a port of its own or its part of a shared one, and its TCP connections. */
export interface DatagramSocket extends DatagramSender {
  readonly port: number;
  /** Datagrams that the queue had no room for, or that the kernel refused. */
  readonly dropped: number;
  /** What was flushed still goes out. Nothing is received any more. */
  close(): void;
}

/** Opens UDP sockets; another isolate may be the one that uses them. */
export interface SocketOpener {
  /** Opens a socket on a free port of `hostname`. Throws what the system says where it cannot. */
  openSocket(hostname: string): SocketHandle;
  /** Opens and closes what a peer on `hostname` would need. Throws what the system says where there is none left. */
  probe(hostname: string): void;
  /** Gives the port back. Whoever attached the socket has closed it before. */
  closeSocket(handle: SocketHandle): void;
}

/** The sockets of one isolate. */
export interface Sockets extends SocketOpener {
  /** Whether datagrams of equal length to one address leave together, at less cost. */
  readonly segmentation: boolean;
  /** Whether many datagrams leave by one call of the system, whoever they are for. */
  readonly isBatched: boolean;
  /** Undefined where peers have UDP alone. */
  readonly tcp?: TcpConnections | undefined;
  /** Begins to receive from an open socket. To be called once for each. */
  attachSocket(handle: SocketHandle, handler: DatagramHandler): DatagramSocket;
  /**
   * Opens the socket by which this isolate talks to other nodes, on a port of its own, 0 for any, and begins to receive.
   * Throws what the system says where it cannot.
   */
  openNodeSocket(hostname: string, port: number, handler: NodeDatagramHandler): NodeSocket;
  /** Sends what is queued on all sockets; while batches are handled, at the end of them. */
  flush(): void;
  /** Calls back each time that what a batch has caused was flushed. One observer has a place. */
  onFlushed(observer: () => void): void;
  /** Closes what is still open. Resolves when nothing of it is left. */
  close(): Promise<void>;
}
