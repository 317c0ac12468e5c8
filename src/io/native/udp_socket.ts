import { classify } from "../../webrtc/classify.ts";
import type { RemoteAddress } from "../../webrtc/datagram.ts";
import type { DatagramHandler, DatagramSocket } from "../sockets.ts";
import type { TcpPeer } from "../tcp/tcp_peer.ts";
import { AddressTable } from "./address_table.ts";
import type { BoundSocket } from "./bind_udp.ts";
import type { LoopSocket } from "./loop.ts";
import { PeerAddresses } from "./peer_addresses.ts";
import type { ReceiveBatch } from "./receive_batch.ts";
import { SendQueue } from "./send_queue.ts";
import { ADDRESS_WORDS, type AddressOwner, SocketAddress } from "./socket_address.ts";
import type { SocketContext } from "./socket_context.ts";

/** 0.2 s of a 25 Mbit/s stream: where the kernel takes nothing for so long, what is older is better dropped than sent. */
const QUEUE_LENGTH = 512;
/** A peer talks from one address or two. */
const TABLE_ROWS = 4;
const MARKER = 0x80;

/** The socket of one peer, with a port of its own, and the peer's TCP connections. */
export class UdpSocket implements DatagramSocket, LoopSocket, AddressOwner {
  readonly fd: number;
  readonly port: number;
  dropped = 0;
  readonly #context: SocketContext;
  readonly #handler: DatagramHandler;
  readonly #queue: SendQueue;
  readonly #table: AddressTable;
  readonly #addresses: PeerAddresses;
  readonly #tcp: TcpPeer | undefined;
  readonly #whenClosed: () => void;
  #closed = false;

  /** `closed` is called at the end; `bound` stays bound. Throws SocketError where it cannot be watched. */
  constructor(context: SocketContext, bound: BoundSocket, handler: DatagramHandler, closed: () => void) {
    this.fd = bound.fd;
    this.port = bound.port;
    this.#context = context;
    this.#handler = handler;
    this.#whenClosed = closed;
    this.#table = new AddressTable(TABLE_ROWS, context.hashSeed);
    this.#addresses = new PeerAddresses(this.#table, this, bound.family);
    this.#queue = new SendQueue(context, { fd: bound.fd, capacity: QUEUE_LENGTH, fromLocal: bound.isWildcard });
    context.loop.add(this);
    this.#tcp = context.tcp?.openPeer(handler, (count) => this.dropped += count);
  }

  slot(): Uint8Array | undefined {
    const slot = this.#queue.slot();
    if (slot === undefined) this.dropped++;
    return slot;
  }

  commit(length: number, to: RemoteAddress): void {
    const address = this.#addresses.resolve(to);
    if (address === undefined) this.#commitToTcp(length, to);
    else this.#queue.commit(length, address);
  }

  /** The UDP port is this peer's alone, the TCP port is not. */
  claimUfrag(ufrag: string): void {
    this.#tcp?.claimUfrag(ufrag);
  }

  /** What was queued leaves, as far as the kernel takes it at once. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue.close();
    this.#addresses.close();
    this.#tcp?.close();
    this.#context.loop.remove(this);
    this.#whenClosed();
  }

  receive(): void {
    const { received } = this.#context;
    let count = received.receive(this.fd);
    if (count === 0) return;
    for (let i = 0; i < count && !this.#closed; i++) {
      this.#handle(received, i);
      // A descriptor that is closed may be another socket's already.
      if (this.#closed || i < count - 1) continue;
      if (isUnfinished(received.bytes(i), received.length(i))) count = received.receiveMore(this.fd);
    }
    if (!this.#closed) this.#handler.endBatch();
  }

  #commitToTcp(length: number, to: RemoteAddress): void {
    const datagram = this.#queue.takeSlot(length);
    if (datagram === undefined || !this.#tcp?.send(datagram, to)) this.dropped++;
  }

  #handle(received: ReceiveBatch, index: number): void {
    if (!received.accepts(index)) return;
    const at = index * ADDRESS_WORDS;
    const from = this.#table.find(received.addresses, at) ?? new SocketAddress(received.addresses, at);
    this.deliver(received.bytes(index), received.length(index), from);
  }

  resume(): void {
    this.#queue.resume();
  }

  deliver(bytes: Uint8Array, length: number, from: RemoteAddress): void {
    this.#handler.handleDatagram(bytes, length, from);
  }

  countDrop(): void {
    this.dropped++;
  }
}

/**
 * Whether more of the same frame is to come: an RTP packet without the marker (RFC 3550 section 5.1). What arrives while
 * the first packets are decrypted then goes to each subscriber in one run with them.
 */
function isUnfinished(bytes: Uint8Array, length: number): boolean {
  return classify(bytes, length) === "rtp" && (bytes[1] & MARKER) === 0;
}
