import { networkOf } from "./ip_address.ts";

/**
 * DTLS handshakes of one network that may be under way at once: more than an office joins with in a moment, and with
 * OpenSSL 12 MB.
 */
export const MAX_HANDSHAKES = 256;

/** Counts the DTLS handshakes that are under way, by the network that they come from. */
export class HandshakeLimit {
  /** Beginnings that were not allowed, those that clients repeat included. */
  refused = 0;
  readonly #max: number;
  /** Networks with a handshake under way. */
  readonly #counts = new Map<string, number>();

  constructor(max = MAX_HANDSHAKES) {
    this.#max = max;
  }

  /** Handshakes that are under way. */
  get size(): number {
    let sum = 0;
    for (const count of this.#counts.values()) sum += count;
    return sum;
  }

  /** A handshake wants to begin from an IP address in text form; false, with nothing counted, where that is one too many. */
  begin(hostname: string): boolean {
    const network = networkOf(hostname);
    const count = this.#counts.get(network) ?? 0;
    if (count >= this.#max) {
      this.refused++;
      return false;
    }
    this.#counts.set(network, count + 1);
    return true;
  }

  /** A handshake that has begun is over, whichever way. */
  end(hostname: string): void {
    const network = networkOf(hostname);
    const count = this.#counts.get(network) ?? 0;
    if (count > 1) this.#counts.set(network, count - 1);
    else this.#counts.delete(network);
  }
}
