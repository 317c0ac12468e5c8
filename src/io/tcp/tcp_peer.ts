import type { RemoteAddress } from "../../webrtc/datagram.ts";
import { ClaimedUfrags, type UfragEntries } from "../claimed_ufrags.ts";
import type { DatagramHandler } from "../sockets.ts";
import { TcpConnection, type TcpOwner } from "./tcp_connection.ts";

/** As many addresses as ICE remembers of a peer. */
export const MAX_PEER_CONNECTIONS = 16;

/** Where peers get what they have of a TCP port. */
export interface TcpPeers {
  /** The peer may be reached by TCP once it claims a ufrag. `countDrops` is told of datagrams that are dropped. */
  openPeer(handler: DatagramHandler, countDrops: (count: number) => void): TcpPeer;
}

/** The TCP connections of one peer: those over which a request of its client came that it has answered. */
export class TcpPeer implements TcpOwner {
  readonly #ufrags: ClaimedUfrags<TcpPeer>;
  readonly #handler: DatagramHandler;
  readonly #countDrops: (count: number) => void;
  /** The one that was heard last comes first. */
  readonly #connections: TcpConnection[] = [];
  #closed = false;

  constructor(ufrags: UfragEntries<TcpPeer>, handler: DatagramHandler, countDrops: (count: number) => void) {
    this.#ufrags = new ClaimedUfrags<TcpPeer>(ufrags, this);
    this.#handler = handler;
    this.#countDrops = countDrops;
  }

  claimUfrag(ufrag: string): void {
    if (!this.#closed) this.#ufrags.claim(ufrag);
  }

  /** Queues a datagram; false where `to` is no open connection of this peer. */
  send(datagram: Uint8Array, to: RemoteAddress): boolean {
    if (!(to instanceof TcpConnection) || !to.isOf(this)) return false;
    to.sendDatagram(datagram);
    return true;
  }

  /** Closes all connections; what was queued goes out as far as the system takes it at once. */
  close(): void {
    this.#closed = true;
    this.#ufrags.clear();
    while (this.#connections.length > 0) this.#connections[0].close();
  }

  deliver(bytes: Uint8Array, length: number, from: TcpConnection): void {
    if (from !== this.#connections[0]) this.#moveToFront(from);
    if (!this.#closed) this.#handler.handleDatagram(bytes, length, from);
  }

  endBatch(): void {
    if (!this.#closed) this.#handler.endBatch();
  }

  /** Beyond the limit the one goes that has been silent for longest. */
  add(connection: TcpConnection): void {
    this.#connections.unshift(connection);
    if (this.#connections.length > MAX_PEER_CONNECTIONS) this.#connections.at(-1)?.close();
  }

  remove(connection: TcpConnection): void {
    const index = this.#connections.indexOf(connection);
    if (index >= 0) this.#connections.splice(index, 1);
  }

  countDrops(count: number): void {
    this.#countDrops(count);
  }

  #moveToFront(connection: TcpConnection): void {
    const index = this.#connections.indexOf(connection);
    if (index < 0) return;
    this.#connections.splice(index, 1);
    this.#connections.unshift(connection);
  }
}
