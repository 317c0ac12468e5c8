import type { NodeDatagramHandler, NodeSocket } from "../../bus/node_socket.ts";
import type { SocketHandle } from "../../media/messages.ts";
import { isUnspecified } from "../addresses.ts";
import { assertReserve } from "../descriptor_reserve.ts";
import type { DatagramHandler, DatagramSocket, Sockets } from "../sockets.ts";
import { PortableNodeSocket } from "./node_socket.ts";
import type { TcpListener } from "./tcp_listener.ts";
import { UdpSocket } from "./udp.ts";

/** Deno's datagram sockets, one for each peer, and where it is given one TCP port for all. */
export class PortableSockets implements Sockets {
  readonly segmentation = false;
  readonly isBatched = false;
  readonly tcp: TcpListener | undefined;
  readonly #dirty: UdpSocket[] = [];
  /** By the id of the handle. */
  readonly #open = new Map<number, UdpSocket>();
  readonly #nodeSockets: NodeSocket[] = [];
  #lastId = 0;
  #flushed = () => {};

  /** `tcp` is closed with the sockets. */
  constructor(tcp?: TcpListener) {
    this.tcp = tcp;
  }

  openSocket(hostname: string): SocketHandle {
    this.#assertReserve(hostname);
    const socket = new UdpSocket(hostname, (dirty) => this.#dirty.push(dirty));
    const id = ++this.#lastId;
    this.#open.set(id, socket);
    const family = hostname.includes(":") ? "ipv6" : "ipv4";
    return { id, port: socket.port, family, isWildcard: isUnspecified(hostname), isShared: false };
  }

  attachSocket({ id }: SocketHandle, handler: DatagramHandler): DatagramSocket {
    const socket = this.#open.get(id);
    if (socket === undefined) throw new TypeError(`there is no open socket ${id}`);
    socket.attach(handler, this.tcp);
    return socket;
  }

  openNodeSocket(hostname: string, port: number, handler: NodeDatagramHandler): NodeSocket {
    const udp = new UdpSocket(hostname, (dirty) => this.#dirty.push(dirty), port);
    udp.attach(handler);
    const socket = new PortableNodeSocket(udp, hostname);
    this.#nodeSockets.push(socket);
    return socket;
  }

  probe(hostname: string): void {
    this.#assertReserve(hostname);
  }

  onFlushed(observer: () => void): void {
    this.#flushed = observer;
  }

  closeSocket({ id }: SocketHandle): void {
    this.#open.get(id)?.close();
    this.#open.delete(id);
  }

  flush(): void {
    for (const socket of this.#dirty) socket.flush();
    this.#dirty.length = 0;
    this.tcp?.flush();
    this.#flushed();
  }

  async close(): Promise<void> {
    for (const socket of [...this.#open.values(), ...this.#nodeSockets]) socket.close();
    this.#open.clear();
    await this.tcp?.close();
  }

  /** Costs 1 ms, where a join costs 15. */
  #assertReserve(hostname: string): void {
    assertReserve(() => Deno.listenDatagram({ transport: "udp", hostname, port: 0 }), (socket) => socket.close());
  }
}
