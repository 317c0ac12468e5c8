import type { RandomSource } from "../../sfu/random.ts";
import { NoFreePortError } from "./errors.ts";

/** Ports that sockets may have. */
export interface PortLimits {
  readonly min: number;
  readonly max: number;
}

/** Hands out the ports of a range, each search from another one, and remembers its own, which costs no system call. */
export class PortRange {
  readonly #limits: PortLimits;
  readonly #random: RandomSource;
  readonly #taken = new Set<number>();

  constructor(limits: PortLimits, random: RandomSource) {
    this.#limits = limits;
    this.#random = random;
  }

  /** The first free port that `bind` gets; it is false where another program has that port. Throws NoFreePortError. */
  take(bind: (port: number) => boolean): number {
    const { min, max } = this.#limits;
    const size = max - min + 1;
    const start = this.#random.uint32() % size;
    for (let i = 0; i < size && this.#taken.size < size; i++) {
      const port = min + (start + i) % size;
      if (this.#taken.has(port) || !bind(port)) continue;
      this.#taken.add(port);
      return port;
    }
    throw new NoFreePortError(`each UDP port from ${min} to ${max} is in use`);
  }

  release(port: number): void {
    this.#taken.delete(port);
  }
}
