import type { CandidateAddress } from "./answer.ts";

const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;

/**
 * Which hosts the load may send to: this machine by its loopback addresses, and one other host that somebody has named. A
 * load that a slip of the hand points at others is an attack.
 */
export class Reach {
  readonly #named: string | undefined;

  /** `named` is a host as URLs have it. */
  constructor(named?: string) {
    this.#named = named === undefined || isLoopbackHost(named) ? undefined : named;
  }

  /** Whether media stays on loopback addresses. */
  get isLocal(): boolean {
    return this.#named === undefined;
  }

  /** Why nothing may be sent to this URL; undefined where it may. */
  refusalOf({ hostname }: URL): string | undefined {
    if (isLoopbackHost(hostname) || hostname === this.#named) return undefined;
    return `${hostname} is not this machine, and a load may harm it: who may load it says ` +
      `--i-may-load-this-host=${hostname}`;
  }

  /**
   * Where the media of a session goes: to loopback, or for a host that was named to the first address that its answer
   * tells. That one gets connectivity checks, and more only once it has answered them. Throws where no candidate will do.
   */
  choose(candidates: readonly CandidateAddress[]): CandidateAddress {
    const usable = candidates.find(({ hostname }) => IPV4.test(hostname) && isLoopbackHost(hostname) === this.isLocal);
    if (usable !== undefined) return usable;
    const told = candidates.map(({ hostname }) => hostname).join(", ");
    if (told === "") throw new Error("the answer has no candidate of UDP");
    throw new Error(
      this.isLocal
        ? `the answer leads to ${told}, and to no address of IPv4 loopback: have the server listen on 127.0.0.1`
        : `the answer leads to ${told}, and to no address of IPv4 beyond loopback`,
    );
  }
}

/** Of a URL: `localhost`, 127.0.0.0/8 or `[::1]`. */
export function isLoopbackHost(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || (IPV4.test(hostname) && hostname.startsWith("127."));
}
