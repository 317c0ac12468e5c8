import type { NodeDatagramHandler, NodeSocket } from "../../bus/node_socket.ts";
import type { SocketHandle } from "../../media/messages.ts";
import type { DatagramHandler, DatagramSocket, Sockets } from "../sockets.ts";

/**
 * The sockets of a worker whose owner chooses among those that were opened before: a peer's port must be known at once, and
 * to ask for it takes a turn of both isolates.
 */
export class SocketsAhead implements Sockets {
  readonly #sockets: Sockets;
  #next: SocketHandle | undefined;

  constructor(sockets: Sockets) {
    this.#sockets = sockets;
  }

  get segmentation(): boolean {
    return this.#sockets.segmentation;
  }

  get isBatched(): boolean {
    return this.#sockets.isBatched;
  }

  /** Opens one, for `take`. Throws what the system says where it cannot. */
  openAhead(hostname: string): SocketHandle {
    return this.#sockets.openSocket(hostname);
  }

  /** The next peer gets this one. */
  take(handle: SocketHandle): void {
    this.#next = handle;
  }

  openSocket(): SocketHandle {
    const handle = this.#next;
    if (handle === undefined) throw new TypeError("no socket was taken for the peer");
    this.#next = undefined;
    return handle;
  }

  attachSocket(handle: SocketHandle, handler: DatagramHandler): DatagramSocket {
    return this.#sockets.attachSocket(handle, handler);
  }

  openNodeSocket(hostname: string, port: number, handler: NodeDatagramHandler): NodeSocket {
    return this.#sockets.openNodeSocket(hostname, port, handler);
  }

  probe(hostname: string): void {
    this.#sockets.probe(hostname);
  }

  closeSocket(handle: SocketHandle): void {
    this.#sockets.closeSocket(handle);
  }

  flush(): void {
    this.#sockets.flush();
  }

  onFlushed(observer: () => void): void {
    this.#sockets.onFlushed(observer);
  }

  close(): Promise<void> {
    return this.#sockets.close();
  }
}
