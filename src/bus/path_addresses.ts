import { type RemoteAddress, sameAddress } from "../webrtc/datagram.ts";
import { MAX_ADDRESSES } from "./direct_datagram.ts";

/**
 * Where a node may be reached. An address keeps its number for as long as it is announced: the node tells by it which one
 * works.
 */
export class PathAddresses {
  /** By their numbers. */
  #addresses: (RemoteAddress | undefined)[];
  #number = 0;
  #present: RemoteAddress;

  /** One address at least, MAX_ADDRESSES at most. */
  constructor(addresses: readonly RemoteAddress[]) {
    this.#addresses = [...addresses];
    this.#present = addresses[0];
  }

  /** The one in use, and its number. */
  get present(): RemoteAddress {
    return this.#present;
  }

  get number(): number {
    return this.#number;
  }

  /** Takes the one with this number, if there is one. */
  use(number: number): void {
    const address = this.#addresses[number];
    if (address === undefined) return;
    this.#number = number;
    this.#present = address;
  }

  /** Takes the next one. */
  tryNext(): void {
    for (let step = 1; step <= MAX_ADDRESSES; step++) {
      const number = (this.#number + step) % MAX_ADDRESSES;
      if (this.#addresses[number] !== undefined) return this.use(number);
    }
  }

  /** These are the addresses now, one at least: what is in use stays where it is among them. */
  replace(addresses: readonly RemoteAddress[]): void {
    const isIn = (list: readonly (RemoteAddress | undefined)[], address: RemoteAddress) =>
      list.some((known) => known !== undefined && sameAddress(known, address));
    const kept = this.#addresses.map((known) => known !== undefined && isIn(addresses, known) ? known : undefined);
    for (const address of addresses) {
      const free = kept.indexOf(undefined);
      if (!isIn(kept, address)) kept[free < 0 ? kept.length : free] = address;
    }
    this.#addresses = kept.slice(0, MAX_ADDRESSES);
    if (this.#addresses[this.#number] === this.#present) return;
    this.use(this.#addresses.findIndex((address) => address !== undefined));
  }
}
