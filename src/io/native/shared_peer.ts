import type { RemoteAddress } from "../../webrtc/datagram.ts";
import type { DatagramHandler, DatagramSocket } from "../sockets.ts";
import type { AddressTable } from "./address_table.ts";
import { PeerAddresses } from "./peer_addresses.ts";
import type { AddressOwner, Family, SocketAddress } from "./socket_address.ts";
import type { UfragTable } from "./ufrag_table.ts";

/** ICE generations of a peer that requests may still be for. */
const MAX_UFRAGS = 4;

/** What a shared port is to its peers. */
export interface SharedPort {
  readonly port: number;
  readonly family: Family;
  readonly addresses: AddressTable;
  readonly ufrags: UfragTable<SharedPeer>;
  /** A slot of the common queue for this peer. */
  slotFor(peer: SharedPeer): Uint8Array | undefined;
  /** Queues that slot; false where it is not the peer's any more, because another peer asked for one since. */
  commitFor(peer: SharedPeer, length: number, to: SocketAddress): boolean;
  /** The peer got the first datagram of this batch. */
  touch(peer: SharedPeer): void;
}

/** What one peer has of a shared port. */
export class SharedPeer implements DatagramSocket, AddressOwner {
  dropped = 0;
  readonly #shared: SharedPort;
  readonly #handler: DatagramHandler;
  readonly #addresses: PeerAddresses;
  /** Newest first. */
  readonly #ufrags: string[] = [];
  #isTouched = false;
  #closed = false;

  constructor(shared: SharedPort, handler: DatagramHandler) {
    this.#shared = shared;
    this.#handler = handler;
    this.#addresses = new PeerAddresses(shared.addresses, this, shared.family);
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
    if (address === undefined || !this.#shared.commitFor(this, length, address)) this.dropped++;
  }

  claimUfrag(ufrag: string): void {
    if (this.#closed || this.#ufrags.includes(ufrag)) return;
    this.#ufrags.unshift(ufrag);
    this.#shared.ufrags.set(ufrag, this);
    if (this.#ufrags.length > MAX_UFRAGS) this.#shared.ufrags.delete(this.#ufrags.pop() ?? "");
  }

  /** What was queued still leaves. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#addresses.close();
    for (const ufrag of this.#ufrags) this.#shared.ufrags.delete(ufrag);
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
}
