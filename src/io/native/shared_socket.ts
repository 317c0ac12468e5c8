import { BINDING_REQUEST, StunMessage } from "../../webrtc/stun.ts";
import type { DatagramHandler, DatagramSocket } from "../sockets.ts";
import { UfragTable } from "./ufrag_table.ts";
import type { TcpPeers } from "../tcp/tcp_peer.ts";
import { AddressTable } from "./address_table.ts";
import type { BoundSocket } from "./bind_udp.ts";
import type { LoopSocket } from "./loop.ts";
import { MAX_BATCHES, ReceiveBacklog } from "./receive_backlog.ts";
import { BATCH_LENGTH, type ReceiveBatch } from "./receive_batch.ts";
import { SendQueue } from "./send_queue.ts";
import { SharedPeer, type SharedPort } from "./shared_peer.ts";
import { ADDRESS_WORDS, type Family, SocketAddress } from "./socket_address.ts";
import type { SocketContext } from "./socket_context.ts";

/** 4,096 datagrams are 12 ms at 350,000 a second. */
const QUEUE_LENGTH = 4096;
const TABLE_ROWS = 1024;
/** The first byte of STUN is not greater (RFC 7983 section 7). */
const MAX_STUN_BYTE = 3;
/** The first byte of RTP and RTCP is not less. A client has keys for them from its handshake with the address's owner. */
const MIN_MEDIA_BYTE = 128;

/**
 * One port for all peers. A STUN request goes to the peer whose ufrag it names, everything else to the peer that the
 * source address belongs to (see PeerAddresses). The rest is dropped and costs nothing.
 */
export class SharedSocket implements LoopSocket, SharedPort {
  readonly fd: number;
  readonly port: number;
  readonly family: Family;
  readonly addresses: AddressTable;
  readonly ufrags = new UfragTable<SharedPeer>();
  readonly tcp: TcpPeers | undefined;
  /** Datagrams that were for no peer. */
  unrouted = 0;
  /** What is received until the end of a batch. */
  readonly received: ReceiveBacklog;
  readonly #context: SocketContext;
  readonly #queue: SendQueue;
  readonly #message = new StunMessage();
  /** Whose the slot is that the queue gave out last. */
  #slotOwner: SharedPeer | undefined;
  /** The peers that got something of the present batch; as long as the most that ever did at once. */
  readonly #touched: (SharedPeer | undefined)[] = [];
  #touchedCount = 0;
  #closed = false;

  /** `bound` stays bound at the end. Throws SocketError where it cannot be watched. */
  constructor(context: SocketContext, bound: BoundSocket) {
    this.fd = bound.fd;
    this.port = bound.port;
    this.family = bound.family;
    this.addresses = new AddressTable(TABLE_ROWS, context.hashSeed);
    this.received = new ReceiveBacklog(context.libc, context.received);
    this.tcp = context.tcp;
    this.#context = context;
    this.#queue = new SendQueue(context, { fd: bound.fd, capacity: QUEUE_LENGTH, fromLocal: bound.isWildcard });
    context.loop.add(this);
  }

  open(handler: DatagramHandler): DatagramSocket {
    return new SharedPeer(this, handler);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue.close();
    this.#context.loop.remove(this);
  }

  slotFor(peer: SharedPeer): Uint8Array | undefined {
    this.#slotOwner = peer;
    return this.#queue.slot();
  }

  commitFor(peer: SharedPeer, length: number, to: SocketAddress): boolean {
    if (this.#slotOwner !== peer) return false;
    this.#queue.commit(length, to);
    return true;
  }

  takeSlotFor(peer: SharedPeer, length: number): Uint8Array | undefined {
    return this.#slotOwner === peer ? this.#queue.takeSlot(length) : undefined;
  }

  /**
   * All that waits is one batch: the packets of a peer, between which those of all others came, are one run. Where little
   * waits the first call tells, and nothing is asked for again.
   */
  receive(): void {
    this.addresses.nowMs = this.#context.now();
    for (let i = 0; i < MAX_BATCHES && this.#receive(this.received.batch(i)) === BATCH_LENGTH; i++);
    for (let i = 0; i < this.#touchedCount; i++) {
      this.#touched[i]?.endBatch();
      this.#touched[i] = undefined;
    }
    this.#touchedCount = 0;
  }

  resume(): void {
    this.#queue.resume();
  }

  touch(peer: SharedPeer): void {
    this.#touched[this.#touchedCount++] = peer;
  }

  /** Returns how many datagrams came; 0 where the socket was closed by what one of them caused. */
  #receive(received: ReceiveBatch): number {
    const count = received.receive(this.fd);
    for (let i = 0; i < count && !this.#closed; i++) if (received.accepts(i)) this.#route(received, i);
    return this.#closed ? 0 : count;
  }

  #route(received: ReceiveBatch, index: number): void {
    const bytes = received.bytes(index);
    const length = received.length(index);
    const at = index * ADDRESS_WORDS;
    const known = this.addresses.find(received.addresses, at);
    const owner = this.#requested(bytes, length) ?? known?.owner;
    if (known !== undefined && bytes[0] >= MIN_MEDIA_BYTE) known.heardMs = this.addresses.nowMs;
    if (owner === undefined) this.unrouted++;
    else owner.deliver(bytes, length, known ?? new SocketAddress(received.addresses, at));
  }

  /** The peer whose ufrag a STUN request names. */
  #requested(bytes: Uint8Array, length: number): SharedPeer | undefined {
    const message = this.#message;
    if (bytes[0] > MAX_STUN_BYTE || !message.parse(bytes, length) || message.type !== BINDING_REQUEST) return undefined;
    return this.ufrags.find(bytes, message.usernameOffset, message.usernameLength);
  }
}
