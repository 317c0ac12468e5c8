import type { NodeDatagramHandler, NodeSocket } from "../../bus/node_socket.ts";
import { type RemoteAddress, SLOT_SIZE } from "../../webrtc/datagram.ts";
import type { BoundSocket, BufferSizes } from "./bind_udp.ts";
import type { LoopSocket } from "./loop.ts";
import { receiveRuns, SegmentedReceive } from "./segmented_receive.ts";
import { SendQueue } from "./send_queue.ts";
import { type Family, parseSocketAddress, SocketAddress } from "./socket_address.ts";
import type { SocketContext } from "./socket_context.ts";

/** As the shared port of peers: all nodes are behind one another in it. */
export const NODE_BUFFERS: BufferSizes = { receive: 16 * 1024 * 1024, send: 1024 * 1024 };
/** 0.1 s of 200 Mbit/s. */
const QUEUE_LENGTH = 2048;

/** The socket of this node for all others: runs of datagrams both ways, and whoever sends is told by what is in them. */
export class NodeUdpSocket implements NodeSocket, LoopSocket {
  readonly fd: number;
  readonly port: number;
  readonly #context: SocketContext;
  readonly #handler: NodeDatagramHandler;
  readonly #family: Family;
  readonly #queue: SendQueue;
  readonly #received: SegmentedReceive;
  /** Where each datagram is handed over. */
  readonly #datagram = new Uint8Array(new ArrayBuffer(SLOT_SIZE));
  readonly #whenClosed: () => void;
  #isClosed = false;

  /** `bound` is closed with it, and `closed` called then. Throws SocketError where it cannot be watched. */
  constructor(context: SocketContext, bound: BoundSocket, handler: NodeDatagramHandler, closed: () => void) {
    this.fd = bound.fd;
    this.port = bound.port;
    this.#context = context;
    this.#handler = handler;
    this.#family = bound.family;
    this.#whenClosed = closed;
    this.#queue = new SendQueue(context, { fd: bound.fd, capacity: QUEUE_LENGTH, fromLocal: false });
    this.#received = new SegmentedReceive(context.libc);
    receiveRuns(context.libc, bound.fd);
    context.loop.add(this);
  }

  get dropped(): number {
    return this.#queue.dropped;
  }

  resolve(address: RemoteAddress): RemoteAddress | undefined {
    return parseSocketAddress(address, this.#family);
  }

  slot(): Uint8Array | undefined {
    return this.#queue.slot();
  }

  commit(length: number, to: RemoteAddress): void {
    if (to instanceof SocketAddress) this.#queue.commit(length, to);
  }

  receive(): void {
    const count = this.#received.receive(this.fd);
    for (let message = 0; message < count; message++) this.#take(message);
    if (count > 0 && !this.#isClosed) this.#handler.endBatch();
  }

  #take(message: number): void {
    const received = this.#received;
    const length = received.length(message);
    const size = received.size(message);
    if (size === 0 || size > SLOT_SIZE) return;
    for (let at = 0; at < length && !this.#isClosed; at += size) {
      const count = Math.min(size, length - at);
      received.copy(message, at, count, this.#datagram);
      this.#handler.handleDatagram(this.#datagram, count);
    }
  }

  resume(): void {
    this.#queue.resume();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#queue.close();
    this.#context.loop.remove(this);
    this.#context.libc.call.close(this.fd);
    this.#whenClosed();
  }
}
