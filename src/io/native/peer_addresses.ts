import type { RemoteAddress } from "../../webrtc/datagram.ts";
import type { AddressTable } from "./address_table.ts";
import { type AddressOwner, type Family, parseSocketAddress, SocketAddress } from "./socket_address.ts";

/** The most addresses of one peer: as many as ICE remembers of it. */
export const MAX_PEER_ADDRESSES = 16;

/**
 * The addresses that one peer talks from. One becomes the peer's when the peer first answers there, which it does to
 * authenticated requests only: what strangers send takes no room here.
 */
export class PeerAddresses {
  readonly #table: AddressTable;
  readonly #owner: AddressOwner;
  readonly #family: Family;
  /** The one that was answered last comes first. */
  readonly #addresses: SocketAddress[] = [];
  /** What was resolved last: one packet goes where the one before it went. */
  #to: RemoteAddress | undefined;
  #resolved: SocketAddress | undefined;

  constructor(table: AddressTable, owner: AddressOwner, family: Family) {
    this.#table = table;
    this.#owner = owner;
    this.#family = family;
  }

  /** Where a datagram to `to` goes; undefined where the socket cannot send there. */
  resolve(to: RemoteAddress): SocketAddress | undefined {
    if (to === this.#to) return this.#resolved;
    if (to instanceof SocketAddress) {
      return to === this.#addresses[0] && to.owner === this.#owner ? to : this.#claim(to);
    }
    this.#to = to;
    this.#resolved = this.#find(to) ?? this.#parse(to);
    return this.#resolved;
  }

  /** Gives up all addresses that are still this peer's. */
  close(): void {
    for (const address of this.#addresses) this.#giveUp(address);
    this.#addresses.length = 0;
    this.#to = undefined;
    this.#resolved = undefined;
  }

  /** An equal address, the one that was answered last: the same client may have addressed several of the machine's own. */
  #find(to: RemoteAddress): SocketAddress | undefined {
    return this.#addresses.find(({ port, hostname }) => port === to.port && hostname === to.hostname);
  }

  #parse(to: RemoteAddress): SocketAddress | undefined {
    const address = parseSocketAddress(to, this.#family);
    if (address === undefined) return undefined;
    const known = this.#table.find(address.words, 0);
    return known !== undefined && known.owner !== this.#owner ? known : this.#claim(address);
  }

  /** Makes the address this peer's, whoever had it: the peer has just answered a request that came from there. */
  #claim(to: SocketAddress): SocketAddress {
    const address = this.#table.find(to.words, 0) ?? this.#add(to);
    address.owner = this.#owner;
    const index = this.#addresses.indexOf(address);
    if (index >= 0) this.#addresses.splice(index, 1);
    this.#addresses.unshift(address);
    if (this.#addresses.length > MAX_PEER_ADDRESSES) this.#giveUp(this.#addresses.pop());
    this.#to = undefined;
    return address;
  }

  #add(address: SocketAddress): SocketAddress {
    this.#table.add(address);
    return address;
  }

  #giveUp(address: SocketAddress | undefined): void {
    if (address?.owner !== this.#owner) return;
    address.owner = undefined;
    this.#table.delete(address);
  }
}
