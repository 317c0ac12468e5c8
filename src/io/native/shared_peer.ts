import type { RemoteAddress } from "../../webrtc/datagram.ts";
import { ClaimedUfrags } from "../claimed_ufrags.ts";
import type { DatagramHandler, DatagramSocket } from "../sockets.ts";
import type { TcpPeer, TcpPeers } from "../tcp/tcp_peer.ts";
import type { UfragTable } from "./ufrag_table.ts";
import type { AddressTable } from "./address_table.ts";
import { PeerAddresses } from "./peer_addresses.ts";
import type { AddressOwner, Family, SocketAddress } from "./socket_address.ts";

/** What a shared port is to its peers. */
export interface SharedPort {
  readonly port: number;
  readonly family: Family;
  readonly addresses: AddressTable;
  readonly ufrags: UfragTable<SharedPeer>;
  /** Undefined where peers have UDP alone. */
  readonly tcp: TcpPeers | undefined;
  /** A slot of the common queue for this peer. */
  slotFor(peer: SharedPeer): Uint8Array | undefined;
  /** Queues that slot; false where it is not the peer's any more, because another peer asked for one since. */
  commitFor(peer: SharedPeer, length: number, to: SocketAddress): boolean;
  /** The first `length` bytes of that slot, which a TCP connection takes; undefined where it is not the peer's any more. */
  takeSlotFor(peer: SharedPeer, length: number): Uint8Array | undefined;
  /** The peer got the first datagram of this batch. */
  touch(peer: SharedPeer): void;
}

/** What one peer has of a shared port, and its TCP connections. */
export class SharedPeer implements DatagramSocket, AddressOwner {
  dropped = 0;
  readonly #shared: SharedPort;
  readonly #handler: DatagramHandler;
  readonly #addresses: PeerAddresses;
  readonly #ufrags: ClaimedUfrags<SharedPeer>;
  readonly #tcp: TcpPeer | undefined;
  #isTouched = false;
  #closed = false;

  constructor(shared: SharedPort, handler: DatagramHandler) {
    this.#shared = shared;
    this.#handler = handler;
    this.#addresses = new PeerAddresses(shared.addresses, this, shared.family);
    this.#tcp = shared.tcp?.openPeer(handler, (count) => this.dropped += count);
    this.#ufrags = new ClaimedUfrags<SharedPeer>(shared.ufrags, this);
  }

  get port(): number {
    return this.#shared.port;
  }

  slot(): Uint8Array | undefined {
    const slot = this.#closed ? undefined : this.#shared.slotFor(this);
    if (slot === undefined) this.dropped++;
    return slot;
  }

  commit(length: number, to: RemoteAddress): void {
    const address = this.#closed ? undefined : this.#addresses.resolve(to);
    if (address === undefined) this.#commitToTcp(length, to);
    else if (!this.#shared.commitFor(this, length, address)) this.dropped++;
  }

  claimUfrag(ufrag: string): void {
    if (this.#closed) return;
    this.#ufrags.claim(ufrag);
    this.#tcp?.claimUfrag(ufrag);
  }

  /** What was queued still leaves. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#addresses.close();
    this.#tcp?.close();
    this.#ufrags.clear();
  }

  deliver(bytes: Uint8Array, length: number, from: RemoteAddress): void {
    if (!this.#isTouched) {
      this.#isTouched = true;
      this.#shared.touch(this);
    }
    this.#handler.handleDatagram(bytes, length, from);
  }

  endBatch(): void {
    this.#isTouched = false;
    if (!this.#closed) this.#handler.endBatch();
  }

  countDrop(): void {
    this.dropped++;
  }

  #commitToTcp(length: number, to: RemoteAddress): void {
    const datagram = this.#shared.takeSlotFor(this, length);
    if (datagram === undefined || !this.#tcp?.send(datagram, to)) this.dropped++;
  }
}
