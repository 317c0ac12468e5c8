import type { RemoteAddress } from "../../webrtc/datagram.ts";
import type { AddressTable } from "./address_table.ts";
import { type AddressOwner, type Family, parseSocketAddress, SocketAddress } from "./socket_address.ts";

/** The most addresses of one peer: as many as ICE remembers of it. */
export const MAX_PEER_ADDRESSES = 16;
/**
 * Silence of an address's owner after which another peer may have it. A client without media sends no more than its
 * consent checks, which are up to 6 s apart (RFC 7675 section 5.1).
 */
export const TAKEOVER_MS = 7_000;

/**
 * The addresses that one peer talks from. One becomes the peer's when the peer first answers there, which it does to
 * authenticated requests only: what strangers send takes no room here. Yet the source of a request can be forged: what
 * another peer talks from stays that peer's.
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

  /** Where a datagram to `to` goes; undefined where the socket cannot send there, or that is a TCP connection. */
  resolve(to: RemoteAddress): SocketAddress | undefined {
    if (to === this.#to) return this.#resolved;
    if (to instanceof SocketAddress) {
      return this.#claim(to);
    }
    this.#to = to;
    this.#resolved = to.transport === "tcp" ? undefined : this.#find(to) ?? this.#parse(to);
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

  /** Makes the address this peer's, which just answers a request from there, unless another peer was heard there. */
  #claim(to: SocketAddress): SocketAddress {
    const table = this.#table;
    if (to === this.#addresses[0] && to.owner === this.#owner) {
      to.heardMs = table.nowMs;
      return to;
    }
    const known = table.find(to.words, 0);
    if (known !== undefined && this.#isOthers(known)) return known;
    const address = known ?? this.#add(to);
    address.owner = this.#owner;
    address.heardMs = table.nowMs;
    const index = this.#addresses.indexOf(address);
    if (index >= 0) this.#addresses.splice(index, 1);
    this.#addresses.unshift(address);
    if (this.#addresses.length > MAX_PEER_ADDRESSES) this.#giveUp(this.#addresses.pop());
    this.#to = undefined;
    return address;
  }

  #isOthers({ owner, heardMs }: SocketAddress): boolean {
    return owner !== undefined && owner !== this.#owner && this.#table.nowMs - heardMs < TAKEOVER_MS;
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
