/** A way on which packets are lost at random, independently of each other. */
export class PacketLoss {
  /** Packets that were. */
  dropped = 0;
  /** Of all packets, 0 to 1. */
  readonly #rate: number;
  /** Numbers from 0 to 1, 1 excluded. */
  readonly #random: () => number;

  constructor(rate: number, random: () => number) {
    this.#rate = rate;
    this.#random = random;
  }

  /** Whether the packet at hand is lost. */
  takes(): boolean {
    if (this.#rate === 0 || this.#random() >= this.#rate) return false;
    this.dropped++;
    return true;
  }
}
