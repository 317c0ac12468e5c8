import { seededRandom } from "./seeded_random.ts";
import { divertCandidates } from "./signaling_proxy.ts";
import type { LinkConditions } from "./simulated_network.ts";
import { UdpProxy } from "./udp_proxy.ts";

/** The way of connections to a server on this machine, in real time: each goes over links of its own. */
export class LossyPath implements AsyncDisposable {
  readonly #link: LinkConditions;
  readonly #seed: number;
  readonly #proxies: UdpProxy[] = [];

  constructor(link: LinkConditions, seed: number) {
    this.#link = link;
    this.#seed = seed;
  }

  /** A port in front of a server's one, for one connection. */
  open(serverPort: number): number {
    const random = seededRandom(this.#seed + this.#proxies.length);
    const proxy = new UdpProxy(serverPort, { up: this.#link, down: this.#link, random });
    this.#proxies.push(proxy);
    return proxy.port;
  }

  /** An answer that leads one connection over this path. */
  divert(sdp: string): string {
    return divertCandidates(sdp, (serverPort) => this.open(serverPort));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const proxy of this.#proxies) await proxy[Symbol.asyncDispose]();
  }
}
